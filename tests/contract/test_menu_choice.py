"""What the caller chose in the menus: by the PBX to the operator's pop, form and the call's row."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import prompt_builder
from ivr.agi import AgiServer
from ivr.book import Flowbook
from ivr.flow.parse import of_hotline, read_version
from ivr.menus import Menus
from ivr.register import Register
from ivr.speech.speaker import Speaker
from telephony.bridge import Bridge
from telephony.calls import store
from telephony.calls.choice import MOST_LETTERS, Choice, choice_of, line_of
from telephony.calls.events import CallEvent
from tests.contract.ami_server import AmiServer
from tests.contract.register import HOTLINE, build, viewer
from tests.scenarios.ami_story import ANSWER, RING, Story
from tests.support.floor import Floor
from tests.support.phone import Phone
from tests.support.recorder import Recorder
from tests.support.small_settings import small_settings
from tests.support.wait import until as until_within
from tickets import drafts
from tickets.model import TicketForm
from tongdai.accounts.model import Role
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errands import Errands
from tongdai.settings import AgiTable, JournalTable, Settings
from tongdai.wiring import Wiring
from web.console.feed import Feed
from web.push import Push

ANNA = viewer("anna", Role.OPERATOR)
LIST = (
    "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
    "Event: ListComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
)


async def until(condition: Callable[[], object]) -> None:
    await until_within(condition, within=20)


def lists(action: dict[str, str]) -> str | None:
    return LIST if action["Action"] in ("CoreShowChannels", "QueueStatus") else None


def silence(wanted: prompt_builder.Prompt) -> None:
    wanted.path.parent.mkdir(parents=True, exist_ok=True)
    wanted.path.write_bytes(b"\0" * 8000)


async def told_by_the_menus(
    settings: Settings, db: Database, clock: HandClock, field: str
) -> dict[str, str]:
    """Call a hotline whose queue is about `field`; return what the PBX is told."""
    shipped = of_hotline(HOTLINE)
    assert shipped is not None
    chosen = f'do = "queue"\nfield = "{field}"\nskill = "điện"\npriority = 3'
    version = read_version(shipped.text.replace('do = "queue"', chosen), "can-tho.toml")
    menus = Menus(
        settings,
        db,
        clock,
        book=Flowbook({HOTLINE: version}),
        desk=Register(settings, db, db.bus, clock, clock),
        speaker=Speaker(settings, clock),
        calendar=lambda _hotline: None,
    )
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    server = AgiServer(table, {"greeting": menus.answer}, clock)
    task = asyncio.create_task(server.run())
    await until(lambda: server.port)
    phone = Phone(keys="1")
    async with asyncio.timeout(30):
        await phone.call(server.port)
    task.cancel()
    await asyncio.wait([task])
    assert phone.variables["TONGDAI_NEXT"] == "queue"
    assert phone.variables["TONGDAI_PRIORITY"] == "3"
    return phone.told


@asynccontextmanager
async def bridged(
    settings: Settings, db: Database, clock: HandClock
) -> AsyncIterator[tuple[Bridge, Push]]:
    """Run the bridge with its wiring and the push line of the console."""
    bus, errands, push = db.bus, Errands(), Push(clock)
    bridge = Bridge(settings, db, bus, clock)
    Wiring(
        settings=settings,
        db=db,
        bus=bus,
        errands=errands,
        bridge=bridge,
        intake=Mock(),
        acts=Mock(),
        waker=Mock(),
        sender=Mock(),
    ).join()
    floor = Floor(bus, clock)
    Feed(push, bus, bridge, floor, floor.transfers, Recorder(floor), clock)
    tasks = [asyncio.create_task(run()) for run in (bridge.run, errands.run)]
    yield bridge, push
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_what_was_chosen_pops_up_and_fills_the_forms_field_in(
    database: Database, tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.speech.speaker.make", silence)
    register = await build(database)
    found = small_settings(tmp_path)
    told = await told_by_the_menus(found, database, clock, "chiếu sáng Công cộng")
    name, _colon, line = told["TongdaiMenu"].partition(": ")
    assert name == "Choice"
    events: list[CallEvent] = []
    database.bus.on(CallEvent, events.append)
    async with AmiServer(lists) as server:
        found = found.model_copy(
            update={"pbx": (server.table(),), "journal": JournalTable(folder=tmp_path / "journal")}
        )
        async with bridged(found, database, clock) as (bridge, push):

            async def connected() -> bool:
                return (await bridge.health())["pbx:main"].state == "ok"

            await until(connected)
            first, queued = RING.split("1.0   Queue", 1)
            menu = f"0.9 UserEvent caller event=TongdaiMenu choice={line}\n"
            story = Story()
            ring, answer = (
                b"".join(p + b"\r\n\r\n" for p in story.packets(text))
                for text in (f"{first}{menu}1.0   Queue{queued}", ANSWER)
            )
            server.send(ring)
            await until(lambda: events and events[-1].call.ringing)
            (card,) = push.snapshot(ANNA)["data"]["console"]["calls"]
            assert card["chosen"] == {
                "field": "chiếu sáng Công cộng",
                "skill": "điện",
                "priority": 3,
                "language": "",
                "after": "",
                "cut_off_at": None,
            }
            server.send(answer)
            call = events[-1].call
            await until(lambda: (known := bridge.call(call.id)) and known.ticket)
            async with database.read() as session:
                ticket = await drafts.of_call(session, call.id)
                assert ticket is not None
                form, revision = await drafts.load(session, ticket.id)
            assert form.field == register.lights.id
            async with database.write() as tx:
                await drafts.save(tx, ticket.id, TicketForm(), ANNA, revision=revision)
            await bridge.settled()
            async with database.read() as session:
                kept = await store.get(session, call.id)
                form, _ = await drafts.load(session, ticket.id)
    assert kept is not None
    assert choice_of(kept.menu).field == "chiếu sáng Công cộng"
    assert form.field == "", "the operator's word is the last"


def test_a_field_that_the_form_has_not_is_shown_alone(clock: HandClock) -> None:
    floor = Floor(bus := Mock(), clock)
    push = Push(clock)
    Feed(push, bus, floor, floor, floor.transfers, Recorder(floor), clock)
    floor.ring("anna", menu=line_of(Choice(field="Điện, nước", language="en")))
    floor.ring("anna", menu="2")
    first, second = push.snapshot(ANNA)["data"]["console"]["calls"]
    assert (first["chosen"]["field"], first["chosen"]["language"]) == ("Điện, nước", "en")
    assert second["chosen"] is None


texts = st.text('aĐế1 ,;&=%+"\\\r\n😀', max_size=MOST_LETTERS)


@settings(max_examples=60)
@given(texts, texts, st.integers(0, 9), st.sampled_from(("", "en")))
def test_a_choice_is_one_line_of_ascii_and_read_back(
    field: str, skill: str, priority: int, language: str
) -> None:
    choice = Choice(field=field, skill=skill, priority=priority, language=language)
    line = line_of(choice)
    assert line.isascii()
    assert set(line).isdisjoint(' ,"\\\r\n')
    assert choice_of(line) == choice
    assert bool(line) is bool(choice)


@settings(max_examples=60)
@given(st.text("aprioty=&%+0123456789;é", max_size=40) | texts)
def test_any_line_is_read(line: str) -> None:
    assert 0 <= choice_of(line).priority <= 9
