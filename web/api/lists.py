"""What every list takes: limit, cursor, a period; and how it becomes a page."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, Field

from web.api.endpoint import Asked
from web.api.models import Page

DEFAULT, MOST = 50, 200
Limit = Annotated[int, Field(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[str, Field(max_length=300, description="`next` of the page before")]
Since = Annotated[AwareDatetime, Field(description="from this moment on (ISO 8601 with offset)")]
Until = Annotated[AwareDatetime, Field(description="before this moment (ISO 8601 with offset)")]
Text = Annotated[str, Field(max_length=64)]
Row = TypeVar("Row")
Out = TypeVar("Out")


class ListAsked(Asked):
    """The query of a list."""

    limit: Limit = DEFAULT
    cursor: Cursor | None = None
    hotline: Text | None = None


def page(
    found: Sequence[Row],
    limit: int,
    out: Callable[[Row], Out],
    cursor_of: Callable[[Row], str],
) -> Page[Out]:
    """Return a page from up to `limit + 1` rows: the one too many says that there is more."""
    shown = found[:limit]
    more = cursor_of(shown[-1]) if len(found) > limit else None
    return Page[Out](items=[out(row) for row in shown], next=more)
