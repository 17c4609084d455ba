"""A private world for a test: Asterisk, the carrier with desk telephones, Kannel, on free ports.

    async with World(tmp_path) as world:      # parts={"asterisk", "carrier", "kannel"}
        world.settings                                       # tongdai.settings.Settings
        await world.add_member("can-tho", "1001", "anna")    # QueueAdd PJSIP/desk-1001
        call = await world.carrier.place_call("02921022", "0912345678", "Nguyễn Văn A")
        ...                                                  # desk-1001 rings 0.5 s and answers
        await world.carrier.behave("1001", "ring")           # or busy, reject, answer
        await world.carrier.hang_up(call)
        world.asterisk.child.kill(); await world.start_asterisk()   # kill -9 and again
        world.kannel.messages                                # what the fake SMSC received
        world.kannel.kill(); await world.kannel.start()

Nothing that it starts listens on a fixed port, so any number of worlds run side by side, and beside
`make run`. The settings file is `world.folder / "tongdai.toml"` (set TONGDAI_CONFIG to it for a
`tongdai serve` in a process of its own). The service itself is not started here: build it from
`world.settings`.

A start takes about two seconds; prompts are spoken once per machine and hard-linked. Use
`@pytest.mark.asterisk` (and `gateway` with Kannel). Start a world from the test's own (main)
thread: its programs end when that thread does, so that a killed test leaves nothing behind.

Numbers dialled out (Originate PJSIP/<number>@carrier) behave by their last digit (DESIGN.md); those
that answer ring 2 s (`ring_seconds`), listen `key_after_seconds`, press 1 unless the last but one
digit is 7 (presses 2), 8 (presses 3) or 9 (presses nothing), then say `person_sound`.

The dialplan's contexts and the spool: docs/pbx.md, docs/recordings-spool.md.
"""

import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from ivr.prompt_builder import build, in_one_step, missing, music_file
from rig.ami import Ami
from rig.asterisk import CHECKOUT, Asterisk
from rig.carrier import Carrier, CarrierAddress
from rig.config import Ports, settings_text
from rig.kannel import Kannel, replies_address
from rig.ports import free_ports
from rig.sounds import make_sounds
from telephony.pbx_config import GREETING_LIMIT_SECONDS, render
from tests.support.wait import PATIENCE
from tongdai.settings import Settings, load, seat_secret

TELEPHONY = frozenset({"asterisk", "carrier"})
STORE = CHECKOUT / ".test"
"""What is spoken once for all worlds of this checkout; several test processes make it at once."""


