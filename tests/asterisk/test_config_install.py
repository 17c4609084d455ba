"""`make asterisk-install` into an Asterisk 22 that has a configuration of its own."""

from pathlib import Path

import pytest

from rig.asterisk_install import InstallError, install
from telephony.pbx_config import render
from tests.support.raw_sip import RawCall
from tests.support.world import World

pytestmark = pytest.mark.asterisk

FOREIGN = {
    "extensions": """[general]
autofallthrough = yes
#include extensions_custom.conf

[from-other]
exten => 100,1,Answer()
 same => n,Echo()
exten => 02921022,1,Hangup(21)
""",
    "extensions_custom": "[from-internal-custom]\nexten => 200,1,Hangup(16)",
    "pjsip": """[udp]
type = transport
protocol = udp
bind = {host}:{port}

[other]
type = endpoint
context = from-other
allow = alaw

[other]
type = identify
endpoint = other
match = 127.0.0.4
""",
    "queues": "[general]\nautofill = yes\n\n[support]\nstrategy = ringall\nmember => PJSIP/other\n",
    "manager": """[general]
enabled = yes
bindaddr = {ami_host}
port = {ami_port}
channelvars = ACCOUNT, SHIFT   ; ours since 2019

[boss]
secret = boss
read = all
write = all
""",
    "musiconhold": "[default]\nmode = files\ndirectory = {prompts}/music\n",
    "confbridge": "[general]\n",
    "cel": "[general]\nenable = no\n",
    "cel_custom": "",
    "cdr_custom": "[mappings]\nMaster.csv => ${{CSV_QUOTE(${{CDR(uniqueid)}})}}\n",
}


def foreign(world: World) -> dict[Path, str]:
    """Write a whole foreign configuration; return what each of its own files says."""
    etc = world.asterisk.layout.etc
    render(world.settings, etc, layout=world.asterisk.layout)
    for path in (etc / "tongdai").iterdir():
        path.unlink()
    values = {
        "host": world.pbx.sip_host,
        "port": world.pbx.sip_port,
        "ami_host": world.pbx.host,
        "ami_port": world.pbx.port,
        "prompts": world.settings.prompts.folder,
    }
    written = {}
    for name, text in FOREIGN.items():
        path = etc / f"{name}.conf"
        path.write_text(text.format(**values))
        written[path] = path.read_text()
    return written


async def test_it_goes_beside_what_is_there_and_both_work(tmp_path: Path) -> None:
    async with World(tmp_path, parts={"carrier"}, desks=()) as world:
        world.make_prompts()
        before = foreign(world)
        etc = world.asterisk.layout.etc
        report = install(world.settings, etc)
        assert (
            f"added '#include tongdai/extensions.conf' to {etc}/extensions_custom.conf"
            in report.changed
        )
        assert f"added '#include tongdai/queues.conf' to {etc}/queues.conf" in report.changed
        for path, text in before.items():
            assert path.read_text().startswith(text)
        assert before[etc / "extensions.conf"] == (etc / "extensions.conf").read_text()
        assert (
            "channelvars = ACCOUNT,SHIFT,TONGDAI_HOTLINE"
            in (etc / "tongdai/manager.conf").read_text()
        )

        await world.boot()
        assert "ERROR" not in world.asterisk.messages()
        assert "from-internal-custom" in world.asterisk.command(
            "dialplan show 200@from-internal-custom"
        )
        assert "support has 0 calls" in world.asterisk.command("queue show support")
        assert "boss" in world.asterisk.command("manager show users")
        other = world.pbx.model_copy(update={"carrier_address": "127.0.0.4"})
        caller = b"<sip:100@127.0.0.4>"
        async with RawCall(other, "100", from_header=caller) as call:
            assert await call.answer() == 200
        async with RawCall(other, "02921022", from_header=caller) as call:
            assert await call.answer() == 403
        async with world.ami() as ami:
            placed = await world.carrier.place_call("02921022")
            joined = await ami.event("QueueCallerJoin", 10)
            assert joined["Queue"] == "tongdai-can-tho"
            await world.carrier.hang_up(placed)


async def test_a_second_time_nothing_changes(tmp_path: Path) -> None:
    world = World(tmp_path, parts=())
    foreign(world)
    etc = world.asterisk.layout.etc
    install(world.settings, etc)
    after = {path: path.read_bytes() for path in etc.rglob("*.conf")}
    assert install(world.settings, etc).changed == []
    assert {path: path.read_bytes() for path in etc.rglob("*.conf")} == after


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("pjsip", "[desk-1001]"),
        ("pjsip", "[carrier]"),
        ("manager", "[tongdai]"),
        ("queues", "[tongdai-can-tho]"),
    ],
)
async def test_a_name_that_is_taken_stops_it_before_anything_is_written(
    tmp_path: Path, name: str, line: str
) -> None:
    world = World(tmp_path, parts=())
    foreign(world)
    etc = world.asterisk.layout.etc
    with (etc / f"{name}.conf").open("a") as file:
        file.write(f"\n{line}\n")
    before = {path: path.read_bytes() for path in etc.rglob("*.conf")}
    with pytest.raises(InstallError, match=rf"{name}\.conf: \{line}"[:-1]):
        install(world.settings, etc)
    assert {path: path.read_bytes() for path in etc.rglob("*.conf")} == before


async def test_a_folder_without_asterisk_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, parts=())
    with pytest.raises(InstallError, match="no configuration folder"):
        install(world.settings, tmp_path / "nowhere")
