"""Persons' own recordings of a hotline's prompts: which there are, and which are in force.

They lie in the database, so that every node has them; the file that the PBX plays is made from it.
A recording is bound to its words: when a text changes, the machine speaks the new one, and the
recording is shown as outdated. Nobody hears an old text in a familiar voice.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.flow.graph import languages_of
from ivr.flow.model import Flow, LookUp, Menu
from ivr.flow.sentences import sentences
from ivr.flow.state import PLACEHOLDERS, menu_text
from ivr.prompt_builder import (
    IN_ENGLISH,
    PromptError,
    english_texts,
    in_one_step,
    make,
    prompt_in_pbx,
    texts,
)
from ivr.speech.cleaning import clean
from ivr.tables import PromptEdition
from ivr.ticket_words import WHOLE
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()
RETRY_SECONDS = 1.0
PBX = "pbx:"
"""Names of prompts that the dialplan plays by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A prompt of a hotline.

    Attributes:
        name: As an edition has it.
        language: `vi` or `en`.
        words: What is said, as it is spoken.
    """

    name: str
    language: str
    words: str


def words_of(text: str, language: str) -> str:
    """Return a text as it is spoken; English is left to the voice."""
    return (text if language != "vi" else clean(text)).strip(" .,;")


def entries(flow: Flow | None) -> list[Entry]:
    """Return every prompt of a hotline's menus, each name once, in their order."""
    found: dict[str, Entry] = {}
    for name, language, text in of_flow(flow) if flow else ():
        words = words_of(text, language)
        if words:
            found.setdefault(name, Entry(name=name, language=language, words=words))
    return list(found.values())


@dataclass(slots=True)
class Voices:
    """The recordings in force.

    Attributes:
        settings: Where the prompts lie.
        files: (hotline, language, words) -> the file that is played.
        seen: How far the editions were read.
    """

    settings: Settings
    files: dict[tuple[str, str, str], Path] = field(default_factory=dict)
    seen: tuple[int, int] = (0, 0)

    async def run(self, db: Database) -> None:
        """Take over what is there when the service starts; then end waiting."""
        while True:
            try:
                async with db.read() as session:
                    await self.refresh(session)
            except DatabaseAway:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def refresh(self, session: AsyncSession) -> None:
        """Take over what was changed, here or by another node."""
        query = select(func.count(), func.coalesce(func.max(col(PromptEdition.id)), 0))
        count, latest = (await session.execute(query.select_from(PromptEdition))).one()
        if (count, latest) == self.seen:
            return
        newest = await self._newest(session)
        files = {}
        for row in newest:
            if row.sound is not None:
                path = self._folder(row.hotline) / f"{hashlib.sha256(row.sound).hexdigest()}.wav"
                if not path.exists():
                    await asyncio.to_thread(write_sound, path, row.sound)
                files[row.hotline, row.language, row.words] = path
        self.files = files
        await asyncio.to_thread(self._of_pbx, newest)
        self.seen = (count, latest)

    def file(self, hotline: str, language: str, text: str) -> Path | None:
        """Return a person's recording of a text; None: the machine speaks it."""
        if not self.files:
            return None
        path = self.files.get((hotline, language, words_of(text, language)))
        return path if path is not None and path.exists() else None

    async def _newest(self, session: AsyncSession) -> list[PromptEdition]:
        latest = select(func.max(col(PromptEdition.id))).group_by(
            col(PromptEdition.hotline), col(PromptEdition.name)
        )
        query = select(PromptEdition).where(col(PromptEdition.id).in_(latest.scalar_subquery()))
        return list((await session.execute(query.order_by(col(PromptEdition.id)))).scalars())

    def _of_pbx(self, newest: list[PromptEdition]) -> None:
        """Put in place what the dialplan plays by name; blocking."""
        for row in newest:
            hotline = self.settings.hotline_by_id(row.hotline)
            if hotline is None or not row.name.startswith(PBX):
                continue
            name = row.name.removeprefix(PBX)
            machine = prompt_in_pbx(self.settings, hotline, name)
            if machine is None:
                continue
            if row.sound is not None and words_of(machine.text, row.language) == row.words:
                write_sound(machine.path, row.sound)
                machine.path.with_suffix(".said").unlink(missing_ok=True)
            elif not machine.path.with_suffix(".said").exists():
                machine.path.unlink(missing_ok=True)
                try:
                    make(machine)
                except PromptError:
                    log.exception("prompt.not_spoken", prompt=row.name)

    def _folder(self, hotline: str) -> Path:
        return self.settings.prompts.folder.resolve() / "own" / hotline