class World:
    """Asterisk, carrier and Kannel of one test; see the module's docstring."""

    def __init__(
        self,
        folder: Path,
        *,
        parts: Collection[str] = TELEPHONY,
        hotlines: tuple[str, ...] | None = None,
        database_url: str | None = None,
        desks: Collection[str] = ("1001", "1002", "1003"),
        seats: tuple[int, int] = (1001, 1010),
        changes: dict[str, dict[str, object]] | None = None,
        citizen_rtp: tuple[int, int] | None = None,
        ring_seconds: int = 2,
        key_after_seconds: int = 2,
        person_sound: str = "person",
        desk_sound: str = "person",
        spoken: bool = False,
        menus: bool = False,
        greeting_limit_seconds: int = GREETING_LIMIT_SECONDS,
    ) -> None:
        """Write the settings; nothing runs yet.

        Args:
            folder: Everything lies below it (tmp_path).
            parts: Which of asterisk, carrier, kannel to start; the first two by default.
            hotlines: Ids; all five by default.
            database_url: For `settings.database`; SQLite in the folder by default.
            desks: Desk telephones that the carrier registers.
            seats: First and last extension of the pool.
            changes: Settings to change, see `rig.config.settings_text`.
            citizen_rtp: The carrier's RTP ports; a range of its own by default.
            ring_seconds: How long called persons' telephones ring before they are answered.
            key_after_seconds: How long they listen before they press the key.
            person_sound: What called persons say (rig.sounds).
            desk_sound: What is said at desk telephones.
            greeting_limit_seconds: When a FastAGI server that hangs is given up.
            menus: Callers hear their hotline's menus; else they are greeted and queued at any hour.
            spoken: Real prompts (a greeting of some ten seconds); else each is a beep of 0.3 s.
        """
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parts = frozenset(parts)
        self.desks = tuple(desks)
        self._spoken = spoken
        self._greeting_limit_seconds = greeting_limit_seconds
        self.ports = _ports()
        path = self.folder / "tongdai.toml"
        changes = changes or {}
        text = settings_text(
            self.folder,
            self.ports,
            database_url=database_url,
            hotlines=hotlines,
            seats=seats,
            changes=changes | {"hotline": {"menu": menus, **changes.get("hotline", {})}},
        )
        path.write_text(text, encoding="utf-8")
        self.settings: Settings = load(path)
        self.pbx = self.settings.pbx[0]
        self.spool = self.settings.recordings.spool
        self.asterisk = Asterisk(
            "asterisk",
            self.folder / "asterisk",
            spool=(self.spool,),
            shown=(self.settings.prompts.folder,),
        )
        rtp = citizen_rtp or (20000, 24000)
        self.carrier = Carrier(
            self.folder / "carrier",
            self.pbx,
            CarrierAddress(
                ami_port=self.ports.carrier_ami,
                secret="rig",
                rtp_first=rtp[0],
                rtp_last=rtp[1],
                patience=PATIENCE,
            ),
            ring_seconds=ring_seconds,
            key_after_seconds=key_after_seconds,
            person_sound=person_sound,
            desks={extension: self.desk_secret(extension) for extension in desks},
            desk_sound=desk_sound,
        )

        self.kannel = Kannel(
            self.folder / "kannel",
            self.ports,
            self.settings.sms.gateway[0],
            self.folder / "logs" / "smsc.log",
            replies=replies_address(self.settings, self.settings.sms.gateway[0].name),
        )

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def start(self) -> None:
        """Start the parts and return when they are ready (desk telephones registered, too)."""
        if "asterisk" in self.parts:
            await self.start_asterisk()
        if "carrier" in self.parts:
            make_sounds(STORE / "sounds")
            _linked(STORE / "sounds", self.carrier.sounds)
            self.carrier.start()
            await self.carrier.ready()
            await self.carrier.registered()
            if self.asterisk.child.running:
                await self.asterisk.reaches_the_carrier()
        if "kannel" in self.parts:
            await self.kannel.start()

    async def start_asterisk(self, within: float = 90) -> None:
        """Render, start (again) and return when it has booted."""
        self.make_prompts()
        render(
            self.settings,
            self.asterisk.layout.etc,
            layout=self.asterisk.layout,
            greeting_limit_seconds=self._greeting_limit_seconds,
        )
        await self.boot(within)

    async def boot(self, within: float = 90) -> None:
        """Start the PBX with the configuration that is there and return when it has booted."""
        self.asterisk.start()
        secret = self.pbx.secret.get_secret_value()
        address = (self.pbx.host, self.pbx.port)
        await self.asterisk.booted(address, self.pbx.username, secret, within)

    def stop(self) -> None:
        """Stop everything that was started."""
        self.kannel.stop()
        self.carrier.stop()
        self.asterisk.stop()

    def ami(self) -> Ami:
        """Return a client of our PBX's manager interface with the service's own rights."""
        secret = self.pbx.secret.get_secret_value()
        return Ami(self.pbx.host, self.pbx.port, self.pbx.username, secret, PATIENCE)

    def desk_secret(self, extension: str) -> str:
        """Return the SIP password of `desk-<extension>`."""
        return seat_secret(self.settings, "desk", extension)

    async def add_member(
        self, hotline: str, extension: str, account: str, kind: str = "desk"
    ) -> None:
        """Put an operator's telephone into a hotline's queue, as the service does."""
        async with self.ami() as ami:
            await ami.action(
                "QueueAdd",
                Queue=f"tongdai-{hotline}",
                Interface=f"PJSIP/{kind}-{extension}",
                MemberName=account,
            )

    async def clear(self) -> None:
        """Take every member out of the queues, let desks answer again, empty the spool."""
        async with self.ami() as ami:
            await ami.action("QueueStatus")
            while (packet := await ami.next_event())["Event"] != "QueueStatusComplete":
                if packet["Event"] == "QueueMember":
                    queue, interface = packet["Queue"], packet["Location"]
                    await ami.action("QueueRemove", Queue=queue, Interface=interface)
        for extension in self.desks:
            await self.carrier.behave(extension, "answer")
        for path in self.spool.iterdir():
            path.unlink()

    def recordings(self) -> list[Path]:
        """Return the recordings in the spool; an empty file is a call that nobody answered."""
        return sorted(path for path in self.spool.glob("*.raw") if path.stat().st_size)

    def make_prompts(self) -> None:
        """Link the prompts from the checkout's store, where each is spoken once."""
        store = STORE / ("prompts" if self._spoken else "beeps")
        table = self.settings.prompts.model_copy(update={"folder": store})
        kept = self.settings.model_copy(update={"prompts": table})
        if self._spoken:
            build(kept)
        else:
            _beep(kept)
        _linked(store, self.settings.prompts.folder)


def _beep(settings: Settings) -> None:
    """Make a short tone of every prompt; the melody for those who wait is one, too."""
    music = music_file(settings)
    beep = music.parent.with_name("beep.wav")
    for path, seconds in ((beep, "0.3"), (music, "8")):
        if not path.exists():
            wave = ["synth", seconds, "sine", "660", "gain", "-20"]
            with in_one_step(path) as partial:
                made = ["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(partial), *wave]
                subprocess.run(made, check=True)
    for path in missing(settings):
        path.parent.mkdir(parents=True, exist_ok=True)
        _link(str(beep), str(path))


def _linked(store: Path, folder: Path) -> None:
    partial = shutil.ignore_patterns(".partial-*")  # another worker is at it
    shutil.copytree(store, folder, ignore=partial, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        shutil.copyfile(source, target)


def _ports() -> Ports:
    web, agi, ami, http, sip, carrier_ami, sendsms, admin, smsbox, smsc = free_ports(10)
    return Ports(
        web=web,
        agi=agi,
        ami=ami,
        http=http,
        sip=sip,
        carrier_sip=sip,
        carrier_ami=carrier_ami,
        sendsms=sendsms,
        kannel_admin=admin,
        smsbox=smsbox,
        smsc=smsc,
    )
