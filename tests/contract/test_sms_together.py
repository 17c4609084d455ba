import asyncio
from collections.abc import Sequence

import pytest

from sms.together import MOST, Together
from tongdai.db import DatabaseAway


class Worker:
    """Counts its rounds; refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.bad: set[int] = set()
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def work(self, items: Sequence[int]) -> list[int]:
        self.rounds.append(list(items))
        await self.gate.wait()
        if self.away:
            raise DatabaseAway
        if self.bad & set(items):
            message = "cannot be done"
            raise ValueError(message)
        return [n * 10 for n in items]


async def test_what_comes_meanwhile_is_done_in_one_round_in_its_order() -> None:
    worker = Worker()
    together: Together[int, int] = Together(worker.work)
    answers = await asyncio.gather(*(together.do(n) for n in range(MOST + 20)))
    assert answers == [n * 10 for n in range(MOST + 20)]
    assert [len(r) for r in worker.rounds] == [MOST, 20]
    assert await together.do(7) == 70, "nobody waits for company"


async def test_one_that_cannot_be_done_fails_alone() -> None:
    worker = Worker()
    worker.bad = {2}
    together: Together[int, int] = Together(worker.work)
    answers = await asyncio.gather(*(together.do(n) for n in range(4)), return_exceptions=True)
    assert [type(a) for a in answers] == [int, int, ValueError, int]


async def test_a_database_that_is_away_is_told_to_all_and_asked_once() -> None:
    worker = Worker()
    worker.away = True
    together: Together[int, int] = Together(worker.work)
    answers = await asyncio.gather(*(together.do(n) for n in range(5)), return_exceptions=True)
    assert all(isinstance(a, DatabaseAway) for a in answers)
    assert len(worker.rounds) == 1


async def test_whoever_goes_away_takes_nobody_along() -> None:
    worker = Worker()
    worker.gate.clear()
    together: Together[int, int] = Together(worker.work)
    leaving = asyncio.create_task(together.do(1))
    staying = asyncio.create_task(together.do(2))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    worker.gate.set()
    assert await staying == 20
