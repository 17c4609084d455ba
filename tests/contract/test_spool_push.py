"""A PBX on another host brings its recordings: whole, proven, once; its copy goes last."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from telephony.recordings.tables import Recording
from tests.support.pages import Pages
from tests.support.recordings import Rig, tones
from tests.support.small_settings import small_settings
from tests.support.wait import until
from tongdai.clock import HandClock

PROGRAM = Path(__file__).parents[2] / "asterisk-conf" / "tongdai-push-spool"
TOKEN = "a-token-of-this-pbx"
NAME = "call-1764464400.17.raw"


@dataclass
class Far:
    """The service with its spool, and a PBX's spool on another host."""

    pages: Pages
    rig: Rig
    spool: Path
    token: Path

    async def put(self, name: str, body: bytes, **headers: str) -> tuple[int, str]:
        told = {
            "Authorization": f"Bearer {TOKEN}",
            "X-Content-SHA256": hashlib.sha256(body).hexdigest(),
        } | {key.replace("_", "-"): value for key, value in headers.items()}
        async with (
            aiohttp.ClientSession() as http,
            http.put(f"{self.pages.base}/api/v1/spool/main/{name}", data=body, headers=told) as got,
        ):
            return got.status, await got.text()

    async def push(self, settle: str = "0") -> int:
        """Run the PBX's program once; return its exit status."""
        arguments = [str(PROGRAM), str(self.spool), self.pages.base, "main", str(self.token)]
        program = await asyncio.create_subprocess_exec(*arguments, settle)
        return await program.wait()

    def there(self) -> list[str]:
        return sorted(path.name for path in self.rig.spool.iterdir())


@pytest.fixture
async def far(tmp_path: Path, clock: HandClock) -> AsyncIterator[Far]:
    settings = small_settings(tmp_path)
    [pbx] = settings.pbx
    brings = pbx.model_copy(update={"spool_token": SecretStr(TOKEN)})
    settings = settings.model_copy(update={"pbx": (brings,)})
    spool, token = tmp_path / "far", tmp_path / "token"
    spool.mkdir()
    token.write_text(f"Authorization: Bearer {TOKEN}\n")
    async with Pages.open(tmp_path, clock, settings=settings) as pages:
        yield Far(pages, Rig(pages.db, tmp_path), spool, token)


async def test_a_finished_recording_is_brought_archived_and_then_removed(far: Far) -> None:
    call = await far.rig.call("1764464400.17", answered_at=far.pages.db.clock.now())
    (far.spool / NAME).write_bytes(tones(2))
    (far.spool / "call-1.2.raw").touch()
    (far.spool / "note.txt").write_text("x")
    assert await far.push() == 0
    assert sorted(p.name for p in far.spool.iterdir()) == ["call-1.2.raw", "note.txt"]
    assert far.there() == [NAME]
    await far.rig.intake().round()
    async with far.pages.db.read() as session:
        row = (await session.execute(Recording.__table__.select())).one()  # type: ignore[attr-defined]
    assert (row.call, row.seconds) == (call.id, 2)
    (far.spool / NAME).write_bytes(tones(2))
    assert await far.push() == 0
    assert not (far.spool / NAME).exists()
    assert NAME not in far.there()


async def test_what_is_still_written_stays(far: Far) -> None:
    path = far.spool / NAME
    with path.open("wb") as file:
        file.write(tones(1))
        file.flush()
        assert await far.push() == 0
        assert (path.exists(), far.there()) == (True, [])
        pushing = asyncio.create_task(far.push("1"))
    growing = asyncio.create_task(_grow(path, pushing))
    assert await pushing == 0
    await growing
    assert (path.exists(), far.there()) == (True, [])


async def _grow(path: Path, until_done: "asyncio.Task[int]") -> None:
    while not until_done.done():
        with path.open("ab") as file:
            file.write(b"\0" * 320)
        await asyncio.wait([until_done], timeout=0.05)


async def test_nothing_is_removed_until_the_service_has_it(far: Far) -> None:
    (far.spool / NAME).write_bytes(tones(1))
    far.token.write_text("Authorization: Bearer wrong\n")
    assert await far.push() == 1
    assert (far.spool / NAME).exists()
    assert far.there() == []


async def test_what_does_not_arrive_as_it_was_sent_is_not_there_at_all(far: Far) -> None:
    wrong = hashlib.sha256(b"other").hexdigest()
    status, text = await far.put(NAME, tones(1), X_Content_SHA256=wrong)
    assert status == 422, text
    assert far.there() == []
    body = tones(1)
    head = (
        f"PUT /api/v1/spool/main/{NAME} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"X-Content-SHA256: {hashlib.sha256(body).hexdigest()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    address = far.pages.base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(address[0], int(address[1]))
    writer.write(head.encode() + body[:9000])
    await writer.drain()
    await until(lambda: far.there() != [])
    writer.transport.abort()
    await until(lambda: far.there() == [])


async def test_bringing_it_again_changes_nothing_and_other_sound_is_not_laid_over_it(
    far: Far,
) -> None:
    for _ in range(2):
        assert (await far.put(NAME, tones(1)))[0] == 201
    assert (await far.put(NAME, tones(2)))[0] == 409
    assert (far.rig.spool / NAME).read_bytes() == tones(1)


@pytest.mark.parametrize("name", ["note.txt", "..%2Fcall-1.1.raw", ".call-1.1.raw"])
async def test_only_names_of_recordings_are_taken(far: Far, name: str) -> None:
    assert (await far.put(name, tones(1)))[0] in {404, 422}
    assert far.there() == []


async def test_a_pbx_without_a_token_and_an_unknown_one_bring_nothing(far: Far) -> None:
    for given in ("", "Bearer", "Bearer x", f"Basic {TOKEN}"):
        assert (await far.put(NAME, tones(1), Authorization=given))[0] == 401
    assert far.there() == []
