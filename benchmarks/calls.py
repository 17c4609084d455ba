"""How many calls at once: SIPp at a rising rate, with sound and recording, until 1 % goes wrong.

    python -m benchmarks.calls [--most RATE]        prints JSON

Each step places calls at one rate for some seconds; citizens (SIPp, with RTP) talk for ten seconds
to operators (desk telephones of a second Asterisk, consoles over WebSocket). A call has gone wrong
when it never rang, when its push came more than a second after the ring, or when it was answered
and its recording is missing or shorter than nine tenths of the talk. Everything runs on this one
machine: SIPp and the second Asterisk take their share of it.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from benchmarks.floor import HOTLINE, NUMBER, Cpu, Watch, hire, name_of, seats, spread, watching
from benchmarks.make_capture import INVITE
from telephony.calls.tables import CallRow
from telephony.recordings.tables import Recording
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus

RATES = (2, 5, 8, 11, 14)
OPERATORS = 150
"""So many that each is free again: 14 calls a second of ten seconds are 140 at once."""
PLACING_SECONDS = 12
TALK_SECONDS = 10
LIMIT_SECONDS = 130.0
"""No further step begins after so long."""
SETTLE_SECONDS = 15
LATE_SECONDS = 1.0
MOST_WRONG = 0.01
PAUSE = '<pause distribution="uniform" min="400" max="5000"/>'
SPEAK = (
    '<nop><action><exec rtp_stream="{sound},-1,8"/></action></nop>'
    f'<pause milliseconds="{TALK_SECONDS * 1000}"/>'
)


@dataclass(frozen=True, slots=True)
class Row:
    """A call as the register has it: its talk and its recording in seconds."""

    answered: bool
    ended: bool
    talk: float
    recorded: float


class Steps:
    """The steps on one world."""

    def __init__(self, world: World, service: Service, wire: Watch, people: Watch) -> None:
        self._world, self._service, self._wire, self._people = world, service, wire, people
        self._db = Database(world.settings.database.url, SystemClock(), Bus())
        self._scenario = world.folder / "citizen.xml"
        self._step = 0

    async def close(self) -> None:
        """Let go of the database."""
        await self._db.close()

    async def write_scenario(self) -> None:
        """Write SIPp's scenario and what its citizens say (440 Hz, A-law)."""
        sound = self._world.folder / "tone.al"
        made = ["sox", "-n", "-r", "8000", "-c", "1", "-t", "al", str(sound)]
        await asyncio.to_thread(
            subprocess.run, [*made, "synth", "5", "sine", "440", "gain", "-20"], check=True
        )
        text = INVITE.replace(PAUSE, SPEAK.format(sound=sound))
        text = text.replace("m=audio 6000 RTP", "m=audio [rtpstream_audio_port] RTP")
        self._scenario.write_text(text, encoding="utf-8")

    async def take(self, rate: int) -> dict[str, Any]:
        """Place calls at a rate, let them end, count."""
        self._step += 1
        count = rate * PLACING_SECONDS
        numbers = [f"09{20000000 + self._step * 10000 + n}" for n in range(count)]
        people = self._world.folder / "people.csv"
        lines = [f"Nguyễn Thị Bé Ba;{number};{NUMBER}" for number in numbers]
        people.write_text("\n".join(["SEQUENTIAL", *lines]) + "\n", encoding="utf-8")
        sipp = await self._sipp(people, count, rate)
        with _ending(sipp):
            await asyncio.sleep(PLACING_SECONDS / 2)
            cpu = Cpu(**self._pids(), sipp=sipp.pid)
            await asyncio.sleep(PLACING_SECONDS / 2)
            used = {k: round(v / (PLACING_SECONDS / 2), 2) for k, v in cpu.used().items()}
            talking = await self._in_progress()
            self._assert_well(sipp)
            async with asyncio.timeout(TALK_SECONDS + 20):
                await sipp.wait()
        return {"calls_a_second": rate, **talking, **await self._count(numbers), "cpus_used": used}

    async def _sipp(self, people: Path, count: int, rate: int) -> asyncio.subprocess.Process:
        pbx = self._world.pbx
        arguments = ["-sf", str(self._scenario), "-inf", str(people), "-i", "127.0.0.2"]
        arguments += ["-p", "5999", "-m", str(count), "-r", str(rate), "-nostdin"]
        arguments += ["-l", "2000", "-mp", "30000"]
        arguments += ["-timeout", str(PLACING_SECONDS + TALK_SECONDS + 15), "-timeout_error"]
        arguments += ["-default_behaviors", "all,-abortunexp"]
        with (self._world.folder / "logs" / "sipp.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig=KILL", "--", "sipp", *arguments),
                f"{pbx.sip_host}:{pbx.sip_port}",
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._world.folder,
            )

    def _assert_well(self, sipp: asyncio.subprocess.Process) -> None:
        log = self._world.folder / "logs" / "sipp.log"
        assert sipp.returncode is None, log.read_text(errors="replace")[-2000:]

    def _pids(self) -> dict[str, int]:
        return {
            "service": self._service.child.pid,
            "asterisk": self._world.asterisk.child.pid,
            "desk_telephones": self._world.carrier.asterisk.child.pid,
            "consoles": self._people.child.pid,
        }

    async def _in_progress(self) -> dict[str, int]:
        async with self._world.ami() as ami:
            await ami.action("CoreShowChannels")
            count = 0
            while (packet := await ami.next_event()).get("Event") != "CoreShowChannelsComplete":
                count += packet.get("Channel", "").startswith("PJSIP/carrier")
        return {"calls_in_progress": count}

    async def _count(self, numbers: list[str]) -> dict[str, Any]:
        """Wait until all is written, and say what went wrong."""
        wanted = set(numbers)

        async def written() -> bool:
            rows = await self._rows(wanted)
            return all(r.ended and (not r.answered or r.recorded) for r in rows.values())

        with contextlib.suppress(AssertionError):
            await until(written, within=SETTLE_SECONDS, every=0.5)
        rows = await self._rows(wanted)
        self._wire.assert_well()
        self._people.assert_well()
        rings = {n: int(b) / 1e9 for n, _, b in self._wire.lines("ring") if n in wanted}
        pops: dict[str, float] = {}
        for number, at in self._people.lines("pop"):
            if number in rings:
                pops.setdefault(number, int(at) / 1e9)
        late = {n: at - rings[n] for n, at in pops.items()}
        popped = {n for n, seconds in late.items() if seconds <= LATE_SECONDS}
        lost = {n for n, r in rows.items() if r.answered and r.recorded < 0.9 * r.talk}
        wrong = (wanted - popped) | lost
        return {
            "placed": len(wanted),
            "in_register": len(rows),
            "answered": sum(r.answered for r in rows.values()),
            "not_popped": len(wanted - popped),
            "not_recorded_whole": len(lost),
            "wrong": round(len(wrong) / len(wanted), 4),
            "push_above_wire_ms": spread([seconds * 1000 for seconds in late.values()]),
        }

    async def _rows(self, numbers: set[str]) -> dict[str, Row]:
        query = (
            select(
                col(CallRow.caller_raw),
                col(CallRow.answered_at),
                col(CallRow.ended_at),
                col(Recording.seconds),
            )
            .join(Recording, col(Recording.call) == col(CallRow.id), isouter=True)
            .where(col(CallRow.caller_raw) >= min(numbers), col(CallRow.caller_raw) <= max(numbers))
        )
        found = {}
        async with self._db.read() as session:
            for number, answered, ended, seconds in (await session.execute(query)).all():
                talk = (ended - answered).total_seconds() if answered and ended else 0.0
                found[number] = Row(answered is not None, ended is not None, talk, seconds or 0.0)
        return found


