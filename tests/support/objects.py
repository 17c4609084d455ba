"""What every place that keeps the archive's objects must do; and a real S3 server to try it on."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from rig.ports import free_ports
from telephony.recordings.archive.objects import Kept, Objects
from telephony.recordings.archive.s3 import S3Objects
from tests.support.wait import until
from tongdai.settings import S3Table

WEED = Path(sys.executable).parent / "weed"
ACCESS, SECRET = "tongdai-test", "not-a-secret"


async def keeps_objects(objects: Objects, folder: Path) -> None:
    """Put, look, read, list, delete; what is not there is said to be not there."""
    sound = bytes(range(256)) * 3000
    for name in ("2026/11/30/can-tho/c1/a.flac", "2026/11/30/can-tho/c2/b.flac", "2026/12/c"):
        source = folder / "source"
        source.write_bytes(sound)
        await objects.put(source, name)
        assert not source.exists()
    name = "2026/11/30/can-tho/c1/a.flac"
    assert await objects.size(name) == len(sound)
    assert b"".join([b async for b in objects.read(name)]) == sound
    assert (
        b"".join([b async for b in objects.read(name, 300_000, 400_000)])
        == sound[3 * 10**5 :][: 4 * 10**5]
    )
    assert b"".join([b async for b in objects.read(name, len(sound) - 5)]) == sound[-5:]
    assert [b async for b in objects.read(name, 0, 0)] == []
    assert {k.name async for k in objects.walk("2026/11")} == {
        "2026/11/30/can-tho/c1/a.flac",
        "2026/11/30/can-tho/c2/b.flac",
    }
    assert Kept(name="2026/12/c", bytes=len(sound)) in [k async for k in objects.walk()]
    await objects.delete(name)
    await objects.delete(name)
    assert await objects.size(name) is None
    with pytest.raises(FileNotFoundError):
        _ = [b async for b in objects.read(name)]
    assert len([k async for k in objects.walk()]) == 2


@asynccontextmanager
async def seaweed(folder: Path) -> AsyncIterator[S3Table]:
    """Run SeaweedFS with its S3 interface on free ports; give how it is reached."""
    ports = free_ports(8)
    rights = ["Admin", "Read", "Write", "List"]
    keys = [{"accessKey": ACCESS, "secretKey": SECRET}]
    config = folder / "s3.json"
    config.write_text(
        json.dumps({"identities": [{"name": "t", "credentials": keys, "actions": rights}]})
    )
    data = folder / "weed"
    data.mkdir()
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    names += ("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")
    process = await asyncio.create_subprocess_exec(
        *(str(WEED), f"-logdir={folder}", "server", f"-dir={data}", "-ip=127.0.0.1"),
        *("-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={config}", "-s3.iam=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket", "-volume.max=9"),
        *("-master.telemetry=false", "-master.volumeSizeLimitMB=64"),
        *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder)},
    )
    table = S3Table(
        endpoint=f"http://127.0.0.1:{ports[6]}",
        bucket="recordings",
        access_key=ACCESS,
        secret_key=SecretStr(SECRET),
        prefix="tongdai",
    )

    async def writable() -> bool:
        probe = folder / "probe"
        probe.write_bytes(b"?")
        try:
            await S3Objects(table).put(probe, "probe")
            await S3Objects(table).delete("probe")
        except OSError:
            return False
        return True

    try:
        await until(writable, within=60)
        yield table
    finally:
        process.kill()  # it takes half a minute to end in order, and nothing of it is kept
        await process.wait()
