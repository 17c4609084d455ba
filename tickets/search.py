"""Look-ups while typing, without diacritics (đ is d): postings by word, read newest first."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import CTE, ColumnElement, Select, and_, delete, exists, func, or_, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from tickets import units
from tickets.tables import Person, Posting, SubjectField, Unit, Vocable
from tongdai.db import Tx
from tongdai.text import clean, fold

LONGEST = 120
"""Different words by which one thing is found."""

_EXPANSIONS = 24
"""Words that the beginning of a word may stand for; the shortest come first."""

_COUNTED = 500
_LAST = "\U0010ffff"
_WORD = re.compile(r"\w+")
_ONLY_Y = re.compile(r"(qu|[bcdghklmnprstvx]|ch|gh|kh|nh|ph|th|tr)y")
_SHORT = {
    "uy ban nhan dan": "ubnd",
    "hoi dong nhan dan": "hdnd",
    "thanh pho": "tp",
    "thi xa": "tx",
    "thi tran": "tt",
    "khu pho": "kp",
    "phuong": "p",
    "quan": "q",
}
T = TypeVar("T")


def words(text: str) -> list[str]:
    """Return the different words of a text as they are searched: folded, y after a consonant i.

    Lý and Lí, quý and quí are one word.
    """
    return list(dict.fromkeys(_key(w) for w in _WORD.findall(fold(text))))


def indexed(text: str) -> list[str]:
    """Return the words under which a text is found: its own, and short and long forms of them."""
    folded = f" {' '.join(_WORD.findall(fold(text)))} "
    more = [short for phrase, short in _SHORT.items() if f" {phrase} " in folded]
    more += [phrase for phrase, short in _SHORT.items() if f" {short} " in folded]
    return words(" ".join([folded, *more]))


def rank(typed: str, found: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Sort what was found: accents as typed first, then the phrase without them, then the rest."""
    exact, bare = clean(typed).casefold(), fold(typed)

    def place(item: T) -> int:
        own = clean(name(item)).casefold()
        if own.startswith(exact):
            return 0
        if exact in own:
            return 1
        key = fold(own)
        return 2 if key.startswith(bare) else 3 if bare in key else 4

    return sorted(found, key=place)


def matches(typed: str, folded: str) -> bool:
    """Say whether every typed word begins a word of an already folded text."""
    have = indexed(folded)
    return all(any(h.startswith(w) for h in have) for w in words(typed))


async def find_units(
    session: AsyncSession, hotline: str, typed: str, at: datetime, limit: int = 10
) -> list[Unit]:
    """Return handling units of a hotline by name, former name or short name.

    A hotline has some hundreds of units, so that they are read whole.
    """
    found = [u for u in await units.tree(session, hotline, at) if u.handling_unit]
    hits = [u for u in found if matches(typed, u.folded)]
    return rank(typed, hits, lambda u: f"{u.name} {u.aliases}")[:limit]


async def find_people(
    session: AsyncSession, hotline: str, typed: str, at: datetime, limit: int = 10
) -> list[tuple[Person, Unit]]:
    """Return people of a hotline's phone book by name, title, unit or number, with their unit."""
    query = (
        select(Person, Unit)
        .join(Unit, col(Person.unit_id) == col(Unit.id))
        .where(col(Person.hotline) == hotline, *units.active(at))
        .order_by(col(Person.folded), col(Person.id))
    )
    everybody = [(p, u) for p, u in (await session.execute(query)).tuples()]
    digits = "".join(c for c in typed if c.isdigit()).lstrip("0")
    if digits and not any(c.isalpha() for c in typed):
        hits = [e for e in everybody if digits in (e[0].phone or "") + " " + (e[0].mobile or "")]
        return hits[:limit]
    hits = [
        e for e in everybody if matches(typed, f"{e[0].folded} {fold(e[0].title)} {e[1].folded}")
    ]
    return rank(typed, hits, lambda e: e[0].name)[:limit]


async def find_fields(
    session: AsyncSession, hotline: str, typed: str, limit: int = 10
) -> list[SubjectField]:
    """Return fields of a hotline by name or keyword."""
    hits = [f for f in await units.fields(session, hotline) if matches(typed, f.folded)]
    return rank(typed, hits, lambda f: f"{f.name} {f.keywords}")[:limit]


async def index(tx: Tx, scope: str, ref: str, at: datetime, texts: Sequence[str]) -> None:
    """Make something findable by the words of its texts.

    Args:
        tx: The open transaction.
        scope: `ticket:<hotline>` or `contact:<hotline>`.
        ref: Its id.
        at: The moment by which the newest is found first.
        texts: The most telling first: of all of them together `LONGEST` words are kept.
    """
    kept = sorted(list(dict.fromkeys(w for text in texts for w in indexed(text)))[:LONGEST])
    if not kept:
        return
    insert = sqlite.insert if _dialect(tx.session) == "sqlite" else postgresql.insert
    await tx.session.execute(
        insert(Posting)
        .values([{"scope": scope, "word": w, "at": at, "ref": ref} for w in kept])
        .on_conflict_do_nothing()
    )
    await tx.session.execute(
        insert(Vocable).values([{"scope": scope, "word": w} for w in kept]).on_conflict_do_nothing()
    )