@contextlib.contextmanager
def _ending(process: asyncio.subprocess.Process) -> Any:
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()


async def run(folder: Path, most: int) -> dict[str, Any]:
    desks = seats(OPERATORS)
    changes: dict[str, dict[str, object]] = {"hotline": {"wrap_up_seconds": 0}}
    pool = (1001, int(desks[-1]))
    async with (
        World(folder, hotlines=(HOTLINE,), desks=desks, seats=pool, changes=changes) as world,
        Service(world, from_disk=True) as service,
    ):
        await hire(world, desks)
        wire = Watch(world, "bare_ami")
        people = Watch(world, "operators", service.base, *map(name_of, desks))
        with watching(wire, people):
            await wire.ready(within=15)
            await people.ready(within=90)
            steps = Steps(world, service, wire, people)
            try:
                await steps.write_scenario()
                return await climb(steps, [r for r in RATES if r <= most])
            finally:
                await steps.close()


async def climb(steps: Steps, rates: list[int]) -> dict[str, Any]:
    """Take step after step until one goes wrong, or the time is over."""
    now = asyncio.get_running_loop().time
    end, done = now() + LIMIT_SECONDS, list[dict[str, Any]]()
    ended = "the highest rate that is tried"
    for rate in rates:
        if now() > end:
            ended = f"no step begins after {LIMIT_SECONDS:.0f} s"
            break
        done.append(await steps.take(rate))
        if done[-1]["wrong"] > MOST_WRONG:
            ended = "1 % of the calls went wrong"
            break
    good = [step for step in done if step["wrong"] <= MOST_WRONG]
    return {
        "operators": OPERATORS,
        "talk_seconds": TALK_SECONDS,
        "ended_by": ended,
        "carried": good[-1] if good else None,
        "broken_at": done[-1] if done[-1]["wrong"] > MOST_WRONG else None,
        "steps": done,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=RATES[-1], help="the highest rate tried")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-calls-") as folder:
        print(json.dumps(asyncio.run(run(Path(folder), given.most)), indent=2))


if __name__ == "__main__":
    main()
