"""The story of a call over the wire: real PBX, carrier and SMS gateway, the service itself."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import Browser
from tests.support.people import link_in, operator_at_work, signed_in
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.gateway, pytest.mark.slow]

FOCAL = "Đỗ Hoàng Phúc"
FORM = {
    "type": "socio_economic",
    "sender_name": "Nguyễn Thị Hồng",
    "sender_address": "12 Hòa Bình, phường Ninh Kiều",
    "sender_phone": "0912345678",
    "content": "Đèn đường trước nhà tắt ba đêm nay.",
}


async def test_a_call_that_nobody_at_the_unit_answers_ends_in_the_overdue_report(
    tmp_path: Path,
) -> None:
    """CT-9.1.2a to CT-9.1.4, moved through by the service's clock."""
    parts = {"asterisk", "carrier", "kannel"}
    changes = {"hotline": {"ring_seconds": 5, "wrap_up_seconds": 1}}
    async with (
        World(tmp_path, parts=parts, changes=changes, hotlines=("can-tho",)) as world,
        Service(world, from_disk=True) as service,
    ):
        await service.command("clock", "set", "2026-12-01T08:00:00+07:00")
        account = service.account("can-tho", "operator")
        async with operator_at_work(service, account) as operator:
            call = await world.carrier.place_call(
                "02921022", "0912345678", 'Lan "<b>${SHELL(id)}', seconds=600, sound="tone-440"
            )
            card = await operator.card("answered")
            assert card["caller"]["e164"] == "+84912345678"

            ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
            unit = await _unit_that_rings_out(operator.browser)
            started = await operator.order(
                "POST",
                f"/console/calls/{card['id']}/transfers",
                {"kind": "warm", "person": unit["person"], "ticket": ticket["id"]},
            )
            ended = await _ended(service, started["transfer"]["id"])
            assert (ended["state"], ended["reason"]) == ("returned", "no_answer")
            await operator.card("answered")

            filed = await operator.order(
                "POST",
                f"/console/tickets/{ticket['id']}/file",
                {"form": FORM | {"unit": unit["id"]}, "event": "referred"},
            )
            assert filed["number"] == "2026-000001"
            await world.carrier.hang_up(call)

        await _sms(world, 1)
        [referral] = world.kannel.messages
        assert str(referral["to"]).endswith(unit["phone"].replace(" ", "")[-9:])
        assert "2026-000001" in str(referral["text"])
        assert "Den duong" not in str(referral["text"])  # the content never travels by SMS

        [row] = await service.items("tickets")
        assert row["stage"] == "focal_point"
        assert row["due_at"] is not None
        [recording] = await until(lambda: _of_calls(service), within=20)
        assert recording["ticket"] == row["id"]

        # the focal point's eight working hours pass: CT-9.1.3a
        await pass_deadline(service, row["due_at"])
        [row] = await service.items("tickets")
        assert (row["stage"], row["overdue"]) == ("unit_head", False)
        # the head's forty-eight pass: CT-9.1.4
        await pass_deadline(service, row["due_at"])
        [row] = await service.items("tickets")
        assert (row["stage"], row["overdue"], row["state"]) == ("leadership", True, "open")

        messages = await service.items("messages")
        purposes = [m["purpose"] for m in messages]
        assert {"referral", "forwarding", "overdue_report"} <= set(purposes)
        assert purposes.count("referral") == purposes.count("forwarding") == 1
        await all_delivered(service)

        history = await _history(service, row["id"])
        done = [line["do"] for line in history if "do" in line]
        assert done.count("missed") == 2
        assert done.index("overdue") < done.index("report")
        await service.command("audit", "verify")

        await _seen_by_those_concerned(service, row["id"], str(referral["text"]))


async def _seen_by_those_concerned(service: Service, ticket: str, sms: str) -> None:
    """The leadership sees whose it is; the focal point reaches it from the SMS, signed in."""
    async with signed_in(service, service.account("can-tho", "leadership")) as leader:
        assert "2026-000001" in await (await leader.get("/desk/overdue")).text()
        page = await (await leader.get(f"/desk/tickets/{ticket}")).text()
        assert "không nghe máy" in page  # what was tried, whom, and how it ended
        assert FOCAL in page
    focal = next(a for a in service.accounts["can-tho"]["focal_point"] if a["full_name"] == FOCAL)
    async with signed_in(service, focal) as person:
        answer = await person.get(link_in(sms))
        assert answer.headers["Location"].startswith(f"/desk/tickets/{ticket}")


async def _unit_that_rings_out(browser: Browser) -> dict[str, str]:
    """Return the department whose focal point's number ends in 6 (docs/sample.md)."""
    answer = await browser.get("/console/hotlines/can-tho/people?q=do+hoang+phuc")
    [person] = (await answer.json())["items"]
    assert person["phone"].endswith("6")
    return {"id": person["unit_id"], "person": person["id"], "phone": person["phone"]}


async def _ended(service: Service, transfer: str) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        async with service.api() as http, http.get(f"/api/v1/transfers/{transfer}") as answer:
            view: dict[str, Any] = await answer.json()
        return view if view["ended_at"] else None

    view: dict[str, Any] = await until(over, within=30, every=0.2)
    return view


async def _sms(world: World, count: int) -> None:
    await until(lambda: len(world.kannel.messages) >= count, within=20)


async def pass_deadline(service: Service, due: str) -> None:
    moment = datetime.fromisoformat(due)
    await service.command("clock", "set", moment.isoformat())
    await service.command("clock", "advance", "1s")


async def all_delivered(service: Service) -> None:
    """Wait until every SMS has its receipt; letters have none and end as accepted."""

    async def delivered() -> bool:
        rows = await service.items("messages")
        return all(m["state"] == ("accepted" if "@" in m["to"] else "delivered") for m in rows)

    await until(delivered, within=20, every=0.2)


async def _of_calls(service: Service) -> list[dict[str, Any]]:
    """Return the archived recordings of calls; those of consultations may be there before."""
    return [r for r in await service.items("recordings") if r["kind"] == "call"]


async def _history(service: Service, ticket: str) -> list[dict[str, Any]]:
    async with service.api() as http, http.get(f"/api/v1/tickets/{ticket}/history") as answer:
        return list((await answer.json())["items"])
