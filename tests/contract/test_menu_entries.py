"""What keys do to an entry of digits, and to what is said behind it, on paper."""

from datetime import timedelta

import pytest

from ivr.flow.model import HangUp
from ivr.flow.parse import find_flow
from ivr.flow.sentences import Sentences
from ivr.register import MOST_HIDDEN
from ivr.speech.speaker import prompt
from tests.contract.test_menus import ONE, Served, served
from tickets import codes
from tongdai.clock import HandClock

__all__ = ["served"]
WORDS = Sentences()


def file_of(served: Served, text: str) -> str:
    """Return the file of a sentence as the PBX is told it."""
    (hotline,) = (h for h in served.settings.hotlines if h.id == "can-tho")
    path = prompt(served.settings.prompts.folder.resolve(), hotline.voice, text).path
    return str(path.with_suffix(""))


@ONE
async def test_the_prompt_that_asks_for_a_code_gathers_it(served: Served) -> None:
    ticket = await served.here.filed()
    phone = await served.call(f"2{ticket.code}---")
    assert phone.gathered == [file_of(served, WORDS.code)]
    assert phone.variables["TONGDAI_NEXT"] == "end"
    diary = await served.diary()
    assert [text for kind, text in diary if kind == "said"].count(WORDS.code.strip(".")) == 1
    assert ("pressed", "10 số") in diary


@ONE
async def test_a_key_that_stops_the_text_before_it_is_the_first_of_the_code(served: Served) -> None:
    """Then the prompt itself is not said, and nothing is asked of the PBX before the rest."""
    ticket = await served.here.filed()
    assert ticket.code is not None
    wrong = file_of(served, WORDS.code_wrong)
    phone = await served.call(
        f"2{codes.new_code()}{ticket.code[1:]}---", into=(wrong, ticket.code[0])
    )
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.gathered == [file_of(served, WORDS.code), ""]
    assert phone.asked[phone.asked.index(f"STREAM {wrong}") + 1] == "GET"


@ONE
async def test_the_hash_key_after_a_full_code_does_not_cut_the_answer_short(
    served: Served,
) -> None:
    """The prompt asks for it; the tenth digit has ended the entry already."""
    ticket = await served.here.referred()
    answer = file_of(served, "Phiếu số")
    phone = await served.call(f"2{ticket.code}---", into=(answer, "#"))
    said = [text for kind, text in await served.diary() if kind == "said"]
    assert "đang được xử lý" in " ".join(said)
    assert WORDS.wrong_key.strip(".") not in said
    assert phone.heard.count(answer) == 2  # it goes on where it was stopped
    assert phone.variables["TONGDAI_NEXT"] == "end"


@ONE
async def test_nor_is_it_taken_for_the_next_entry(served: Served) -> None:
    """A ticket's number in full, the hash key late, then the sender's own number."""
    ticket = await served.here.filed()
    number = (ticket.number or "").replace("-", "")
    asks = file_of(served, WORDS.own_number)
    phone = await served.call(f"2{number}0892100001#---", caller="0912000000", into=(asks, "#"))
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.gathered == [file_of(served, WORDS.code), ""]


@ONE
async def test_another_key_after_a_full_code_stops_the_answer_as_ever(served: Served) -> None:
    ticket = await served.here.referred()
    answer = file_of(served, "Phiếu số")
    phone = await served.call(f"2{ticket.code}", into=(answer, "1"))
    assert phone.heard.count(answer) == 1
    assert phone.variables["TONGDAI_NEXT"] == "queue"


@ONE
async def test_a_code_s_prompt_that_cannot_be_played_raises_the_alarm(served: Served) -> None:
    phone = await served.call("2", deaf_to=file_of(served, WORDS.code))
    assert "TONGDAI_NEXT" not in phone.variables
    assert (await served.server.health())["agi"].state == "degraded"
    assert (await served.diary())[-1] == ("led", "dialplan")


@ONE
async def test_an_empty_file_is_noticed_although_the_pbx_plays_it(served: Served) -> None:
    """A WAV file of a header alone: Asterisk takes it, and nobody hears anything."""
    (file,) = served.settings.prompts.folder.resolve().rglob(
        file_of(served, WORDS.code).rpartition("/")[2] + ".wav"
    )
    file.write_bytes(b"\0" * 44)
    phone = await served.call("2", deaf_to=file_of(served, WORDS.code))
    assert phone.gathered == []
    assert (await served.server.health())["agi"].state == "degraded"


@ONE
async def test_who_hangs_up_in_an_entry_is_gone(served: Served) -> None:
    """And no ticket was looked up: a line that ends is no code."""
    await served.call("2x")
    diary = await served.diary()
    assert diary[-1] == ("led", "hung_up")
    assert ("pressed", "0 số") not in diary


@ONE
async def test_who_hides_the_number_cannot_guess_on_by_ringing_again(
    served: Served, clock: HandClock
) -> None:
    """Each call of theirs is another; so they are counted together, and nobody else with them."""
    ticket = await served.here.filed()
    for call in range(MOST_HIDDEN // 3):
        await served.call(f"2{'1000000009' * 3}", caller="anonymous", linkedid=f"1764000001.{call}")
    hidden = await served.call(f"2{ticket.code}---", caller="anonymous", linkedid="1764000002.1")
    assert hidden.variables["TONGDAI_NEXT"] == "queue"
    shown = await served.call(f"2{ticket.code}---", linkedid="1764000002.2")
    assert shown.variables["TONGDAI_NEXT"] == "end"
    clock.advance(timedelta(minutes=16))
    later = await served.call(f"2{ticket.code}---", caller="anonymous", linkedid="1764000002.3")
    assert later.variables["TONGDAI_NEXT"] == "end"


@ONE
@pytest.mark.parametrize("pressed", ["", "7"])
async def test_a_farewell_is_heard_whole_whatever_is_pressed(served: Served, pressed: str) -> None:
    """Nobody is let go without a word: a key stops it, and it goes on."""
    (step,) = (s for s in find_flow("can-tho").step if isinstance(s, HangUp))
    farewell = file_of(served, step.say.strip(" .,;"))
    ticket = await served.here.filed()
    phone = await served.call(f"2{ticket.code}---", into=(farewell, pressed))
    assert phone.variables["TONGDAI_NEXT"] == "end"
    assert phone.heard.count(farewell) == 1 + len(pressed)
    assert phone.heard[-1] == farewell
