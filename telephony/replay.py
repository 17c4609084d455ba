"""Rebuild the calls of a journal, or of a raw AMI capture, in an empty database.

A journal gives the same rows that the service wrote, but for operator and ticket: the same records
go through the same functions. A raw capture is the bytes that a manager interface sent (a user with
read=call,agent,user; timestampevents=yes); the settings say which contexts and numbers are which
hotline ([[pbx]] contexts, [[hotline]] number and aliases).
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func
from sqlmodel import select

from telephony.ami import packets, parsers
from telephony.ami.wire import Splitter, WireError, name_of
from telephony.bridge import rules_of
from telephony.calls import checkpoint, store
from telephony.calls.model import CallView, Leg
from telephony.calls.registry import NOTHING, Change, Registry
from telephony.calls.tables import CallRow
from telephony.journal import apply
from telephony.journal.reader import MAGIC, read_segment, segments
from telephony.journal.records import Kind
from tongdai.db import Database
from tongdai.errors import Invalid
from tongdai.ids import CallId
from tongdai.settings import Settings

_CHUNK = 1_000_000
_FLUSH = 500
_EPOCH = datetime.fromtimestamp(0, UTC)
_WANT_TIME = frozenset({b"Newchannel", b"Hangup", b"Newstate", b"BridgeEnter"})


class ReplayRefused(Invalid):
    """The file cannot be replayed; `sentence` says why and what would be right."""

    code = "replay_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was rebuilt."""

    calls: int
    legs: int
    packets: int


async def replay(source: Path, db: Database, settings: Settings) -> Replayed:
    """Rebuild what `source` tells of in `db`, which has the tables and no calls.

    Args:
        source: A segment, a folder of segments, a folder of such folders, or a raw capture (plain
            or gzip).
        db: The empty database.
        settings: Hotlines and PBXs; their other tables are not used.

    Raises:
        ReplayRefused: It is neither, has no timestamps, or tells of no hotline's call; or the
            database is not empty.
        DatabaseAway: The database does not answer.
    """
    async with db.read() as session:
        count = (await session.execute(select(func.count()).select_from(CallRow))).scalar_one()
    if count:
        message = f"the database is not empty: it holds {count} calls; name an empty one"
        raise ReplayRefused(message)
    keep = _Keep(db)
    for run in _runs(source, settings):
        for change in run:
            keep.note(change)
            if keep.full:
                await keep.write()
    await keep.write()
    return Replayed(calls=len(keep.seen), legs=keep.legs_written, packets=keep.packets)


class _Keep:
    """Collects what has to be written."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._views: dict[CallId, CallView] = {}
        self._legs: list[Leg] = []
        self.seen: set[CallId] = set()
        self.legs_written = self.packets = 0

    @property
    def full(self) -> bool:
        return len(self._legs) > _FLUSH or len(self._views) > _FLUSH

    def note(self, change: Change) -> None:
        self.packets += 1
        if change.view is not None:
            self._views[change.view.id] = change.view
            self.seen.add(change.view.id)
        self._legs.extend(change.legs)

    async def write(self) -> None:
        async with self._db.write() as tx:
            await store.save(tx, tuple(self._views.values()), self._legs)
        self.legs_written += len(self._legs)
        self._views.clear()
        self._legs.clear()


def _runs(source: Path, settings: Settings) -> Iterator[Iterable[Change]]:
    try:
        if source.is_dir():
            folders = [source] if segments(source) else sorted(p for p in source.iterdir())
            found = [f for f in folders if f.is_dir() and segments(f)]
            if not found:
                message = f"{source} holds no journal: no *.journal.gz in it or one folder below"
                raise ReplayRefused(message)
            for folder in found:
                yield _journal(segments(folder), settings)
        elif _is_segment(source):
            yield _journal([source], settings)
        else:
            yield _Capture(source, settings).changes()
    except OSError as error:
        message = f"{source} cannot be read: {error.strerror or error}"
        raise ReplayRefused(message) from error


def _is_segment(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.startswith(MAGIC):
        return False
    return zlib.decompressobj(31).decompress(start, 64).startswith(b"@K ")


def _journal(paths: list[Path], settings: Settings) -> Iterator[Change]:
    registry: Registry | None = None
    begins = b""
    for path in paths:
        try:
            for record in read_segment(path):
                hole = record.kind is Kind.NOTE and "hole" in record.json()
                if record.kind is Kind.CHECKPOINT:
                    begins = record.data
                    if registry is None:
                        registry = _from(begins, settings)
                        yield from _held(registry)
                elif hole and registry is not None:
                    registry = _from(begins, settings)
                    yield from _held(registry)
                elif registry is not None:
                    yield from apply.apply(registry, record)
        except ValueError as error:
            raise ReplayRefused(str(error).splitlines()[0]) from error
    if registry is None:
        message = f"{paths[0]} is empty: no record in it"
        raise ReplayRefused(message)


def _from(data: bytes, settings: Settings) -> Registry:
    name = checkpoint.pbx_of(data)
    table = next((p for p in settings.pbx if p.name == name), None)
    registry = Registry(name, rules_of(settings, table))
    checkpoint.load(registry, data)
    return registry


def _held(registry: Registry) -> Iterator[Change]:
    """Give the calls that lived when the journal began; those that had ended are another day's."""
    for call in registry.live.values():
        yield Change(view=call.view)


