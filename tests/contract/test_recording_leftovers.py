"""A rekey that was killed leaves nothing behind: the next removes what it had noted as its own."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from telephony.recordings.archive import Archive, keyring
from telephony.recordings.errors import RekeyRunning
from telephony.recordings.leftovers import Leftovers
from telephony.recordings.proof.verify import verify
from telephony.recordings.rekey import rekey
from tests.support.recordings import Rig, tones
from tongdai.db import Database


class KilledError(BaseException):
    """What a kill is to the code: nothing after it runs."""


@pytest.fixture
async def rig(database: Database, tmp_path: Path) -> Rig:
    """Two recordings under the first key; the second is in use."""
    ring = tmp_path / "ring.toml"
    rig = Rig(database, tmp_path, ring=keyring.add(ring, None, "first"))
    for i in range(2):
        await rig.call(f"176446440{i}.1")
        rig.record(f"call-176446440{i}.1.raw", tones(0.2 + i / 10))
    await rig.intake().round()
    rig.intake().close()
    rig.ring = keyring.add(ring, "can-tho", "second")
    return rig


def killed_at(archive: Archive, doing: str) -> Archive:
    """Return an archive whose store dies at `put` (when it is done) or before `delete`."""
    store = archive.objects

    class Dying:
        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        async def put(self, source: Path, name: str) -> None:
            await store.put(source, name)
            if doing == "put":
                raise KilledError

        async def delete(self, name: str) -> None:
            if doing == "delete":
                raise KilledError
            await store.delete(name)

    archive.objects = Dying()  # type: ignore[assignment]  # the rest of it by __getattr__
    return archive


async def found(rig: Rig) -> list[str]:
    return [p.why async for p in verify(rig.db, rig.kept())]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("doing", ["put", "delete"])
async def test_what_a_killed_rekey_left_is_removed_by_the_next(rig: Rig, doing: str) -> None:
    with pytest.raises(KilledError):
        _ = [step async for step in rekey(rig.db, killed_at(rig.kept(), doing))]
    assert await found(rig) == ["no_row"]
    (rig.archive / ".incoming" / ".rekey-killed").mkdir()  # its work folder, too
    foreign = rig.archive / "2026" / "nobodys.flac"
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_bytes(b"put there by somebody")

    left = 2 if doing == "put" else 1
    assert len([step async for step in rekey(rig.db, rig.kept())]) == left
    assert await found(rig) == ["no_row"]  # what it has not noted is not touched
    foreign.unlink()
    assert await found(rig) == []
    rows = await rig.rows()
    assert {row.key for row in rows} == {"second"}
    objects = [p for p in rig.archived_files() if ".rekey" not in p.parts]
    assert objects == sorted(rig.archive / row.path for row in rows)
    assert not list((rig.archive / ".incoming").glob(".rekey-*"))
    assert [p.name for p in (rig.archive / ".rekey").iterdir()] == [".lock"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_second_rekey_waits_for_nobody_and_removes_nothing(rig: Rig) -> None:
    steps = rekey(rig.db, rig.kept())
    await anext(steps)
    Leftovers(rig.kept()).note("x", "old", (await rig.rows())[0].path)
    with pytest.raises(RekeyRunning):
        _ = [step async for step in rekey(rig.db, rig.kept())]
    await steps.aclose()
    assert len([step async for step in rekey(rig.db, rig.kept())]) == 1
    assert await found(rig) == []


async def test_a_rekey_that_a_real_kill_ends_is_put_right_by_the_next(rig: Rig) -> None:
    """Killed with a file placed, then with a row changed: the database knows, whoever died."""
    sounds = {row.sha256 for row in await rig.rows()}
    url = rig.db.url.render_as_string(hide_password=False)
    words = (url, str(rig.archive), str(rig.folder / "ring.toml"))
    for doing in ("put", "delete"):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.dying_rekey", *words, doing
        )
        assert await child.wait() == -signal.SIGKILL
        assert await found(rig) == ["no_row"]
    assert {row.key for row in await rig.rows()} == {"first", "second"}
    assert len([step async for step in rekey(rig.db, rig.kept())]) == 1
    assert await found(rig) == []
    rows = await rig.rows()
    assert ({row.key for row in rows}, {row.sha256 for row in rows}) == ({"second"}, sounds)
