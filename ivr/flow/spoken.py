"""Which texts can be spoken: what a flow may say; pure."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field


def _can_be_heard(text: str) -> str:
    """Refuse a text of which nobody would hear anything, or that no database takes.

    Raises:
        ValueError: It has no letter and no digit, or a control character.
    """
    if text and not any(c.isalnum() for c in text):
        message = "there is no word in it: callers would hear silence"
        raise ValueError(message)
    if any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text):
        message = "there is a control character in it"
        raise ValueError(message)
    return text


Words = Annotated[str, Field(max_length=2000), AfterValidator(_can_be_heard)]
"""May be empty: then nothing is said."""
Text = Annotated[Words, Field(min_length=1)]