async def put(
    tx: Tx, hotline: str, entry: Entry, *, source: str, sound: bytes | None, by: Viewer
) -> PromptEdition:
    """Write an edition down with who and when; it holds for the next call after the commit.

    Args:
        tx: The open transaction.
        hotline: Whose prompt.
        entry: Which one, with its words.
        source: uploaded, recorded or machine.
        sound: The prompt; None: back to the machine.
        by: Who.
    """
    row = PromptEdition(
        hotline=hotline,
        name=entry.name,
        language=entry.language,
        words=entry.words,
        source=source,
        sound=sound,
        at=tx.now,
        by=by.id,
    )
    tx.session.add(row)
    digest = hashlib.sha256(sound).hexdigest() if sound else ""
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=hotline,
        kind="prompt_changed",
        actor=by.id,
        data={"prompt": entry.name, "source": source, "sha256": digest},
    )
    return row


async def newest_of(session: AsyncSession, hotline: str) -> dict[str, PromptEdition]:
    """Return the latest edition of each prompt of a hotline that has one."""
    latest = (
        select(func.max(col(PromptEdition.id)))
        .where(col(PromptEdition.hotline) == hotline)
        .group_by(col(PromptEdition.name))
    )
    query = select(PromptEdition).where(col(PromptEdition.id).in_(latest.scalar_subquery()))
    return {row.name: row for row in (await session.execute(query)).scalars()}


def of_flow(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """Give every text of a flow: its name, its language, the text."""
    yield "greeting", flow.language, flow.greeting
    yield "notice", flow.language, flow.notice
    spoken = languages_of(flow)
    for step in flow.step:
        text = menu_text(flow, step) if isinstance(step, Menu) else getattr(step, "say", "")
        for language in sorted(spoken[step.id]):
            for number, part in enumerate(_whole_parts(text), 1):
                place = f":{number}" if number > 1 else ""
                yield f"step:{step.id}{place}:{language}", language, part
    for language in sorted(set().union(*spoken.values())):
        words = sentences(flow.sentences, language)
        for name in words.__dataclass_fields__:
            yield f"sentence:{name}:{language}", language, getattr(words, name)
    if any(isinstance(step, LookUp) for step in flow.step):
        for number, told in enumerate(WHOLE, 1):
            yield f"sentence:ticket-{number}:vi", "vi", told


def of_pbx(hotline: HotlineTable, *, english: bool) -> Iterator[Entry]:
    """Give what the dialplan plays by itself; in English what app_queue says between."""
    for name, text in texts(hotline).items():
        if "{" not in text:
            yield Entry(name=f"{PBX}{name}", language="vi", words=words_of(text, "vi"))
    for name, text in english_texts().items() if english else ():
        yield Entry(name=f"{PBX}{IN_ENGLISH}{name}", language="en", words=words_of(text, "en"))


def _whole_parts(text: str) -> list[str]:
    for name in PLACEHOLDERS:
        text = text.replace(f"{{{name}}}", "\0")
    return [part for part in (p.strip(" .,;") for p in text.split("\0")) if part]


def write_sound(path: Path, sound: bytes) -> None:
    """Replace a prompt's file in one step: the PBX may be playing it."""
    with in_one_step(path) as partial:
        partial.write_bytes(sound)
