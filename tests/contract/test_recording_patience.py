"""A file that cannot be archived is encoded ever more rarely; the alarm stands (CT-11.1)."""

from pathlib import Path

import pytest

from telephony.recordings import audio, patience
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.errors import SealMismatch
from telephony.recordings.intake import Intake, Pace
from telephony.recordings.patience import Patience
from telephony.recordings.spool import Spool
from tests.support.recordings import Rig, tones
from tongdai.db import Database
from tongdai.health import State

PACE = Pace(rescan=3, settle=0, unknown=600, longest=600)
FIRST, SECOND, OTHER = "call-1764464400.1.raw", "call-1764464400.2.raw", "call-1764464400.3.raw"
seal = audio.seal


class Spooled:
    """A rig under a hand clock whose encoder fails for some files, as a broken library does."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig, self.now = Rig(database, folder), 1000.0
        self.rig.now = lambda: self.now
        self.broken: dict[str, Exception] = {}
        self.tried: list[tuple[str, float]] = []
        monkeypatch.setattr(audio, "seal", self._seal)
        self.intake: Intake = self.rig.intake(pace=PACE)

    def _seal(self, source: audio.Source, work: Path, form: str) -> object:
        name = source.path.name
        self.tried.append((name, self.now - 1000))
        if name in self.broken:
            raise self.broken[name]
        return seal(source, work, form)

    async def looks(self, seconds: float) -> None:
        """Look every three seconds for so long."""
        end = self.now + seconds
        while self.now < end:
            await self.intake.round()
            self.now += 3

    def times(self, name: str = FIRST) -> list[float]:
        """Return at which seconds a file was encoded."""
        return [at for one, at in self.tried if one == name]

    async def alarm(self) -> str:
        part = (await self.intake.health())["spool"]
        return part.detail if part.state is State.DEGRADED else ""


@pytest.fixture
def spooled(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spooled:
    made = Spooled(database, tmp_path, monkeypatch)
    made.rig.record(FIRST)
    made.broken[FIRST] = SealMismatch(file="one")
    return made


def test_each_failure_doubles_the_pause_to_ten_minutes(tmp_path: Path) -> None:
    now = [0.0]
    spool = Spool("main", tmp_path, lambda: now[0])
    (tmp_path / FIRST).write_bytes(tones(1))
    (file,) = spool.look().files
    waits, tried = Patience(first=6, longest=600), list[float]()
    while now[0] < 2400:
        if waits.lets(spool, file):
            waits.failed(spool, file, SealMismatch(file="one"))
            tried.append(now[0])
        now[0] += 3
    assert tried == [0, 6, 18, 42, 90, 186, 378, 762, 1362, 1962]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_it_is_encoded_no_oftener_than_that_and_the_alarm_stands_until_it_is_taken(
    spooled: Spooled,
) -> None:
    await spooled.looks(96)
    assert spooled.times() == [0, 6, 18, 42, 90]
    assert FIRST in await spooled.alarm()
    spooled.broken.clear()
    await spooled.looks(84)
    assert FIRST in await spooled.alarm()
    await spooled.looks(12)
    assert len(await spooled.rig.rows()) == 1
    assert await spooled.alarm() == ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_others_are_taken_meanwhile_and_an_administrator_has_it_tried_at_once(
    spooled: Spooled,
) -> None:
    await spooled.looks(96)
    spooled.rig.record(OTHER)
    spooled.broken.clear()
    await spooled.looks(3)
    assert [row.linkedid for row in await spooled.rig.rows()] == [OTHER[5:-4]]
    patience.ask(spooled.rig.spool)
    await spooled.looks(3)
    assert spooled.times()[-1] == spooled.now - 1003
    assert len(await spooled.rig.rows()) == 2
    assert await spooled.alarm() == "", "what is asked with is no strange file"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_changed_file_and_those_that_failed_alike_are_tried_at_once(
    spooled: Spooled,
) -> None:
    spooled.rig.record(SECOND)
    spooled.rig.record(OTHER)
    spooled.broken |= {SECOND: SealMismatch(file="two"), OTHER: OSError(5, "Input/output error")}
    await spooled.looks(96)
    tried = len(spooled.times(OTHER))
    spooled.broken.clear()
    spooled.rig.record(FIRST, tones(2))
    await spooled.looks(6)
    assert {row.linkedid for row in await spooled.rig.rows()} == {FIRST[5:-4], SECOND[5:-4]}
    assert len(spooled.times(OTHER)) == tried, "it failed for another reason, and waits"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_missing_key_is_looked_for_each_time_and_costs_no_encoding(
    spooled: Spooled,
) -> None:
    spooled.broken.clear()
    await spooled.rig.call("1764464400.1")
    spooled.rig.ring = KeyRing({}, {"default": "k1"})
    spooled.intake = spooled.rig.intake(pace=PACE)
    await spooled.looks(60)
    assert spooled.tried == []
    assert FIRST in await spooled.alarm()
    assert spooled.rig.ring is not None
    spooled.rig.ring.keys["k1"] = b"k" * 32
    await spooled.looks(3)
    assert len(await spooled.rig.rows()) == 1
