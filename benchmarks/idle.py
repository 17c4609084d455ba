"""What the service takes when nobody calls, and how long everything takes to be ready.

    python -m benchmarks.idle        prints JSON

The parts are those of `make run`, started in its order on free ports in a fresh folder, with all
five hotlines and their sample data, everything being installed: prompts (spoken once a machine),
database and sample data beside the PBX, the carrier and Kannel, then the service.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import psutil

from benchmarks.floor import HERE, Cpu, Watch, watching
from tests.support.service import Service
from tests.support.world import World

QUIET_SECONDS = 10


async def run(folder: Path) -> dict[str, Any]:
    now = asyncio.get_running_loop().time
    steps = {"installed_check": await install_check()}
    begun = now()
    world = World(folder, parts={"asterisk", "carrier", "kannel"}, desks=(), spoken=True)
    service = Service(world, from_disk=True)
    try:
        await asyncio.to_thread(world.make_prompts)
        steps["prompts"] = round(now() - begun, 2)

        async def database() -> None:
            await service.command("init", "--json")
            steps["database_and_sample_data"] = round(now() - begun, 2)

        async def telephony() -> None:
            await world.start()
            steps["asterisk_carrier_kannel"] = round(now() - begun, 2)

        await asyncio.gather(database(), telephony())
        await service.start()
        total = round(now() - begun, 2)
        await world.asterisk.reaches_the_carrier()
        steps["carrier_reached"] = round(now() - begun, 2)
        return {
            "seconds_to_ready": round(total + steps["installed_check"], 2),
            "seconds_until": {**steps, "service_ready": total},
            **await quiet(world, service),
        }
    finally:
        await asyncio.to_thread(service.child.stop)
        world.stop()


async def install_check() -> float:
    """Return the seconds that `rig/install.sh run` takes to find that everything is there."""
    now = asyncio.get_running_loop().time
    begun = now()
    process = await asyncio.create_subprocess_exec(
        "rig/install.sh", "run", cwd=HERE, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    return round(now() - begun, 2)


async def quiet(world: World, service: Service) -> dict[str, Any]:
    """Return memory and CPU of the service, beside a process with bare panoramisk alone."""
    wire = Watch(world, "bare_ami")
    with watching(wire):
        await wire.ready(within=15)
        cpu = Cpu(service=service.child.pid, panoramisk=wire.child.pid)
        await asyncio.sleep(QUIET_SECONDS)
        used = {name: round(x / QUIET_SECONDS, 4) for name, x in cpu.used().items()}
        memory = {"service": memory_of(service.child.pid), "panoramisk": memory_of(wire.child.pid)}
    return {
        "memory_megabytes": memory,
        "service_of_panoramisk_rss": round(
            memory["service"]["rss"] / memory["panoramisk"]["rss"], 2
        ),
        "cpus_used_when_idle": used,
    }


def memory_of(pid: int) -> dict[str, float]:
    """Return a program's resident memory, and the part that is its own alone."""
    info = psutil.Process(pid).memory_full_info()
    return {"rss": round(info.rss / 1e6, 1), "own": round(info.uss / 1e6, 1)}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as folder:
        print(json.dumps(asyncio.run(run(Path(folder))), indent=2))


if __name__ == "__main__":
    main()
