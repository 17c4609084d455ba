"""Persons' voices: any sound file, levelled; in force for the next call; never an old text."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from aiohttp import ClientResponse, FormData

from ivr import voices
from ivr.agi import AgiServer
from ivr.flow.acts import Say
from ivr.flow.parse import of_hotline
from ivr.orders import IS_TRIAL, RECORD, TO_QUEUE, TRIAL, Orders
from ivr.prompt_builder import Prompt
from ivr.speech.levelling import RATE, TARGET, NotAPrompt, active_level, prompt_of
from ivr.speech.speaker import Speaker
from ivr.tables import PhoneOrder
from telephony.control import NotReached, Place
from tests.support.pages import Browser, Pages
from tests.support.phone import Phone
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import CallId, HotlineId
from tongdai.settings import AgiTable, HotlineTable
from web.doors import CONTROL

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sound(format_: str = "wav", *, rate: int = 44_100, gain: float = 0.05) -> bytes:
    """Return two seconds that rise and fall as speech does, with silence around, quiet."""
    at = np.arange(rate * 2) / rate
    wave = gain * np.sin(2 * np.pi * 300 * at) * (np.sin(2 * np.pi * 3 * at) > -0.3)
    both = np.concatenate([np.zeros(rate), wave, np.zeros(rate)])
    made = io.BytesIO()
    if format_ in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(made, np.column_stack([both, both]), rate, format=format_.upper())
        return made.getvalue()
    with av.open(made, "w", format=format_) as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        samples = (both * 32_767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return made.getvalue()


@pytest.mark.parametrize("format_", ["wav", "flac", "ogg", "mp3", "adts"])
@pytest.mark.parametrize("gain", [0.01, 0.9])
def test_any_sound_becomes_a_prompt_of_the_machines_loudness(format_: str, gain: float) -> None:
    made, rate = soundfile.read(io.BytesIO(prompt_of(sound(format_, gain=gain))))
    assert rate == RATE
    assert made.ndim == 1
    assert 2.0 < len(made) / rate < 2.8  # the second of silence at either end is gone
    level = active_level(made)
    assert level is not None
    assert abs(level - TARGET) < 1.0
    assert np.abs(made).max() < 0.8


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "required"),
        (b"%PDF-1.4 not a sound", "no_sound"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "no_sound"),
        (b"\0" * 20_000_001, "sound_too_large"),
        (sound(gain=0.0), "sound_silent"),
    ],
    ids=["nothing", "a letter", "a torn header", "too large", "silence"],
)
def test_what_is_no_prompt_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotAPrompt) as refusal:
        prompt_of(data)
    assert refusal.value.fields == {"file": why}


def test_two_minutes_are_the_most_and_a_click_is_no_prompt() -> None:
    for seconds, why in ((121, "sound_too_long"), (0.1, "sound_too_short")):
        made = io.BytesIO()
        soundfile.write(made, np.full(int(RATE * seconds), 0.2), RATE, format="WAV")
        with pytest.raises(NotAPrompt) as refusal:
            prompt_of(made.getvalue())
        assert refusal.value.fields == {"file": why}


def small(prompt: Prompt) -> None:
    prompt.path.parent.mkdir(parents=True, exist_ok=True)
    prompt.path.write_bytes(b"\0" * 8_000)


@pytest.fixture(autouse=True)
def _unspoken(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("ivr.speech.speaker.make", "ivr.voices.make"):
        monkeypatch.setattr(place, small)


async def test_a_recording_holds_for_its_words_and_no_others(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    settings = small_settings(tmp_path)
    hotline, other = settings.hotlines
    version = of_hotline(hotline.id)
    assert version is not None
    speaker = Speaker(settings, clock)
    entry = next(e for e in voices.entries(version.flow) if e.name == "notice")
    said = Say(text=version.flow.notice)
    before = await speaker.files(hotline, said)
    await keep(database, speaker, hotline, entry, prompt_of(sound()))
    own = await speaker.files(hotline, said)
    assert own != before
    assert (await asyncio.to_thread(own[0].read_bytes))[:4] == b"RIFF"
    assert await speaker.files(other, said) == before  # another hotline's words are its own
    changed = await speaker.files(hotline, Say(text=f"{version.flow.notice} Xin cảm ơn."))
    assert changed != own
    fresh = Speaker(settings, clock)  # another node, or the same after a restart
    await fresh.voices.run(database)
    assert await fresh.files(hotline, said) == own
    await keep(database, speaker, hotline, entry, None)
    assert await speaker.files(hotline, said) == before


@ONE
async def test_what_the_dialplan_plays_by_name_is_put_in_its_place_and_taken_back(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    settings = small_settings(tmp_path)
    hotline, speaker = settings.hotlines[0], Speaker(settings, clock)
    path = tmp_path / hotline.id / "hold.wav"
    path.parent.mkdir()
    path.write_bytes(b"machine")
    path.with_suffix(".said").write_text("machine")
    entry = next(e for e in voices.of_pbx(hotline, english=False) if e.name == "pbx:hold")
    made = prompt_of(sound())
    await keep(database, speaker, hotline, entry, made)
    assert path.read_bytes() == made
    assert not path.with_suffix(".said").exists()  # set-up leaves it alone
    await keep(database, speaker, hotline, entry, None)
    assert path.read_bytes() == b"\0" * 8_000


async def keep(
    db: Database,
    speaker: Speaker,
    hotline: HotlineTable,
    entry: voices.Entry,
    made: bytes | None,
) -> None:
    async with db.write() as tx:
        source = "uploaded" if made else "machine"
        await voices.put(tx, hotline.id, entry, source=source, sound=made, by=SYSTEM)
    async with db.read() as session:
        await speaker.voices.refresh(session)


@dataclass
class Line:
    """Orders, served."""

    db: Database
    speaker: Speaker
    server: AgiServer
    spool: Path

    async def order(self, kind: str, text: str, **more: object) -> str:
        order = PhoneOrder(
            kind=kind,
            hotline="tay-ninh",
            text=text,
            at=self.db.clock.now(),
            by="an",
            **more,
        )
        async with self.db.write() as tx:
            tx.session.add(order)
        return order.id

    async def call(self, route: str, order: str, keys: str) -> Phone:
        phone = Phone(keys=keys, hotline="tay-ninh", route=route, more=(order,))
        async with asyncio.timeout(30):
            await phone.call(self.server.port)
        await until(lambda: not self.server._connections)
        return phone


@pytest.fixture
async def line(database: Database, clock: HandClock, tmp_path: Path) -> AsyncIterator[Line]:
    settings = small_settings(tmp_path)
    spool = tmp_path / "spool" / "main"
    spool.mkdir(parents=True)
    speaker = Speaker(settings, clock)
    orders = Orders(settings, database, clock, speaker=speaker, calendar=lambda _hotline: None)
    table = AgiTable.model_construct(host="127.0.0.1", port=0)
    routes = {"trial": orders.trial, "prompt": orders.prompt}
    server = AgiServer(table, routes, clock)
    task = asyncio.create_task(server.run())
    await until(lambda: server.port)
    try:
        yield Line(database, speaker, server, spool)
    finally:
        task.cancel()
        await asyncio.wait([task])


@ONE
async def test_a_trial_is_marked_walks_the_flow_and_leaves_nothing_behind(line: Line) -> None:
    version = of_hotline("tay-ninh")
    assert version is not None
    text = version.text.replace("Tây Ninh", "Tây Ninh bản thử")
    order = await line.order(TRIAL, text)
    phone = await line.call("trial", order, "1111")
    first, *_rest, last = phone.heard
    assert first == await bare(line, IS_TRIAL)
    assert last == await bare(line, TO_QUEUE)
    assert list(line.spool.iterdir()) == []
    async with line.db.read() as session:
        assert (await session.execute(Ticket.__table__.select())).first() is None  # type: ignore[attr-defined]
    assert (await line.call("trial", "f" * 32, "1")).heard == []
    assert (await line.call("prompt", order, "1")).heard == []


async def bare(line: Line, text: str) -> str:
    hotline = small_settings(line.spool.parents[1]).hotlines[1]
    (path,) = await line.speaker.files(hotline, Say(text=text))
    return str(path.with_suffix(""))


@ONE
@pytest.mark.parametrize(("keys", "kept"), [("1", True), ("*", False), ("21", True), ("x", False)])
async def test_a_prompt_is_recorded_heard_and_kept_by_key(
    line: Line, monkeypatch: pytest.MonkeyPatch, keys: str, *, kept: bool
) -> None:
    spoken = prompt_of(sound())
    monkeypatch.setattr("ivr.orders.prompt_of", lambda _data: spoken)
    order = await line.order(RECORD, "Xin chờ máy", name="step:cho:vi")
    await line.call("prompt", order, keys)
    async with line.db.read() as session:
        newest = await voices.newest_of(session, "tay-ninh")
    found = [(e.source, e.words, e.by) for e in newest.values()]
    assert found == ([("recorded", "Xin chờ máy", "an")] if kept else [])
    assert list(line.spool.iterdir()) == []


@dataclass
class Switchboard:
    """Rings nobody; remembers who should have been rung."""

    led: list[tuple[Place, str, str]]
    refusal: Exception | None = None

    async def lead(
        self, by: Viewer, hotline_id: HotlineId, place: Place, number: str, order: str
    ) -> CallId:
        del by, hotline_id
        if self.refusal is not None:
            raise self.refusal
        self.led.append((place, number, order))
        return CallId("c")


@pytest.fixture
async def office(
    tmp_path: Path, clock: HandClock
) -> AsyncIterator[tuple[Pages, Browser, Switchboard]]:
    board = Switchboard([])
    async with Pages.open(tmp_path, clock, packages=("admin",), doors={CONTROL: board}) as pages:
        await pages.account("an", Role.ADMINISTRATOR)
        yield pages, await pages.sign_in("an"), board


async def test_the_page_takes_a_file_lets_it_be_heard_and_gives_it_back(
    office: tuple[Pages, Browser, Switchboard],
) -> None:
    _pages, browser, _board = office
    address = "/admin/prompts?hotline=can-tho"
    assert "máy đọc" in await (await browser.get(address)).text()
    bad = await upload(browser, b"no sound")
    assert bad.status == 422
    assert "không phải âm thanh" in await bad.text()
    done = await upload(browser, sound("mp3"))
    assert done.status == 303
    page = await (await browser.get(done.headers["Location"])).text()
    assert "tệp tải lên" in page
    heard = await browser.session.get(
        f"{browser.base}/admin/prompts/sound?hotline=can-tho&name=notice"
    )
    assert heard.content_type == "audio/wav"
    made, rate = soundfile.read(io.BytesIO(await heard.read()))
    assert (rate, made.ndim) == (RATE, 1)
    flow = of_hotline("can-tho")
    assert flow is not None
    text = flow.text.replace(flow.flow.notice, "Cuộc gọi được ghi âm để phục vụ tốt hơn.")
    edit = {"text": text, "note": "câu mới"}
    assert (await browser.post("/admin/flows/edit?hotline=can-tho", edit)).status == 303
    page = await (await browser.get(address)).text()
    assert "bản thu cũ: lời đã đổi" in page
    back = await browser.post("/admin/prompts/machine?hotline=can-tho", {"name": "notice"})
    assert back.status == 303
    assert "bản thu cũ" not in await (await browser.get(address)).text()
    gone = await browser.post("/admin/prompts/machine?hotline=can-tho", {"name": "nothing"})
    assert gone.status == 404


async def test_a_draft_and_a_prompt_are_called_for_by_telephone(
    office: tuple[Pages, Browser, Switchboard],
) -> None:
    pages, browser, board = office
    flow = of_hotline("can-tho")
    assert flow is not None
    call = "/admin/flows/call?hotline=can-tho"
    typed = {"number": "0912345671", "when": "2026-11-28T20:00"}
    assert (await browser.post(call, typed)).status == 303
    draft = {**typed, "text": flow.text.replace("xin chào", "kính chào"), "note": ""}
    page = await browser.post(call, draft)
    assert page.status == 200
    assert "kính chào" in await page.text()  # nothing that was typed is lost
    wrong = await browser.post(call, {**draft, "text": "id = 3"})
    assert (wrong.status, "line" in await wrong.text()) == (422, True)
    late = await browser.post(call, {**draft, "when": "mai"})
    assert late.status == 422
    recording = {"name": "notice", "number": "1001"}
    done = await browser.post("/admin/prompts/record?hotline=can-tho", recording)
    assert done.status == 303
    board.refusal = NotReached(None)
    busy = await browser.post("/admin/prompts/record?hotline=can-tho", recording)
    assert (busy.status, "chưa nghe" in await busy.text()) == (409, True)
    places = [(place, number) for place, number, _order in board.led]
    assert places == [
        (Place.TRIAL, "0912345671"),
        (Place.TRIAL, "0912345671"),
        (Place.RECORD, "1001"),
    ]
    async with pages.db.read() as session:
        order = await session.get(PhoneOrder, board.led[1][2])
    assert order is not None
    assert "kính chào" in order.text
    assert order.when is not None


async def upload(
    browser: Browser, data: bytes, name: str = "notice", group: str = ""
) -> ClientResponse:
    typed = FormData({"csrf": browser.csrf, "name": name})
    typed.add_field("file", data, filename="loi-bao.mp3", content_type="audio/mpeg")
    address = f"{browser.base}/admin/prompts/upload?hotline=can-tho&group={group}"
    return await browser.session.post(address, data=typed, allow_redirects=False)
