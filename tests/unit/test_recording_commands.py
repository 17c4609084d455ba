"""`tongdai recordings keygen` and `rekey`, as they are typed; refusals are one sentence."""

import asyncio
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.config import Ports, settings_text
from telephony.recordings import patience
from telephony.recordings.archive import keyring
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.intake import make_spools
from tests.support.recordings import Rig, tones
from tongdai import cli
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.settings import load

pytestmark = pytest.mark.slow


@dataclass
class Machine:
    """A settings file, a register, and what was said on it."""

    folder: Path
    url: str
    typed: Callable[..., tuple[int, str, str]]

    @property
    def ring(self) -> Path:
        return self.folder / "ring.toml"

    def with_rig(self, *, record: bool) -> list[str | None]:
        """Record a call if wanted; return the keys of all recordings."""

        async def work() -> list[str | None]:
            db = Database(self.url, SystemClock(), Bus())
            rig = Rig(db, self.folder, ring=keyring.read(self.ring))
            if record:
                await rig.call("1764464400.1")
                rig.record("call-1764464400.1.raw", tones(1))
                await rig.intake().round()
            found = [row.key for row in await rig.rows()]
            await db.close()
            return found

        return asyncio.run(work())


@pytest.fixture
def machine(
    tmp_path: Path,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    url = f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'tongdai.db')}"
    file = tmp_path / "tongdai.toml"
    file.write_text(settings_text(tmp_path, Ports(), database_url=url), encoding="utf-8")
    monkeypatch.setenv("TONGDAI_CONFIG", str(file))
    monkeypatch.setenv("TONGDAI_RECORDINGS__KEYRING", str(tmp_path / "ring.toml"))

    def typed(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(["recordings", *words])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return Machine(tmp_path, url, typed)


def test_a_hotlines_key_is_made_used_and_given_to_what_is_archived(machine: Machine) -> None:
    assert machine.typed("keygen", "--encryption")[0] == 0
    (before,) = machine.with_rig(record=True)
    status, said, _ = machine.typed("keygen", "--hotline", "can-tho")
    ring = keyring.read(machine.ring)
    assert (status, ring.use["default"]) == (0, before)
    assert ring.use["can-tho"].startswith("can-tho-")
    assert ring.use["can-tho"] in said
    assert stat.S_IMODE(machine.ring.stat().st_mode) == 0o600
    assert machine.typed("rekey", "--hotline", "gia-lai")[1].startswith("0 recordings")
    assert machine.typed("rekey")[:2] == (
        0,
        "1 recordings have their hotline's present key now\n",
    )
    assert machine.with_rig(record=False) == [ring.use["can-tho"]]
    assert machine.typed("rekey")[1].startswith("0 recordings")


@pytest.mark.parametrize("keys", [{"new": b"n" * 32}, {"new": b"n" * 32, "old": b"w" * 32}])
def test_a_lost_or_wrong_key_stops_it_with_one_sentence(
    machine: Machine, keys: dict[str, bytes]
) -> None:
    keyring._write(machine.ring, KeyRing({"old": b"o" * 32}, {"default": "old"}))
    machine.with_rig(record=True)
    keyring._write(machine.ring, KeyRing(keys, {"default": "new"}))
    status, said, error = machine.typed("rekey")
    assert (status, said) == (1, "")
    assert "key old is missing in the key ring or is another" in error
    assert error.count("\n") == 1
    assert machine.with_rig(record=False) == ["old"]


def test_what_cannot_be_done_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no hotline nowhere" in machine.typed("keygen", "--hotline", "nowhere")[2]
    machine.ring.write_text("[keys]\n[use]\n", encoding="ascii")
    machine.ring.chmod(0o600)
    for words in (("keygen", "--hotline", "can-tho"), ("rekey",)):
        status, _, error = machine.typed(*words)
        assert (status, "names no default" in error) == (1, True)
    monkeypatch.delenv("TONGDAI_RECORDINGS__KEYRING")
    for words in (("keygen", "--hotline", "can-tho"), ("rekey",)):
        assert "keyring names no file" in machine.typed(*words)[2]


def test_what_waits_in_the_spools_is_asked_for_at_once(machine: Machine) -> None:
    (spool,) = make_spools(load())
    status, said, error = machine.typed("retry")
    assert (status, said) == (1, "")
    assert str(spool.folder) in error
    spool.folder.mkdir(parents=True)
    assert machine.typed("retry")[:2] == (0, "main: what waits is tried again within seconds\n")
    assert (spool.folder / patience.RETRY).exists()
