"""Work that nobody awaits ends with the part that began it."""

import asyncio

from tongdai.aside import Aside


async def test_the_end_waits_for_what_it_cancels() -> None:
    aside, ended = Aside(), []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):  # as a session that is closed takes some turns
                await asyncio.sleep(0)
            ended.append(name)

    for name in ("one", "two"):
        aside.begin(work(name))
    await asyncio.sleep(0)
    await aside.end()
    assert sorted(ended) == ["one", "two"]
    await aside.settled()


async def test_it_is_settled_when_also_what_the_work_began_has_ended() -> None:
    aside, done = Aside(), []

    async def work(left: int) -> None:
        await asyncio.sleep(0)
        if left:
            aside.begin(work(left - 1))
        done.append(left)

    aside.begin(work(2))
    await aside.settled()
    assert done == [2, 1, 0]


async def test_work_that_fails_keeps_the_end_of_nothing_else() -> None:
    aside, reached = Aside(), asyncio.Event()

    async def fails() -> None:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    aside.begin(fails())
    await reached.wait()
    await aside.end()
    await aside.settled()
