"""Everything that callers of a hotline hear, in groups: menus, queue, survey, and the PBX's own.

The numbers, dates and codes between them are always the machine's, put together from small pieces.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ivr.flow.graph import languages_of
from ivr.flow.model import Flow
from ivr.survey_words import Level, Wording
from ivr.voices import Entry, entries, of_flow, of_pbx, words_of
from ivr.waiting import LANGUAGES, fixed_words, flows
from tongdai.settings import HotlineTable

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "menus": ("greeting", "notice", "step", "sentence"),
    "queue": ("wait",),
    "survey": ("survey",),
    "pbx": ("pbx",),
}
"""Group -> the beginnings of its prompts' names, up to the colon."""
_NOT_IN_QUEUE = (
    "greeting",
    "notice",
    *(
        f"sentence:{name}:"
        for name in ("code", "code_wrong", "own_number", "locked", "unavailable")
    ),
)


def group_of(entry: Entry) -> str:
    """Return the group of a prompt."""
    kind = entry.name.partition(":")[0]
    return next(group for group, kinds in GROUPS.items() if kind in kinds)


def everything(hotline: HotlineTable, flow: Flow | None, scale: tuple[Level, ...]) -> list[Entry]:
    """Return what callers hear, each prompt once, in the order of the groups.

    What is said in several places in the same words is one prompt, under its first place; only the
    PBX's are files of their own, whatever their words.

    Args:
        hotline: Whose.
        flow: Its menus; None: it has none.
        scale: Of its procedure, for the survey; empty: nobody is asked.
    """
    spoken = set().union(*languages_of(flow).values()) if flow else set[str]()
    languages = [one for one in LANGUAGES if one in spoken | {"vi"}]
    found = entries(flow)
    known = {(entry.language, entry.words) for entry in found}
    for name, language, text in (*_of_queue(languages), *_of_survey(languages, scale)):
        words = words_of(text, language)
        if words and (language, words) not in known:
            known.add((language, words))
            found.append(Entry(name=name, language=language, words=words))
    return [*found, *of_pbx(hotline, english="en" in languages)]


def _of_queue(languages: list[str]) -> Iterator[tuple[str, str, str]]:
    """Give what those hear who wait (ivr.waiting): name, language, text."""
    known = flows()
    for language in languages:
        for number, text in enumerate(fixed_words(language), 1):
            yield f"wait:place-{number}:{language}", language, text
        for name, of_language, text in of_flow(known[language].flow):
            if not name.startswith(_NOT_IN_QUEUE):
                place = name.removeprefix("step:").removeprefix("sentence:")
                yield f"wait:{place}", of_language, text


def _of_survey(languages: list[str], scale: tuple[Level, ...]) -> Iterator[tuple[str, str, str]]:
    """Give what those hear who are asked for an opinion: name, language, text."""
    for language in languages if scale else ():
        for name, text in Wording.of(language).named(scale):
            yield f"survey:{name}:{language}", language, text
