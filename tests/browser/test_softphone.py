"""The telephone in the page, on a real Asterisk: what each key does to what the citizen hears.

The operator's microphone is a tone of 880 Hz, the music 660 Hz, a citizen says 440 Hz and a person
to whom a call is handed on 1230 Hz (issue 2: answer, hang up, mute, hold, keypad, devices, ring).
"""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from rig.carrier import PlacedCall
from tests.support.chromium import chromium
from tests.support.ear import Ear
from tests.support.operator_page import FIRST_LOAD, sit_down
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
OPERATOR, MUSIC, PERSON = 880, 660, 1230
RINGS_OUT, TAKES = "0913 000 006", "0913 000 000"
WATCH = """
window.peers = [];
window.sounds = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.peers.push(this); }
};
window.AudioContext = class extends AudioContext {
  constructor(...given) { super(...given); window.sounds.push(this); }
};
"""
"""Lets a test see which devices the page uses; it changes nothing."""


@dataclass
class Exchange:
    """A hotline with its service, and a browser whose microphone is a tone."""

    world: World
    service: Service
    browser: Browser

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Page]:
        """Give an operator's page, ready, its telephone registered; signed off in the end."""
        context: BrowserContext = await self.browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="vi-VN"
        )
        await context.add_init_script(WATCH)
        page = await context.new_page()
        account = self.service.account("can-tho", "operator")
        name, password = account["username"], account["password"]
        await sit_down(page, self.service.base, name, password, phone=True)
        try:
            yield page
        finally:
            self.world.asterisk.command("channel request hangup all")
            await until(lambda: not self._lines(), within=20, every=0.1)
            page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
            await page.click("#me-off")
            await expect(page.locator(".dot.signed_off")).to_be_visible(timeout=FIRST_LOAD)
            await context.close()

    async def answered(self, page: Page) -> tuple[PlacedCall, Ear]:
        """Let a citizen call and the operator take the call; return it, and what is heard."""
        call = await self.world.carrier.place_call(
            "02921022", "0912345678", "Trần Thị B", seconds=600, sound="tone-440"
        )
        ear = await Ear.at(self.world.carrier, call)
        ringing = page.locator(".caller-head.ringing:visible")
        await expect(ringing).to_be_visible(timeout=FIRST_LOAD)
        await page.keyboard.press("F2")
        await expect(page.locator(".caller-head.talking:visible")).to_be_visible(timeout=FIRST_LOAD)
        await ear.hears(OPERATOR)
        return call, ear

    def _lines(self) -> str:
        return self.world.asterisk.command("core show channels concise").strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    folder = tmp_path_factory.mktemp("softphone")
    microphone = folder / "microphone.wav"
    wave = ["synth", "10", "sine", str(OPERATOR), "gain", "-6"]
    made = ["sox", "-n", "-r", "48000", "-b", "16", "-c", "1", str(microphone), *wave]
    await asyncio.to_thread(subprocess.run, made, check=True)
    world = World(
        folder / "world",
        hotlines=("can-tho",),
        changes={"hotline": {"ring_seconds": 6, "wrap_up_seconds": 30}},
        ring_seconds=1,
        key_after_seconds=1,
        person_sound="tone-1230",
    )
    async with (
        world,
        Service(world) as service,
        chromium(f"--use-file-for-fake-audio-capture={microphone}") as browser,
    ):
        yield Exchange(world, service, browser)


class SlowLine:
    """Keeps back what the PBX says to the page's telephone, until it is let through."""

    def __init__(self) -> None:
        self._kept: list[str | bytes] | None = None
        self._answers: list[str] = []
        self._page: WebSocketRoute | None = None

    @classmethod
    async def of(cls, page: Page) -> Self:
        """Put it between; the page is loaded again for that."""
        line = cls()
        await page.route_web_socket(re.compile(r"/ws$"), line._opened)
        await page.reload()
        await expect(page.locator("#phone-state.good")).to_be_visible(timeout=FIRST_LOAD)
        return line

    def keep_back(self) -> None:
        """Let nothing through from here on."""
        self._kept = []

    def let_through(self) -> None:
        """Let everything through, first what was kept back."""
        kept, self._kept = self._kept or [], None
        for message in kept:
            self._said(message)

    async def answers(self, status: int, times: int) -> None:
        """Wait until the telephone has answered so many calls with that status."""
        line = f"SIP/2.0 {status} "
        await until(
            lambda: sum(answer.startswith(line) for answer in self._answers) >= times, within=20
        )

    def _opened(self, page: WebSocketRoute) -> None:
        self._page, server = page, page.connect_to_server()

        def said(message: str | bytes) -> None:
            self._answers.append(message if isinstance(message, str) else message.decode())
            server.send(message)

        page.on_message(said)
        server.on_message(self._said)

    def _said(self, message: str | bytes) -> None:
        if self._kept is not None:
            self._kept.append(message)
        elif self._page is not None:
            self._page.send(message)


