import asyncio

from tests.support.wait import until
from tongdai.db import DatabaseAway
from tongdai.errands import Errands
from tongdai.errors import Conflict


async def test_errands_wait_for_the_database_and_keep_their_order() -> None:
    errands, done, away = Errands(retry_seconds=0.01), list[str](), [True]

    async def first() -> None:
        if away[0]:
            raise DatabaseAway
        done.append("first")

    async def second() -> None:
        done.append("second")

    errands.give("first", first)
    errands.give("second", second)
    running = asyncio.create_task(errands.run())
    tries = 0
    while tries < 3:
        tries += 1
        await asyncio.sleep(0)
    assert done == []
    away[0] = False
    await asyncio.wait_for(errands.caught_up(), 30)
    assert done == ["first", "second"]
    running.cancel()


async def test_one_that_fails_or_is_refused_does_not_stop_the_next() -> None:
    errands, done = Errands(retry_seconds=0.01), list[str]()

    async def broken() -> None:
        raise ValueError

    async def refused() -> None:
        raise Conflict

    async def good() -> None:
        done.append("good")

    for job in (broken, refused, good):
        errands.give(job.__name__, job)
    running = asyncio.create_task(errands.run())
    await until(lambda: done == ["good"])
    running.cancel()
