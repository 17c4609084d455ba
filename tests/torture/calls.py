"""Calls, tickets and SMS while the service, the PBX and the gateway are killed at random."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp

from rig.ami import AmiError
from rig.carrier import CallRefusedError
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.town import state_of
from tests.support.wait import until
from tests.support.world import World
from tests.torture.count import Seen, problems, unknown

OPERATORS = 3
GAP_SECONDS = (0.5, 4.0)
TALK_SECONDS = (3, 25)
CHAOS_SECONDS = (6.0, 18.0)
SETTLE_SECONDS = 120.0
FILED, TRANSFERRED = 0.75, 0.4
"""Shares of the answered calls; a call may be both, one after the other, or neither."""
FORM = {
    "type": "socio_economic",
    "sender_name": "Người gọi thử",
    "sender_address": "Ninh Kiều",
    "content": "Đèn đường hỏng.",
}
Deed = Callable[[World, Service], Coroutine[Any, Any, None]]


class Calls:
    """One run; see `run`."""

    def __init__(self, folder: Path, seed: int, seconds: float) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - the seed repeats the run
        self._seconds = seconds
        self.gap, self.talk, self.chaos = GAP_SECONDS, TALK_SECONDS, CHAOS_SECONDS
        self.placed: set[str] = set()
        self.tried: set[str] = set()
        self.filed: set[str] = set()
        self.transfers: set[str] = set()
        self.done: list[str] = []

    async def run(self) -> dict[str, Any]:
        """Place calls and kill for a while, let everything settle, count."""
        parts = {"asterisk", "carrier", "kannel"}
        changes: dict[str, dict[str, object]] = {
            "hotline": {"wrap_up_seconds": 1, "ring_seconds": 5}
        }
        async with (
            World(self._folder, parts=parts, changes=changes, hotlines=("can-tho",)) as world,
            Service(world) as service,
            AsyncExitStack() as stack,
        ):
            operators = [
                await stack.enter_async_context(
                    operator_at_work(service, service.account("can-tho", "operator", number))
                )
                for number in range(OPERATORS)
            ]
            people = await people_of(operators[0])
            work = [asyncio.create_task(self._clerk(operator, people)) for operator in operators]
            chaos = asyncio.create_task(self._chaos(world, service))
            await self._citizens(world)
            chaos.cancel()
            await asyncio.gather(chaos, return_exceptions=True)
            await self._mend(world, service)
            await self._settle(service, world)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            seen = await self._look(world, service)
            found = list(problems(seen))
            try:
                await service.command("audit", "verify")
            except AssertionError as error:
                found.append(f"the history is broken: {error}")
        return {
            "placed": len(self.placed),
            "refused_or_cut": len(self.tried),
            "calls": len(seen.calls),
            "answered": len([c for c in seen.calls if c["answered_at"]]),
            "tickets": len([t for t in seen.tickets if t["number"]]),
            "transfers": len(seen.transfers),
            "recordings": len(seen.recordings),
            "messages": len(seen.messages),
            "unknown": unknown(seen),
            "done": self.done,
            "problems": found,
        }

    async def _citizens(self, world: World) -> None:
        end = asyncio.get_running_loop().time() + self._seconds
        calling: list[asyncio.Task[None]] = []
        number = 0
        while asyncio.get_running_loop().time() < end:
            number += 1
            calling.append(asyncio.create_task(self._citizen(world, f"0912{number:06d}")))
            await asyncio.sleep(self._random.uniform(*self.gap))
        await asyncio.gather(*calling)

    async def _citizen(self, world: World, number: str) -> None:
        e164 = "+84" + number[1:]
        seconds = self._random.randint(*self.talk)
        try:
            await world.carrier.place_call("02921022", number, seconds=seconds)
        except (CallRefusedError, AmiError, OSError, TimeoutError):
            self.tried.add(e164)
        else:
            self.placed.add(e164)

    async def _clerk(self, operator: Operator, people: list[dict[str, Any]]) -> None:
        """Hand some calls on, file a ticket for most and refer it; be ready again after all."""
        served: set[str] = set()
        while True:
            await asyncio.sleep(0.3)
            await self._be_ready(operator)
            cards = operator.cards()
            card = cards[-1] if cards else None
            if card is None or card["state"] != "answered" or card["id"] in served:
                continue
            served.add(card["id"])
            person = self._random.choice(people)
            if self._random.random() < TRANSFERRED:
                await self._transfer(operator, card, person)
            if self._random.random() < FILED:
                await self._file(operator, card, person["unit_id"])

    async def _be_ready(self, operator: Operator) -> None:
        """What a person does who sees that he is signed off or paused, for whatever reason."""
        with suppress(aiohttp.ClientError, AssertionError, ConnectionError):
            match state_of(operator):
                case "signed_off":
                    await operator.order("POST", "/console/me/sign-on", {"device": "desk"})
                case "paused":
                    await operator.order("POST", "/console/me/ready")

    async def _transfer(
        self, operator: Operator, card: dict[str, Any], person: dict[str, Any]
    ) -> None:
        kind = self._random.choice(("warm", "blind"))
        path = f"/console/calls/{card['id']}/transfers"
        with suppress(aiohttp.ClientError, AssertionError, ConnectionError):
            begun = await operator.order("POST", path, {"kind": kind, "person": person["id"]})
            self.transfers.add(begun["transfer"]["id"])

    async def _file(self, operator: Operator, card: dict[str, Any], unit: str) -> None:
        form = FORM | {"unit": unit, "sender_phone": card["caller"]["national"]}
        for _ in range(40):
            with suppress(aiohttp.ClientError, AssertionError, ConnectionError):
                ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
                body = {"form": form, "event": "referred"}
                path = f"/console/tickets/{ticket['id']}/file"
                filed = await operator.order("POST", path, body)
                self.filed.add(filed["number"])
                return
            await asyncio.sleep(0.5)

    def deeds(self) -> dict[str, tuple[int, Deed]]:
        """Return what is done at random, and how often one against the other."""
        return {
            "kill the service": (5, self._kill_service),
            "kill Asterisk": (2, self._kill_asterisk),
            "kill Kannel": (1, self._kill_kannel),
            "cut the power of both": (1, self._kill_both),
            "stop Asterisk for a while": (1, self._freeze_asterisk),
        }

    async def _chaos(self, world: World, service: Service) -> None:
        deeds = self.deeds()
        names = list(deeds)
        while True:
            await asyncio.sleep(self._random.uniform(*self.chaos))
            [name] = self._random.choices(names, [deeds[n][0] for n in names])
            self.done.append(name)
            await asyncio.shield(asyncio.create_task(deeds[name][1](world, service)))

    async def _kill_service(self, world: World, service: Service) -> None:
        del world
        service.kill()
        await asyncio.sleep(self._random.uniform(0, 3))
        service.child.start()

    async def _kill_asterisk(self, world: World, service: Service) -> None:
        del service
        world.asterisk.child.kill()
        await asyncio.sleep(self._random.uniform(0, 3))
        await world.start_asterisk()

    async def _kill_both(self, world: World, service: Service) -> None:
        service.kill()
        world.asterisk.child.kill()
        await asyncio.sleep(self._random.uniform(0, 3))
        service.child.start()
        await asyncio.sleep(self._random.uniform(0, 5))
        await world.start_asterisk()

    async def _kill_kannel(self, world: World, service: Service) -> None:
        del service
        world.kannel.kill()
        await asyncio.sleep(self._random.uniform(0, 5))
        await world.kannel.start()

    async def _freeze_asterisk(self, world: World, service: Service) -> None:
        del service
        os.killpg(world.asterisk.child.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(self._random.uniform(2, 8))
        finally:
            os.killpg(world.asterisk.child.pid, signal.SIGCONT)

    async def _mend(self, world: World, service: Service) -> None:
        """Whatever the last kill left down is started; all are well."""
        if not world.asterisk.child.running:
            await world.start_asterisk()
        kannel = world.kannel.children if "kannel" in world.parts else ()
        if not all(child.running for child in kannel):
            await world.kannel.start()
        await service.start(within=60)

    async def _settle(self, service: Service, world: World) -> None:
        """Wait until nobody talks, the spool is empty and the outbox has nothing to send."""

        async def quiet() -> bool:
            calls = await service.items("calls")
            messages = await service.items("messages")
            waiting = [f for f in world.recordings() if not f.name.startswith(".")]
            taken = sum(m["state"] in {"accepted", "delivered"} for m in messages)
            return (
                all(c["state"] == "ended" for c in calls)
                and not any(m["state"] in {"queued", "sending"} for m in messages)
                and len(world.kannel.messages) >= taken  # written down after Kannel's receipt
                and not waiting
                and all(t["ended_at"] for t in await self._transfers(service))
            )

        with suppress(AssertionError):
            await until(quiet, within=SETTLE_SECONDS, every=0.5)

    async def _look(self, world: World, service: Service) -> Seen:
        return Seen(
            placed=frozenset(self.placed),
            tried=frozenset(self.tried),
            filed=frozenset(self.filed),
            calls=await service.items("calls"),
            tickets=await service.items("tickets"),
            recordings=await service.items("recordings"),
            messages=await service.items("messages"),
            transfers=await self._transfers(service),
            texts=[str(message["text"]) for message in world.kannel.messages],
        )

    async def _transfers(self, service: Service) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async with service.api() as http:
            for transfer in sorted(self.transfers):
                async with http.get(f"/api/v1/transfers/{transfer}") as answer:
                    assert answer.status == 200, f"transfer {transfer}: {await answer.text()}"
                    found.append(await answer.json())
        return found


async def people_of(operator: Operator) -> list[dict[str, Any]]:
    """Return the units' focal points; their telephones behave by the last digit (rig.carrier)."""
    rules = await operator.order("GET", "/console/hotlines/can-tho/rules")
    found: list[dict[str, Any]] = []
    for unit in rules["units"]:
        path = f"/console/hotlines/can-tho/focal-point?unit={unit['id']}"
        answer = await operator.browser.send("GET", path)
        person = (await answer.json())["person"] if answer.status == 200 else None
        if person:
            found.append({"id": person["id"], "unit_id": unit["id"]})
    return found