async def test_a_call_is_taken_by_who_pressed_before_the_telephone_rang(exchange: Exchange) -> None:
    carrier = exchange.world.carrier
    async with exchange.operator() as page:
        line = await SlowLine.of(page)
        ringing = page.locator(".caller-head.ringing:visible")
        line.keep_back()
        gone = await carrier.place_call("02921022", "0912345679", seconds=600)
        await expect(ringing).to_be_visible(timeout=FIRST_LOAD)
        await page.keyboard.press("F2")
        await carrier.hang_up(gone)
        await expect(ringing).to_be_hidden(timeout=FIRST_LOAD)
        line.let_through()
        await line.answers(487, times=1)  # Request Terminated
        other = await carrier.place_call("02921022", "0912345677", seconds=600)
        await line.answers(180, times=2)  # Ringing
        await expect(ringing).to_be_visible(timeout=FIRST_LOAD)
        await carrier.hang_up(other)
        await line.answers(487, times=2)  # it was not taken: not this one was asked for
        await expect(ringing).to_be_hidden(timeout=FIRST_LOAD)
        line.keep_back()
        call = await carrier.place_call("02921022", "0912345678", seconds=600)
        ear = await Ear.at(carrier, call)
        await expect(ringing).to_be_visible(timeout=FIRST_LOAD)
        await page.keyboard.press("F2")
        line.let_through()
        await expect(page.locator(".caller-head.talking:visible")).to_be_visible(timeout=FIRST_LOAD)
        await ear.hears(OPERATOR)


async def test_mute_and_hold_change_what_the_citizen_hears(exchange: Exchange) -> None:
    async with exchange.operator() as page:
        _call, ear = await exchange.answered(page)
        mute, hold = page.locator("#phone-mute"), page.locator("#phone-hold")
        await page.keyboard.press("F7")
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await ear.hears_nothing()
        await page.keyboard.press("F7")
        await expect(mute).to_have_attribute("aria-pressed", "false")
        await ear.hears(OPERATOR)
        await page.keyboard.press("F4")
        await expect(hold).to_have_attribute("aria-pressed", "true")
        await expect(page.locator(".phase:visible")).to_contain_text("Đang giữ máy")
        await ear.hears(MUSIC)
        await page.keyboard.press("F4")
        await expect(hold).to_have_attribute("aria-pressed", "false")
        await expect(page.locator(".phase:visible")).to_contain_text("Đang nói")
        await ear.hears(OPERATOR)


async def test_the_keypad_typed_on_reaches_the_far_side(exchange: Exchange) -> None:
    async with exchange.operator() as page:
        call, _ear = await exchange.answered(page)
        async with exchange.world.carrier.ami() as carrier:
            await page.keyboard.press("Alt+k")
            await page.keyboard.type("19#")
            heard = [
                (await carrier.event("DTMFEnd", 30, Channel=call.channel))["Digit"] for _ in "19#"
            ]
        assert heard == ["1", "9", "#"]
        await expect(page.locator("#keyed")).to_have_text("19#")