class _Capture:
    """A raw capture of one PBX: the settings' first one gives the name and the contexts."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._path = path
        table = settings.pbx[0] if settings.pbx else None
        self._registry = Registry(table.name if table else "main", rules_of(settings, table))
        self._places: Counter[str] = Counter()
        self._events = 0

    def changes(self) -> Iterator[Change]:
        """Give what the packets change.

        Raises:
            ReplayRefused: See `replay`.
        """
        splitter, begun = Splitter(), False
        try:
            for chunk in _chunks(self._path):
                for packet in splitter.feed(chunk)[1]:
                    change = self._take(packet)
                    if change is not NOTHING:
                        begun = True
                        yield change
        except WireError as error:
            raise ReplayRefused(_no_capture(self._path)) from error
        except (zlib.error, EOFError) as error:
            message = f"{self._path} is a damaged gzip file"
            raise ReplayRefused(message) from error
        if not self._events:
            raise ReplayRefused(_no_capture(self._path))
        if not begun:
            raise ReplayRefused(self._no_call())

    def _take(self, packet: bytes) -> Change:
        name = name_of(packet)
        if not name:
            return NOTHING
        self._events += 1
        if name in _WANT_TIME and parsers.moment_of(packet) is None:
            message = (
                f"{self._path}: its {name.decode()} events have no Timestamp header; capture with "
                "timestampevents=yes in manager.conf"
            )
            raise ReplayRefused(message)
        typed = parsers.parse(packet, _EPOCH)
        if typed is None or typed.at == _EPOCH:
            return NOTHING
        if isinstance(typed, packets.Newchannel) and typed.channel.state == packets.RING:
            self._places[f"{typed.channel.context} ({typed.channel.exten})"] += 1
        return self._registry.feed(typed)

    def _no_call(self) -> str:
        seen = ", ".join(place for place, _ in self._places.most_common(5)) or "none"
        return (
            f"{self._path} tells of no call to a hotline; contexts (numbers) that calls came in: "
            f"{seen}. Say in the settings which is which: [[pbx]] contexts, [[hotline]] aliases"
        )


def _no_capture(path: Path) -> str:
    return (
        f"{path} is neither a journal nor a capture of a manager interface "
        "(packets of `Header: value` lines with an empty line behind each)"
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        start = plain.read(2)
        plain.seek(0)
        packed = start == MAGIC
        with gzip.open(plain) if packed else plain as file:
            mend: Callable[[bytes], bytes] | None = None
            while chunk := file.read(_CHUNK):
                if mend is None:
                    crlf = b"\r\n" in chunk[:65536]
                    mend = _same if crlf else _with_cr
                yield mend(chunk)


def _same(chunk: bytes) -> bytes:
    return chunk


def _with_cr(chunk: bytes) -> bytes:
    """Give a capture that an editor has been at its line ends back."""
    return chunk.replace(b"\n", b"\r\n")
