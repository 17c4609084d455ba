"""What is said to whoever is asked for an opinion, in Vietnamese and English; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ivr.flow.acts import Say
from ivr.flow.sentences import Sentences, sentences
from ivr.speech.reading import code


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One mark of a procedure's own scale.

    Attributes:
        id: What is written down.
        name: As the procedure's file has it.
        needs_reason: The regulation refuses it without a reason (GL-14).
    """

    id: str
    name: str
    needs_reason: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyWords:
    """The sentences of a survey."""

    of_call: str = "Xin quý vị cho biết mức độ hài lòng về cuộc gọi vừa rồi."
    of_result: str = "Xin quý vị cho biết mức độ hài lòng về kết quả xử lý."
    calls: str = "Đây là cuộc gọi tự động của tổng đài, xin hỏi ý kiến quý vị về kết quả xử lý."
    ticket: str = "Phiếu số"
    choice: str = "{name}, bấm {key}."
    reason: str = (
        "Xin quý vị cho biết lý do sau tiếng bíp, rồi bấm phím thăng. "
        "Lời nói của quý vị được ghi âm."
    )
    thanks: str = "Cảm ơn quý vị đã cho ý kiến. Xin chào quý vị."
    farewell: str = "Cảm ơn quý vị. Xin chào quý vị."


VIETNAMESE: Final = SurveyWords()
_ENGLISH: Final = SurveyWords(
    of_call="Please tell us how satisfied you are with this call.",
    of_result="Please tell us how satisfied you are with the result.",
    calls="This is an automatic call of the hotline. We would like your opinion on our answer.",
    ticket="Ticket number",
    choice="{name}, press {key}.",
    reason="Please tell us why after the tone, and press the hash key. Your words are recorded.",
    thanks="Thank you for your opinion. Goodbye.",
    farewell="Thank you. Goodbye.",
)
_MARKS_IN_ENGLISH = {
    "satisfied": "Satisfied",
    "acceptable": "Acceptable",
    "unsatisfied": "Not satisfied",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A survey's sentences in one language."""

    words: SurveyWords
    usual: Sentences
    language: str

    @classmethod
    def of(cls, language: str) -> "Wording":
        """Return the wording for a caller's language: `en`, else Vietnamese."""
        english = language == "en"
        words = _ENGLISH if english else VIETNAMESE
        language = "en" if english else "vi"
        return cls(words=words, usual=sentences(Sentences(), language), language=language)

    def opening(self, number: str, *, calls: bool) -> Iterator[Say]:
        """Say what it is about: the call, or the result of a ticket.

        Args:
            number: The ticket's; empty: the call is rated.
            calls: We call, and have to say who we are.
        """
        if calls:
            yield self.say(self.words.calls)
        if calls and number:
            yield self.say(self.words.ticket)
            yield Say(text=code(number), small=True)  # the small pieces are Vietnamese
        yield self.say(self.words.of_result if number else self.words.of_call)

    def choices(self, scale: tuple[Level, ...]) -> Iterator[Say]:
        """Say the scale, a key for each mark, in the procedure's order."""
        for key, level in enumerate(scale, 1):
            vietnamese = self.language == "vi"
            name = level.name if vietnamese else _MARKS_IN_ENGLISH.get(level.id, level.name)
            yield self.say(self.words.choice.format(name=name, key=key))

    def say(self, text: str) -> Say:
        """Say a sentence in this language."""
        return Say(text=text, language=self.language)

    def named(self, scale: tuple[Level, ...]) -> Iterator[tuple[str, str]]:
        """Give every whole sentence that a survey with this scale may need, with its name."""
        for name in ("of_call", "of_result", "calls", "ticket", "reason", "thanks", "farewell"):
            yield name, getattr(self.words, name)
        for name in ("wrong_key", "no_key", "nothing_heard"):
            yield name, getattr(self.usual, name)
        for level, say in zip(scale, self.choices(scale), strict=True):
            yield f"mark-{level.id}", say.text

    def texts(self, scale: tuple[Level, ...]) -> Iterator[str]:
        """Give these sentences alone."""
        yield from (text for _name, text in self.named(scale))