async def unindex(tx: Tx, scope: str, ref: str, at: datetime, texts: Sequence[str]) -> None:
    """Take away what `index` wrote of these texts."""
    gone = [w for text in texts for w in indexed(text)]
    await tx.session.execute(
        delete(Posting).where(
            col(Posting.scope) == scope,
            col(Posting.word).in_(gone),
            col(Posting.at) == at,
            col(Posting.ref) == ref,
        )
    )


async def hits(session: AsyncSession, scope: str, typed: str) -> list[Select[tuple[datetime, str]]]:
    """Return queries whose union holds (at, ref) of everything with all typed words.

    The last word may be unfinished. Each query walks the postings of one word, the rarest,
    newest first when it is ordered so: with a limit its cost is the page's, not the archive's.
    An empty list: nothing can match.
    """
    wanted = words(typed)
    if not wanted:
        return []
    *whole, last = wanted
    ends = await _expand(session, scope, last)
    if not ends:
        return []
    if not whole:
        return [_walk(scope, word) for word in ends]
    counts = {w: await _count(session, scope, w) for w in whole}
    driver = min(whole, key=lambda w: (counts[w], -len(w)))
    if not counts[driver]:
        return []
    query = _walk(scope, driver)
    for word in whole:
        if word != driver:
            query = query.where(_also(scope, [word]))
    return [query.where(_also(scope, ends))]


async def holds(
    session: AsyncSession, scope: str, typed: str, at: Mapped[datetime], ref: Mapped[str]
) -> ColumnElement[bool] | None:
    """Return the condition that the thing in other columns has all typed words; None: none has.

    For lists that another index narrows better than common words do.

    Args:
        session: To read with.
        scope: `ticket:<hotline>`.
        typed: Words, the last may be unfinished.
        at: Its moment, as `index` was given it.
        ref: Its id.
    """
    *whole, last = words(typed) or [""]
    ends = await _expand(session, scope, last) if last else []
    if not ends:
        return None
    return and_(*(_posted(scope, some, at, ref) for some in [*([w] for w in whole), ends]))


def newest(parts: Sequence[Select[tuple[datetime, str]]], limit: int) -> CTE:
    """Return (at, ref) of the newest of what `hits` describes, each once."""
    at, ref = col(Posting.at), col(Posting.ref)
    some = [select(part.order_by(at.desc(), ref.desc()).limit(limit).subquery()) for part in parts]
    every = (some[0] if len(some) == 1 else union(*some)).subquery()
    return (
        select(every.c.at, every.c.ref)
        .order_by(every.c.at.desc(), every.c.ref.desc())
        .limit(limit)
        .cte()
    )


def prefix(column: ColumnElement[str] | Mapped[str], start: str) -> ColumnElement[bool]:
    """Return the condition that a column compared by bytes begins with `start`: a range."""
    return and_(column >= start, column < start + _LAST)


def _walk(scope: str, word: str) -> Select[tuple[datetime, str]]:
    return select(col(Posting.at), col(Posting.ref)).where(
        col(Posting.scope) == scope, col(Posting.word) == word
    )


def _also(scope: str, any_of: Sequence[str]) -> ColumnElement[bool]:
    other = Posting.__table__.alias()  # type: ignore[attr-defined]
    return or_(
        *(
            exists().where(
                other.c.scope == scope,
                other.c.word == word,
                other.c.at == Posting.at,
                other.c.ref == Posting.ref,
            )
            for word in any_of
        )
    )


def _posted(
    scope: str, any_of: Sequence[str], at: Mapped[datetime], ref: Mapped[str]
) -> ColumnElement[bool]:
    other = Posting.__table__.alias()  # type: ignore[attr-defined]
    return or_(
        *(
            exists().where(
                other.c.scope == scope, other.c.word == word, other.c.at == at, other.c.ref == ref
            )
            for word in any_of
        )
    )


async def _expand(session: AsyncSession, scope: str, start: str) -> list[str]:
    query = (
        select(col(Vocable.word))
        .where(col(Vocable.scope) == scope, prefix(col(Vocable.word), start))
        .order_by(func.length(col(Vocable.word)), col(Vocable.word))
        .limit(_EXPANSIONS)
    )
    return list((await session.execute(query)).scalars())


async def _count(session: AsyncSession, scope: str, word: str) -> int:
    some = _walk(scope, word).limit(_COUNTED).subquery()
    return int((await session.execute(select(func.count()).select_from(some))).scalar_one())


def _key(word: str) -> str:
    return word[:-1] + "i" if _ONLY_Y.fullmatch(word) else word


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name
