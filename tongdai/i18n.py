"""Gettext, Vietnamese first: the msgid is the Vietnamese text, English is a catalogue."""

from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

LANGUAGES = ("vi", "en")
_LOCALE = Path(__file__).parent / "locale"
_language: ContextVar[str] = ContextVar("language", default="vi")


def use(language: str) -> None:
    """Speak `language` from here on in this task; an unknown one means Vietnamese."""
    _language.set(language if language in LANGUAGES else "vi")


def language() -> str:
    """Return the language in use: vi or en."""
    return _language.get()


def _(text: str) -> str:
    """Return `text` (Vietnamese) in the language in use."""
    return _catalogue(_language.get()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """Return `one` or `many` (Vietnamese) for `n` things in the language in use."""
    return _catalogue(_language.get()).ngettext(one, many, n)


@cache
def _catalogue(language: str) -> NullTranslations:
    return translation("tongdai", _LOCALE, [language], fallback=True)
