"""Keys that fell between two commands of the PBX: found once, in their order, never made up."""

from collections import deque
from pathlib import Path
from typing import Any, Literal, cast

from hypothesis import given
from hypothesis import strategies as st
from panoramisk.fast_agi import Request

from ivr.flow.acts import Say
from ivr.line import Line
from ivr.presses import EVENT, KEYS, Keypads, Presses
from ivr.talk import Talk
from telephony.ami.packets import Raw
from tests.support.small_settings import small_settings
from tongdai.clock import SystemClock

Press = tuple[str, Literal["lost", "taken", "deferred"]]
"""A key; a command took it at once, or none did, or only after it had been told of."""
pressed_keys = st.permutations(KEYS).flatmap(
    lambda keys: st.lists(st.sampled_from(["lost", "taken", "deferred"]), max_size=len(keys)).map(
        lambda how: list(zip(keys, how, strict=False))
    )
)


def press(presses: Presses, key: str) -> None:
    """Let the PBX tell of a key; the end of one comes twice."""
    presses.began(key)
    presses.ended(key)
    presses.ended(key)


@given(pressed_keys, st.data())
def test_told_in_time_every_key_counts_once_in_its_order(
    pressed: list[Press], data: st.DataObject
) -> None:
    presses = Presses()
    presses.begin()
    out = ""
    for key, how in pressed:
        press(presses, key)
        if how == "deferred" and data.draw(st.booleans()):
            out += presses.lost()
        if how != "lost":
            out += presses.took(key)
    assert out + presses.lost() == "".join(key for key, _how in pressed)


@given(pressed_keys, st.data())
def test_told_late_a_key_is_lost_rather_than_pressed_twice_or_out_of_turn(
    pressed: list[Press], data: st.DataObject
) -> None:
    presses = Presses()
    presses.begin()
    out, untold = "", deque[str]()
    for key, how in pressed:
        untold.append(key)
        for _told in range(data.draw(st.integers(0, len(untold)))):
            press(presses, untold.popleft())
        if how == "taken":
            out += presses.took(key)
        if data.draw(st.booleans()):
            out += presses.lost()
    for key in untold:
        press(presses, key)
    out += presses.lost()
    order = [key for key, _how in pressed]
    places = [order.index(key) for key in out]
    assert places == sorted(set(places))
    assert {key for key, how in pressed if how == "taken"} <= set(out)


def test_what_was_pressed_before_the_dialogue_or_given_up_counts_no_more() -> None:
    presses = Presses()
    press(presses, "1")
    presses.begin()
    press(presses, "2")
    presses.forget()
    press(presses, "3")
    press(presses, "4")
    assert presses.lost(1) == "3"
    presses.give_back("9")
    assert presses.lost() == "94"


def packet(name: str, **headers: str) -> Raw:
    """Return what a PBX tells."""
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return Raw(name, SystemClock().now(), ("\r\n".join(lines) + "\r\n\r\n").encode())


class Quick:
    """A PBX that tells of two keys before it says that the first ended the recording."""

    def __init__(self, keypads: Keypads) -> None:
        self.keypads = keypads
        self.headers = {"agi_arg_2": "main", "agi_uniqueid": "1.7"}

    async def send_command(self, command: str) -> dict[str, Any]:
        if command.startswith("EXEC"):
            self.keypads.on_packet("main", packet("UserEvent", Uniqueid="1.7", UserEvent=EVENT))
        if not command.startswith("RECORD"):
            return {"result": ("0", "")}
        for digit in "#7":
            for name in ("DTMFBegin", "DTMFEnd"):
                about = {"Uniqueid": "1.7", "Digit": digit, "Direction": "Received"}
                self.keypads.on_packet("main", packet(name, **about))
        return {"result": ("35", "dtmf"), "endpos": ("16000", "")}


async def test_a_key_behind_the_one_that_ends_a_recording_counts() -> None:
    keypads = Keypads()
    line = Line(cast("Request", Quick(keypads)), keypads)
    assert await line.key(0.1) == ""
    assert await line.record(Path("message.wav"), 60) == 2.0
    assert await line.key(0.1) == "7"


class Hasty:
    """The parts of a dialogue whose caller presses 1 once it is written down what is said."""

    def __init__(self, keypads: Keypads) -> None:
        self.keypads = keypads

    async def files(self, *_asked: object) -> list[Path]:
        return [Path("busy.wav")]

    def said(self, _text: str) -> None:
        for name in ("DTMFBegin", "DTMFEnd"):
            about = {"Uniqueid": "1.7", "Digit": "1", "Direction": "Received"}
            self.keypads.on_packet("main", packet(name, **about))

    def pressed(self, _keys: str) -> None: ...


async def test_a_key_counts_from_the_moment_that_something_is_written_down_as_said() -> None:
    keypads = Keypads()
    line, caller = Line(cast("Request", Quick(keypads)), keypads), Hasty(keypads)
    hotline = small_settings().hotlines[0]
    talk = Talk(line, hotline, speaker=cast("Any", caller), diary=cast("Any", caller))
    await talk.say(Say(text="Hiện các tổng đài viên vẫn đang bận"))
    assert await talk.key(0.1) == "1"


def test_a_key_is_that_line_s_own_from_its_event_on() -> None:
    keypads = Keypads()
    ours, other = keypads.line("main", "1.7"), keypads.line("second", "1.7")

    def told(digit: str, direction: str = "Received", uniqueid: str = "1.7") -> None:
        for name in ("DTMFBegin", "DTMFEnd", "DTMFEnd"):
            about = {"Uniqueid": uniqueid, "Digit": digit, "Direction": direction}
            keypads.on_packet("main", packet(name, **about))

    told("1")
    keypads.on_packet("main", packet("UserEvent", Uniqueid="1.7", UserEvent="TongdaiMenu"))
    told("2")
    keypads.on_packet("main", packet("UserEvent", Uniqueid="1.7", UserEvent=EVENT))
    told("3")
    told("4", "Sent")
    told("A")
    told("5", uniqueid="1.8")
    by_info = packet("DTMFEnd", Uniqueid="1.7", Digit="6", Direction="Received")
    keypads.on_packet("main", by_info)
    assert ours.lost() == "3"
    assert other.lost() == ""
