"""What goes with a recording that leaves the house: its entries, and their way to signed heads."""

import base64
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.errors import ManifestUnsigned
from telephony.recordings.manifest import chain, heads, merkle
from telephony.recordings.manifest.keys import proves
from telephony.recordings.manifest.lines import digest
from telephony.recordings.manifest.tables import ManifestEntry, ManifestHead


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepOut(_Model):
    """See merkle.Step."""

    side: Literal["left", "right"]
    hash: str


class EntryOut(_Model):
    """One entry: its line, its hash, and the path to the root of head `head`."""

    seq: int
    line: str
    hash: str
    path: tuple[StepOut, ...]
    head: int


class HeadOut(_Model):
    """One signed head: the signature is over the line with its line feed."""

    no: int
    line: str
    hash: str
    key: str
    signature: str

    @property
    def raw_signature(self) -> bytes:
        """The signature's bytes, as openssl reads them from a file."""
        return base64.b64decode(self.signature)


class Excerpt(_Model):
    """An excerpt of the manifest: docs/recordings.md tells how it is checked by hand.

    Attributes:
        v: The version of this shape.
        recording: The recording's id.
        entries: All entries about it, oldest first.
        heads: The heads that the entries lead to, by number.
        keys: Public keys by id, PEM.
    """

    v: Literal[1] = 1
    recording: str
    entries: tuple[EntryOut, ...]
    heads: tuple[HeadOut, ...]
    keys: dict[str, str]


async def excerpt(session: AsyncSession, recording: str, keys: Mapping[str, str]) -> Excerpt:
    """Return the excerpt for one recording.

    Args:
        session: A session to read with.
        recording: The recording's id.
        keys: Public keys by id (Keys.public).

    Raises:
        ManifestUnsigned: The manifest has no entry about it, or no head is signed over one of them
            yet: sign one first (heads.sign).
    """
    entries = await chain.of_recording(session, recording)
    signed: dict[int, ManifestHead] = {}
    told = []
    for entry in entries:
        head = await _head_over(session, entry.seq)
        if head is None:
            raise ManifestUnsigned(recording=recording)
        signed[head.no] = head
        told.append(await _entry(session, entry, head))
    if not told:
        raise ManifestUnsigned(recording=recording)
    return Excerpt(
        recording=recording,
        entries=tuple(told),
        heads=tuple(_head(signed[no]) for no in sorted(signed)),
        keys={h.key: keys[h.key] for h in signed.values() if h.key in keys},
    )


def faults(found: Excerpt, trusted: Mapping[str, str] | None = None) -> list[str]:
    """Say what does not prove in an excerpt; nothing when all is well. Pure.

    Args:
        found: The excerpt.
        trusted: Public keys by id that the reader knows from elsewhere; without, the excerpt's own.
    """
    keys = found.keys if trusted is None else trusted
    heads_by_no = {head.no: head for head in found.heads}
    wrong = [f"entry {e.seq}: {why}" for e in found.entries for why in _entry_faults(found, e)]
    for entry in found.entries:
        head = heads_by_no.get(entry.head)
        climbed = merkle.climb(
            entry.hash, [merkle.Step(step.side, step.hash) for step in entry.path]
        )
        if head is None or f'"root":"{climbed}"' not in head.line:
            wrong.append(f"entry {entry.seq}: its path does not lead to head {entry.head}")
    for head in found.heads:
        if digest(head.line) != head.hash:
            wrong.append(f"head {head.no}: it was changed")
        if head.key not in keys:
            wrong.append(f"head {head.no}: the key {head.key} is not known")
        elif not proves(keys[head.key], head.line, head.signature):
            wrong.append(f"head {head.no}: the signature is not the key's")
    return wrong


def _entry_faults(found: Excerpt, entry: EntryOut) -> list[str]:
    wrong = []
    if digest(entry.line) != entry.hash:
        wrong.append("it was changed")
    if f'"recording":"{found.recording}"' not in entry.line:
        wrong.append("it is about another recording")
    return wrong


async def _head_over(session: AsyncSession, seq: int) -> ManifestHead | None:
    query = (
        select(ManifestHead)
        .where(col(ManifestHead.last) >= seq, col(ManifestHead.first) <= seq)
        .order_by(col(ManifestHead.last))
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def _entry(session: AsyncSession, entry: ManifestEntry, head: ManifestHead) -> EntryOut:
    leaves = await heads.leaves_of(session, head.first, head.last)
    steps: list[dict[str, Any]] = [
        {"side": step.side, "hash": step.hash}
        for step in merkle.path(leaves, entry.seq - head.first)
    ]
    return EntryOut(
        seq=entry.seq,
        line=entry.line,
        hash=entry.hash,
        path=tuple(StepOut.model_validate(step) for step in steps),
        head=head.no,
    )


def _head(head: ManifestHead) -> HeadOut:
    return HeadOut(
        no=head.no, line=head.line, hash=head.hash, key=head.key, signature=head.signature
    )
