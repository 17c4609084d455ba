"""The prompts' page lists all that callers hear, in groups; each may be a person's voice."""

from pathlib import Path

import pytest

from ivr.flow.acts import Say
from ivr.flow.parse import of_hotline
from ivr.heard import GROUPS, everything, group_of
from ivr.speech.levelling import prompt_of
from ivr.speech.speaker import Speaker
from ivr.survey_words import Level, Wording
from ivr.voices import words_of
from ivr.waiting import words
from telephony.waits import Place
from tests.contract.test_prompts_by_persons import (
    ONE,
    Switchboard,
    _unspoken,
    keep,
    office,
    sound,
    upload,
)
from tests.support.pages import Browser, Pages
from tests.support.small_settings import hotline, small_settings
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import HotlineTable

__all__ = ["_unspoken", "office"]
SCALE = (Level(id="satisfied", name="Hài lòng"), Level(id="unsatisfied", name="Chưa hài lòng"))


def listed(at: HotlineTable, scale: tuple[Level, ...] = SCALE) -> dict[str, str]:
    """Return what is listed: words -> group."""
    version = of_hotline(at.id)
    assert version is not None
    return {e.words: group_of(e) for e in everything(at, version.flow, scale)}


def test_what_those_hear_who_wait_or_are_asked_is_listed_each_once() -> None:
    at = hotline("ha-noi", "0241022")
    found = listed(at)
    assert set(found.values()) == set(GROUPS)
    for language in ("vi", "en"):
        for number in (1, 3):
            place = Place(number=number, minutes=4, language=language)
            for say in words(place, at):
                if not say.small and "expected" not in say.text:
                    assert found[words_of(say.text, language)] == "queue", say
        survey = Wording.of(language)
        for text in survey.texts(SCALE):
            assert words_of(text, language) in found, text
        for say in survey.choices(SCALE):
            assert found[words_of(say.text, language)] == "survey"
    flow = of_hotline(at.id)
    assert flow is not None
    assert "pbx:en/wait" in [e.name for e in everything(at, flow.flow, SCALE)]
    names = [e.name for e in everything(at, None, SCALE)]
    assert len(names) == len(set(names))
    assert "pbx:en/wait" not in names  # without menus nobody chooses English


def test_where_the_text_has_no_scale_nobody_is_asked_and_nothing_is_listed() -> None:
    assert "survey" not in listed(hotline("hoa-binh", "021831022"), ()).values()


@ONE
@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("queue", Say(text="Quý vị là người tiếp theo được phục vụ")),
        ("survey", Wording.of("vi").say(Wording.of("vi").words.of_call)),
    ],
)
async def test_a_person_s_voice_is_heard_in_queue_and_survey_too(
    database: Database, clock: HandClock, tmp_path: Path, group: str, said: Say
) -> None:
    settings = small_settings(tmp_path)
    at, speaker = settings.hotlines[0], Speaker(settings, clock)
    version = of_hotline(at.id)
    assert version is not None
    wanted = words_of(said.text, said.language)
    (entry,) = [e for e in everything(at, version.flow, SCALE) if e.words == wanted]
    assert group_of(entry) == group
    before = await speaker.files(at, said)
    await keep(database, speaker, at, entry, prompt_of(sound()))
    assert await speaker.files(at, said) != before
    await keep(database, speaker, at, entry, None)
    assert await speaker.files(at, said) == before


async def test_the_page_shows_a_group_and_takes_a_voice_for_it(
    office: tuple[Pages, Browser, Switchboard],
) -> None:
    _pages, browser, _board = office
    address = "/admin/prompts?hotline=can-tho"
    whole = await (await browser.get(address)).text()
    for title in ("Lời chào, menu", "Trong hàng chờ", "Hỏi ý kiến", "Tổng đài tự phát"):
        assert title in whole
    queue = await (await browser.get(f"{address}&group=queue")).text()
    assert "Quý vị là người tiếp theo được phục vụ" in queue
    assert "Cuộc gọi này được ghi âm" not in queue
    survey = await (await browser.get(f"{address}&group=survey")).text()
    assert "Chấp nhận được, bấm hai" in survey  # the procedure's own scale
    done = await upload(browser, sound(), name="survey:of_call:vi", group="survey")
    assert done.status == 303
    again = await (await browser.get(done.headers["Location"])).text()
    assert "tệp tải lên" in again
    assert "Chấp nhận được, bấm hai" in again
    heard = await browser.get("/admin/prompts/sound?hotline=can-tho&name=wait:place-1:vi")
    assert (heard.status, heard.content_type) == (200, "audio/wav")