async def test_devices_are_chosen_once_and_used_for_ring_voice_and_ear(exchange: Exchange) -> None:
    async with exchange.operator() as page:
        await page.click("#sound-settings summary")
        await page.select_option("#ringer", label="Fake Audio Output 1")
        await page.select_option("#speaker", label="Fake Audio Output 2")
        await page.select_option("#mic", label="Fake Audio Input 1")
        await page.reload()
        await expect(page.locator("#phone-state.good")).to_be_visible(timeout=FIRST_LOAD)
        devices = await page.evaluate(
            "navigator.mediaDevices.enumerateDevices().then("
            "all => Object.fromEntries(all.map(one => [one.label, one.deviceId])))"
        )
        placed = await exchange.world.carrier.place_call("02921022", "0912345678", seconds=600)
        ear = await Ear.at(exchange.world.carrier, placed)
        rings = "window.sounds.filter(s => s.state === 'running').map(s => s.sinkId)"
        await until(lambda: _is(page, rings, [devices["Fake Audio Output 1"]]), within=20)
        await page.keyboard.press("F2")
        await ear.hears(OPERATOR)
        await until(lambda: _is(page, rings, []), within=10)
        audio = "document.querySelector('#remote-audio').sinkId"
        await until(lambda: _is(page, audio, devices["Fake Audio Output 2"]), within=10)
        microphone = (
            "window.peers.at(-1).getSenders().find(s => s.track).track.getSettings().deviceId"
        )
        await until(lambda: _is(page, microphone, devices["Fake Audio Input 1"]), within=10)
        await page.click("#sound-settings summary")
        await page.select_option("#mic", label="Fake Audio Input 2")
        chosen = devices["Fake Audio Input 2"]
        await until(lambda: _is(page, microphone, chosen), within=10)
        await ear.hears(OPERATOR)


async def test_a_citizen_is_called_back_from_the_page(exchange: Exchange) -> None:
    async with exchange.operator() as page:
        await page.keyboard.press("Alt+n")
        await expect(page.locator("#new-dialog")).to_be_visible()
        await page.keyboard.press("Enter")
        await page.locator("[data-name=sender_phone]:visible").fill(TAKES)
        await page.keyboard.press("Alt+g")
        await expect(page.locator("#phone-answer")).to_be_enabled(timeout=FIRST_LOAD)
        await page.keyboard.press("F2")
        head = page.locator(".caller-head.talking:visible")
        await expect(head).to_contain_text("0913 000 000", timeout=FIRST_LOAD)
        await page.evaluate(LISTEN)
        await until(lambda: _near(page, PERSON), within=20)
        await page.keyboard.press("F8")
        await expect(page.locator(".caller-head.wrap_up:visible")).to_be_visible(timeout=FIRST_LOAD)


async def test_a_transfer_returns_and_the_next_is_taken_with_the_operator_at_the_page(
    exchange: Exchange,
) -> None:
    async with exchange.operator() as page:
        _call, ear = await exchange.answered(page)
        await page.keyboard.press("F9")
        await page.keyboard.type(RINGS_OUT)
        await page.keyboard.press("Enter")
        await ear.hears(MUSIC)
        failed = page.locator(".transfer .note.bad:visible")
        await expect(failed).to_contain_text("không nghe máy", timeout=FIRST_LOAD)
        await ear.hears(OPERATOR)
        await page.keyboard.press("F4")
        await expect(page.locator("#phone-hold")).to_have_attribute("aria-pressed", "true")
        await page.locator("[data-transfer=target]:visible").focus()
        await page.keyboard.type(TAKES)
        await page.keyboard.press("Enter")
        await ear.hears(MUSIC)
        hand_over = page.get_by_role("button", name="Nối hai bên rồi rời máy")
        await expect(hand_over).to_be_focused(timeout=FIRST_LOAD)
        await expect(page.locator("#phone-hold")).to_have_attribute("aria-pressed", "false")
        await page.evaluate(LISTEN)
        await until(lambda: _near(page, PERSON), within=20)
        await page.keyboard.press("Enter")
        await ear.hears(PERSON)
        await expect(page.locator(".caller-head.elsewhere:visible")).to_be_visible()
        await expect(page.locator("#phone-hang-up")).to_be_disabled(timeout=FIRST_LOAD)


LISTEN = """
(() => {
  const context = new AudioContext();
  const ear = context.createAnalyser();
  ear.fftSize = 4096;
  context.createMediaStreamSource(document.querySelector('#remote-audio').srcObject).connect(ear);
  window.loudest = () => {
    const bins = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(bins);
    const best = bins.indexOf(Math.max(...bins));
    return bins[best] > -60 ? best * context.sampleRate / ear.fftSize : 0;
  };
})()
"""
"""Gives the page `loudest()`: the strongest tone that the operator hears now (Hz), 0 for none."""


async def _near(page: Page, hertz: int) -> bool:
    return abs(float(await page.evaluate("window.loudest()")) - hertz) < 20


async def _is(page: Page, expression: str, value: object) -> bool:
    return bool(await page.evaluate(expression) == value)
