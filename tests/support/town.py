"""A hotline at work for the tests of a module: one world and one service, an operator a test.

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def town(tmp_path_factory):
        async with Town.open(tmp_path_factory.mktemp("town")) as made:
            yield made

Each test has a citizen's number of its own (`town.number()`) and asks for that number's rows, so
that one test does not see what another left.
"""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from rig.carrier import PlacedCall
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

HOTLINE = "can-tho"
LINE = "02921022"
QUICK: dict[str, dict[str, object]] = {
    "hotline": {"wrap_up_seconds": 1, "ring_seconds": 5, "operator_ring_seconds": 12},
    "sms": {"lease_seconds": 15},
}
FORM = {
    "type": "socio_economic",
    "sender_name": "Nguyễn Thị Hồng",
    "sender_address": "12 Hòa Bình, phường Ninh Kiều",
    "sender_phone": "0912345678",
    "content": "Đèn đường trước nhà tắt ba đêm nay.",
}


@dataclass
class Town:
    """World and service, and short ways to ask them."""

    world: World
    service: Service
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        kannel: bool = False,
        database_url: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> "AsyncIterator[Town]":
        """Start Cần Thơ's hotline: PBX, carrier, service, and Kannel when it is wanted."""
        parts = {"asterisk", "carrier"} | ({"kannel"} if kannel else set())
        world = World(
            folder,
            parts=parts,
            changes=QUICK,
            hotlines=(HOTLINE,),
            database_url=database_url,
        )
        async with world, Service(world, environment) as service:
            yield cls(world, service)

    def number(self) -> str:
        """Return a citizen's number that nobody has called from."""
        return f"09120{next(self._numbers):05d}"

    async def call(
        self, number: str, name: str = "Nguyễn Thị Hồng", *, seconds: int = 600
    ) -> PlacedCall:
        """Place a citizen's call."""
        return await self.world.carrier.place_call(LINE, number, name, seconds=seconds)

    @asynccontextmanager
    async def operator(self, seat: int = 0) -> AsyncIterator[Operator]:
        """Give an operator who is ready; who was in a call is brought out of it and signed off."""
        account = self.service.account(HOTLINE, "operator", seat)
        async with operator_at_work(self.service, account) as operator:
            try:
                await until(lambda: state_of(operator) == "ready", within=15)
                yield operator
            finally:
                await self._leave(operator)

    async def rows(self, what: str, number: str) -> list[dict[str, Any]]:
        """Return what a list of the API has of a citizen's number."""
        calls = [c for c in await self.service.items("calls") if c["caller_raw"] == number]
        if what == "calls":
            return calls
        ids = {c["id"] for c in calls}
        return [row for row in await self.service.items(what) if row["call"] in ids]

    async def ended(self, number: str, within: float = 30) -> dict[str, Any]:
        """Wait until a citizen's only call has ended; return its row."""

        async def over() -> bool:
            rows = await self.rows("calls", number)
            return bool(rows) and all(row["state"] == "ended" for row in rows)

        await until(over, within=within, every=0.2)
        [row] = await self.rows("calls", number)
        return row

    async def hang_up(self, call: PlacedCall) -> None:
        """Let the citizen hang up, and return when the PBX has nobody on the line."""
        await self.world.carrier.hang_up(call)
        await self.silent()

    async def silent(self, within: float = 20) -> None:
        """Return when the PBX has no channel."""
        await until(
            lambda: not self.world.asterisk.command("core show channels concise").strip(),
            within=within,
            every=0.1,
        )

    async def part(self, name: str) -> dict[str, str]:
        """Return a part's line of /healthz; nothing that answers is a part that is down."""
        health = await self.service.health()
        if health is None:
            return {"state": "down", "detail": "nobody answers"}
        found: dict[str, str] = health["parts"][name]
        return found

    async def unwell(self, name: str, *, within: float = 15) -> str:
        """Wait until /healthz says that a part is not well (it has 15 s); return what it says."""

        async def ill() -> dict[str, str] | None:
            part = await self.part(name)
            return part if part["state"] != "ok" else None

        found: dict[str, str] = await until(ill, within=within, every=0.1, patience=1)
        return found["detail"]

    async def well(self, name: str, *, within: float = 30) -> None:
        """Wait until a part is well."""

        async def fine() -> bool:
            return (await self.part(name))["state"] == "ok"

        await until(fine, within=within, every=0.1)

    async def unit(self, operator: Operator, who: str) -> dict[str, str]:
        """Return a focal point's person, unit and number, found as the console finds him."""
        path = f"/console/hotlines/{HOTLINE}/people"
        answer = await operator.browser.session.get(operator.browser.base + path, params={"q": who})
        person = (await answer.json())["items"][0]
        return {"person": person["id"], "unit": person["unit_id"], "phone": person["phone"]}

    async def _leave(self, operator: Operator) -> None:
        async def out() -> bool:
            answer = await operator.browser.send("POST", "/console/me/sign-off")
            return answer.status < 300 or "not_signed_on" in await answer.text()

        with suppress(OSError, RuntimeError, AssertionError, aiohttp.ClientError):
            self._drop_calls()
            await self.world.carrier.behave(operator.account["extension"], "answer")
            await until(out, within=10, every=0.2)

    def _drop_calls(self) -> None:
        if self.world.asterisk.child.running:
            self.world.asterisk.command("channel request hangup all")


def state_of(operator: Operator) -> str:
    """Return what the operator's console was told last of the operator's own state."""
    told = [
        message["data"] if message["kind"] == "me" else message["data"]["console"]["me"]
        for message in operator.pushed
        if message["kind"] == "me"
        or (message["kind"] == "snapshot" and "me" in message["data"].get("console", {}))
    ]
    return str(told[-1]["state"]) if told else ""
