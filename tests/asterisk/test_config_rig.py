"""The rig itself: a PBX that was killed leaves nothing in the way of the next start."""

from pathlib import Path

import pytest

from rig.asterisk import CHROOT, Asterisk, NoAsteriskError
from rig.ports import is_taken
from tests.support.wait import until
from tests.support.world import World

pytestmark = pytest.mark.asterisk


def mounts() -> list[str]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in lines if str(CHROOT) in line]


async def test_a_killed_pbx_leaves_no_mount_and_starts_again(tmp_path: Path) -> None:
    async with World(tmp_path, parts={"asterisk"}) as world:
        assert mounts() == []
        world.asterisk.child.kill()
        await until(lambda: not is_taken(world.pbx.host, world.pbx.port), within=10)
        assert mounts() == []
        await world.start_asterisk()
        async with world.ami() as ami:
            assert (await ami.action("Ping"))["Ping"] == "Pong"


async def test_two_worlds_run_side_by_side(tmp_path: Path) -> None:
    async with World(tmp_path / "a") as one, World(tmp_path / "b") as two:
        call = await two.carrier.place_call("02921022")
        assert "1 active channel" in two.asterisk.command("core show channels count")
        assert "0 active channels" in one.asterisk.command("core show channels count")
        await two.carrier.hang_up(call)


def test_a_folder_too_deep_for_the_control_socket_is_refused(tmp_path: Path) -> None:
    """Asterisk would start there, and no command line would reach it."""
    with pytest.raises(NoAsteriskError, match="107 bytes"):
        Asterisk("asterisk", tmp_path / "deep" / ("d" * 80))
