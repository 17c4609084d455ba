"""What the benchmarks on a live world share: operators' accounts, programs that watch, figures."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from argon2 import PasswordHasher

from rig.child import Child
from tests.support.wait import until
from tests.support.world import World
from tongdai.accounts.model import Role
from tongdai.accounts.tables import Account, Membership
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus

HERE = Path(__file__).parents[1]
HOTLINE, NUMBER = "can-tho", "02921022"
OTHER_HOTLINE, OTHER_NUMBER = "gia-lai", "02691022"
PASSWORD = "do-kiem-1022"  # noqa: S105 - of accounts that live as long as the measurement
FIRST_SEAT = 1011
"""The first extension of the benchmark's operators: those below are the sample data's."""


def seats(count: int) -> list[str]:
    """Return the extensions of `count` operators."""
    return [str(FIRST_SEAT + n) for n in range(count)]


def name_of(extension: str) -> str:
    return f"bench{extension}"


def account_of(extension: str) -> dict[str, Any]:
    """Return what somebody signs in with who was hired for an extension."""
    return {"username": name_of(extension), "password": PASSWORD, "extension": extension}


async def hire(world: World, extensions: Sequence[str], hotline: str = HOTLINE) -> None:
    """Make an operator's account for each extension in the world's database."""
    known = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    db = Database(world.settings.database.url, SystemClock(), Bus())
    async with db.write() as tx:
        for extension in extensions:
            account = Account(
                username=name_of(extension),
                full_name=f"Nguyễn {extension}",
                password_hash=known,
                extension=extension,
                created_at=tx.now,
            )
            tx.session.add(account)
            member = Membership(account_id=account.id, hotline=hotline, role=Role.OPERATOR)
            tx.session.add(member)
    await db.close()


class Watch:
    """A program of this package that prints lines, read while it runs."""

    def __init__(self, world: World, module: str, *arguments: str) -> None:
        self.child = Child(
            module,
            [sys.executable, "-u", "-m", f"benchmarks.{module}", *arguments],
            world.folder / "logs" / f"{module}.txt",
            environment={"TONGDAI_CONFIG": str(world.folder / "tongdai.toml")},
            folder=HERE,
        )

    async def ready(self, within: float) -> None:
        """Return when it has said so."""

        def there() -> bool:
            self.assert_well()
            return "ready" in self.child.log.read_text(encoding="utf-8").split("\n")

        await until(there, within=within, every=0.1)

    def assert_well(self) -> None:
        """Fail with what it said last when it has ended."""
        assert self.child.running, self.child.tail()

    def lines(self, kind: str) -> Iterator[list[str]]:
        """Return what it has told of a kind: the words of each whole line after the kind."""
        text = self.child.log.read_text(encoding="utf-8")
        for line in text[: text.rfind("\n") + 1].splitlines():
            word, *rest = line.split(" ")
            if word == kind:
                yield rest


@contextmanager
def watching(*watches: Watch) -> Iterator[None]:
    """Run the programs; they end with the block."""
    try:
        for watch in watches:
            watch.child.start()
        yield
    finally:
        for watch in watches:
            watch.child.kill()


def spread(milliseconds: Sequence[float]) -> dict[str, Any]:
    """Return how many there are, p50, p99 and the longest, in milliseconds."""
    found = sorted(milliseconds)
    if not found:
        return {"count": 0, "p50": None, "p99": None, "max": None}
    return {
        "count": len(found),
        "p50": round(found[len(found) // 2], 2),
        "p99": round(found[min(int(len(found) * 0.99), len(found) - 1)], 2),
        "max": round(found[-1], 2),
    }


class Cpu:
    """CPU seconds of programs with all that they started, between two looks."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._before = {name: _seconds(pid) for name, pid in pids.items()}

    def used(self) -> dict[str, float]:
        """Return the seconds since this object was made."""
        return {n: round(_seconds(p) - self._before[n], 2) for n, p in self._pids.items()}


def _seconds(pid: int) -> float:
    """CPU so far of a program and what it started; one that has ended counts nothing."""
    total = 0.0
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
