"""`tongdai recordings ...`: keys, the manifest's head, and the proof of the whole archive."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from rich.progress import TransferSpeedColumn as SpeedColumn

from telephony.recordings.archive import Archive, keyring
from telephony.recordings.archive.build import make_archive, make_keys
from telephony.recordings.errors import (
    KeyRingUnusable,
    RekeyRunning,
    SigningKeyMissing,
    StoredDamaged,
)
from telephony.recordings.errors import RecordingKeyMissing as KeyMissing
from telephony.recordings.errors import RecordingKeyWrong as KeyWrong
from telephony.recordings.manifest import heads
from telephony.recordings.manifest.beside import catch_up
from telephony.recordings.manifest.tables import ManifestHead
from telephony.recordings.proof.problem import Problem
from telephony.recordings.proof.verify import Step, total, verify
from telephony.recordings.rekey import rekey, to_rekey
from tongdai.clock import OffsetClock, SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.db import Database
from tongdai.development.service import offset
from tongdai.settings import Settings


def recordings_verify(*, as_json: bool, resume: bool) -> None:
    """Walk manifest, rows and objects; end with status 1 when something does not prove."""
    problems = run(_verify(settings(), as_json=as_json, resume=resume))
    if problems:
        sys.exit(1)
    if not as_json:
        say("every recording is there, as it was sealed, and the manifest is whole")


def recordings_keygen(hotline: str, *, encryption: bool) -> None:
    """Make the key that signs the manifest, or one that encrypts recordings.

    Raises:
        CommandError: There is no place for it.
    """
    found = settings()
    if encryption or hotline:
        _keygen_ring(found, hotline)
        return
    keys = make_keys(found)
    try:
        signer = keys.generate()
    except OSError as error:
        message = f"{keys.folder}: cannot be written ({error.strerror})"
        raise CommandError(message) from error
    say(f"key {signer.key}: private in {keys.folder / 'manifest.pem'} (keep a copy elsewhere)")
    say(f"public: {keys.folder / (signer.key + '.pub.pem')} (publish it)")


def recordings_head(*, as_json: bool, sign: bool) -> None:
    """Print the newest signed head, for publication.

    Raises:
        CommandError: Nothing is signed yet, or there is no key.
    """
    head = run(_head(settings(), sign=sign))
    if head is None:
        message = "no head is signed yet (the service signs one a day; --sign signs one now)"
        raise CommandError(message)
    told = {
        **json.loads(head.line),
        "line": head.line,
        "sha256": head.hash,
        "signature": head.signature,
    }
    if as_json:
        print_json(told)
        return
    for name in ("no", "until", "first", "last", "root", "sha256", "key", "signature"):
        say(f"{name:>9}: {told[name]}")


def recordings_rekey(hotline: str) -> None:
    """Encrypt every recording with its hotline's present key; may be stopped and run again.

    Raises:
        CommandError: There is no key ring, a key is missing or wrong, or another rekey works.
    """
    found = settings()
    if found.recordings.keyring is None:
        message = "[recordings] keyring names no file: there is no key to encrypt with"
        raise CommandError(message)
    try:
        done = run(_rekey(found, hotline or None))
    except (KeyMissing, KeyWrong) as error:
        message = f"key {error.ids['key']} is missing in the key ring or is another: restore it"
        raise CommandError(message) from error
    except RekeyRunning as error:
        message = f"another rekey works on {error.ids['archive']}: let it end"
        raise CommandError(message) from error
    except StoredDamaged as error:
        message = "an object is damaged: see `tongdai recordings verify`"
        raise CommandError(message) from error
    say(f"{done} recordings have their hotline's present key now")


async def _verify(found: Settings, *, as_json: bool, resume: bool) -> list[Problem]:
    archive, keys = _archive(found), make_keys(found)
    state = archive.root / ".verify"
    problems: list[Problem] = []
    async with register(found) as db:
        await _set_clock(db, found)
        count, size = await total(db)
        after = state.read_text(encoding="ascii") if resume and state.exists() else ""
        with _bar() as bar:
            task = bar.add_task("verify", total=size)

            def on_step(step: Step) -> None:
                state.write_text(step.last, encoding="ascii")
                bar.advance(task, step.bytes)

            async for problem in verify(db, archive, keys, after=after, on_step=on_step):
                problems.append(problem)
                _tell(problem, as_json=as_json)
    state.unlink(missing_ok=True)
    if not as_json:
        say(f"{count} recordings, {size} bytes")
    return problems


def _tell(problem: Problem, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "recording": problem.recording,
                "path": problem.path,
                "why": problem.why,
                "detail": problem.detail,
            }
        )
        return
    detail = f" ({problem.detail})" if problem.detail else ""
    about = f", recording {problem.recording}" if problem.recording else ""
    say(f"{problem.path}: {problem.why}{detail}{about}")


async def _head(found: Settings, *, sign: bool) -> ManifestHead | None:
    keys = make_keys(found)
    async with register(found) as db:
        await _set_clock(db, found)
        if sign:
            try:
                signer = keys.signer()
            except SigningKeyMissing as missing:
                message = f"{missing.ids['file']}: no key (tongdai recordings keygen makes it)"
                raise CommandError(message) from missing
            async with db.write() as tx:
                await heads.sign(tx, signer)
            await catch_up(db, _archive(found), keys.public())
        async with db.read() as session:
            return await heads.latest(session)


async def _rekey(found: Settings, hotline: str | None) -> int:
    archive, done = _archive(found), 0
    async with register(found) as db:
        await _set_clock(db, found)
        with _bar() as bar:
            task = bar.add_task("rekey", total=await to_rekey(db, archive, hotline))
            async for size in rekey(db, archive, hotline, on_removed=_say_removed):
                done += 1
                bar.advance(task, size)
    return done


def _say_removed(objects: int) -> None:
    say(f"{objects} objects that a stopped rekey had left are removed")


async def _set_clock(db: Database, found: Settings) -> None:
    """Go by the service's clock, which a developer may have moved."""
    if found.development.enabled:
        async with db.read() as session:
            db.clock = OffsetClock(await offset(session))


def _archive(found: Settings) -> Archive:
    try:
        return make_archive(found)
    except KeyRingUnusable as error:
        message = f"{error.ids['file']}: {error.ids['why']}"
        raise CommandError(message) from error


def _keygen_ring(found: Settings, hotline: str) -> None:
    file = found.recordings.keyring
    if file is None:
        message = "[recordings] keyring names no file to put the key into"
        raise CommandError(message)
    if hotline and found.hotline_by_id(hotline) is None:
        message = f"there is no hotline {hotline}"
        raise CommandError(message)
    number = SystemClock().now().strftime("%y%m%d%H%M%S")
    key_id = f"{(hotline or 'all')[:18]}-{number}"
    try:
        keyring.add(Path(file).resolve(), hotline or None, key_id)
    except (KeyRingUnusable, OSError) as error:
        message = f"{file}: {error}"
        raise CommandError(message) from error
    say(f"key {key_id} is in {file} and is used from the service's next start on (keep a copy)")


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        SpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
