"""The simulated carrier: a second Asterisk at an address of its own (127.0.0.2).

It takes the calls that our PBX places and behaves by the last digit dialled, and it places
citizens' calls (`Carrier.place_call`, `make call`). For tests it is also the operators' desk
telephones, at a third address (127.0.0.3). rig/carrier-conf/*.j2 is its configuration.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jinja2

from rig.ami import Ami
from rig.asterisk import Asterisk
from rig.sounds import SOUNDS, TONES, make_sounds
from telephony.pbx_config import TEMPLATES
from tongdai.settings import PbxTable

OWN_TEMPLATES = Path(__file__).resolve().parent / "carrier-conf"
# The common part of a whole Asterisk's configuration, the same as our PBX's.
SHARED = (
    "asterisk",
    "features",
    "logger",
    "acl",
    "udptl",
    "pjproject",
    "ccss",
    "stasis",
    "indications",
)
# Where desk telephones are: all that comes from the carrier's address is the carrier, to the PBX.
PHONES_ADDRESS = "127.0.0.3"
# Seconds that a called person's telephone rings, and listens before a key is pressed.
RING_SECONDS = 2
KEY_AFTER_SECONDS = 6
# Between two keys; a telephone leaves 40 ms and more (ITU-T Q.24). Two that Asterisk sends within a
# millisecond may bear one timestamp, and the second is then taken for the first (RFC 4733).
KEY_PAUSE_SECONDS = 0.1


class CallRefusedError(RuntimeError):
    """The PBX did not take the call; `reason` is Asterisk's word for it."""

    def __init__(self, number: str, reason: str) -> None:
        super().__init__(f"the call to {number} was not taken ({reason})")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCall:
    """A citizen's call that was answered: the carrier's own channel."""

    channel: str
    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAddress:
    """Where the carrier is reached and what protects its manager interface (loopback).

    `patience`: seconds to wait for it, except for a call's answer, are taken so many times.
    """

    ami_port: int
    secret: str
    rtp_first: int = 12100
    rtp_last: int = 13100
    patience: float = 1


class Carrier:
    """The carrier of one PBX."""

    def __init__(
        self,
        home: Path,
        pbx: PbxTable,
        where: CarrierAddress,
        *,
        ring_seconds: int = RING_SECONDS,
        key_after_seconds: int = KEY_AFTER_SECONDS,
        person_sound: str = "person",
        desks: Mapping[str, str] | None = None,
        desk_sound: str = "person",
    ) -> None:
        """Describe it.

        Args:
            home: Its folder.
            pbx: The PBX that it serves.
            where: Its manager interface and its media ports.
            ring_seconds: How long a called person's telephone rings before it is answered.
            key_after_seconds: How long that person listens before a key is pressed.
            person_sound: What that person says: a name of SOUNDS or TONES.
            desks: Desk telephones to register, extension -> password.
            desk_sound: What is said at a desk telephone.
        """
        self._pbx = pbx
        self._where = where
        self._behaviour = {
            "ring_seconds": ring_seconds,
            "key_after_seconds": key_after_seconds,
            "person_sound": person_sound,
            "desk_sound": desk_sound,
        }
        self._desks = dict(desks or {})
        self.sounds = home.resolve() / "sounds"
        self.asterisk = Asterisk("carrier", home)

    def start(self) -> None:
        """Render its configuration, make its sounds, start it."""
        make_sounds(self.sounds)
        self._render()
        self.asterisk.start()

    async def ready(self, within: float = 30) -> None:
        """Return when it has started.

        Raises:
            TimeoutError: It has not within so many seconds.
        """
        address = ("127.0.0.1", self._where.ami_port)
        await self.asterisk.booted(
            address, "rig", self._where.secret, within * self._where.patience
        )

    async def registered(self, within: float = 45) -> None:
        """Return when every desk telephone is registered at the PBX.

        Raises:
            TimeoutError: One is not within so many seconds.
        """
        waiting = {f"desk-{extension}" for extension in self._desks}
        async with asyncio.timeout(within * self._where.patience), self.ami() as ami:
            while waiting:
                await ami.action("PJSIPShowRegistrationsOutbound")
                while (packet := await ami.next_event())[
                    "Event"
                ] != "OutboundRegistrationDetailComplete":
                    if packet.get("Status") == "Registered":
                        waiting.discard(packet.get("ObjectName"))
                await asyncio.sleep(0.1 if waiting else 0)

    def stop(self) -> None:
        """Stop it; its calls end."""
        self.asterisk.stop()

    def ami(self) -> Ami:
        """Return a client of its manager interface, not yet connected."""
        address = ("127.0.0.1", self._where.ami_port)
        return Ami(*address, "rig", self._where.secret, self._where.patience)

    async def place_call(
        self,
        number: str,
        from_number: str = "0912345678",
        from_name: str = "",
        *,
        seconds: int = 300,
        keys: str = "",
        sound: str = "citizen",
        within: float = 15,
    ) -> PlacedCall:
        """Call one of our numbers as a citizen; return when the PBX has answered.

        Args:
            number: What is dialled: digits, perhaps with a leading plus.
            from_number: The caller's number as the carrier shows it; `anonymous` hides it.
            from_name: The caller's name; may hold anything but line breaks.
            seconds: How long the citizen stays on the line.
            keys: Pressed one second after the answer (0-9, *, #; `w` waits half a second).
            sound: `citizen` (speech) or one of TONES, repeated.
            within: Seconds to wait for the answer.

        Raises:
            ValueError: An argument is not of its form.
            CallRefusedError: The PBX refused, or did not answer in time.
        """
        _check(number, from_number, keys, sound, seconds)
        async with self.ami() as ami:
            await ami.action(
                "Originate",
                f"SECONDS={seconds}",
                f"KEYS={keys}",
                f"SOUND={sound}",
                Channel=f"PJSIP/{number}@pbx",
                Context="citizen",
                Exten="s",
                Priority="1",
                CallerID=f'"{from_name}" <{from_number}>' if from_name else f"<{from_number}>",
                Timeout=str(int(within * 1000)),
                Async="true",
            )
            answer = await ami.event("OriginateResponse", within + 5)
        if answer["Response"] != "Success":
            raise CallRefusedError(number, _REASONS.get(answer["Reason"], answer["Reason"]))
        return PlacedCall(channel=answer["Channel"], uniqueid=answer["Uniqueid"])

    async def hang_up(self, call: PlacedCall) -> None:
        """Let the citizen hang up; a call that has ended is left alone.

        Raises:
            AmiError: There is no such call any more.
        """
        async with self.ami() as ami:
            await ami.action("Hangup", Channel=call.channel)

    async def press(self, call: PlacedCall, keys: str) -> None:
        """Let the citizen press keys, as far apart as a telephone sends them."""
        async with self.ami() as ami:
            for place, key in enumerate(keys):
                if place:
                    await asyncio.sleep(KEY_PAUSE_SECONDS)
                await ami.action("PlayDTMF", Channel=call.channel, Digit=key)

    async def behave(
        self, extension: str, how: Literal["answer", "ring", "busy", "reject"]
    ) -> None:
        """Say what a desk telephone does with the next call (at first: answer)."""
        async with self.ami() as ami:
            await ami.action("Setvar", Variable=f"DESK_{extension}", Value=how)

    async def desk_hangs_up(self, extension: str) -> None:
        """Let a desk telephone end its call.

        Raises:
            AmiError: It has none.
        """
        async with self.ami() as ami:
            channel = await ami.action("Getvar", Variable=f"CHANNEL_{extension}")
            await ami.action("Hangup", Channel=channel["Value"])

    async def channels(self) -> list[str]:
        """Return the names of the carrier's channels: both citizens and called persons."""
        async with self.ami() as ami:
            await ami.action("CoreShowChannels")
            names: list[str] = []
            while True:
                packet = await ami.next_event()
                if packet.get("Event") == "CoreShowChannelsComplete":
                    return names
                if packet.get("Event") == "CoreShowChannel":
                    names.append(packet["Channel"])

    def _render(self) -> None:
        loader = jinja2.FileSystemLoader([OWN_TEMPLATES, TEMPLATES / "base"])
        environment = jinja2.Environment(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - not HTML; every value is the rig's own
            keep_trailing_newline=True,
        )
        own = [path.name.removesuffix(".conf.j2") for path in OWN_TEMPLATES.glob("*.j2")]
        layout = self.asterisk.layout
        layout.etc.mkdir(parents=True, exist_ok=True)
        values = {
            "layout": layout,
            "address": self._pbx.carrier_address,
            "port": self._pbx.carrier_port,
            "pbx_address": self._pbx.sip_host,
            "pbx_port": self._pbx.sip_port,
            "ami_port": self._where.ami_port,
            "secret": self._where.secret,
            "rtp_first": self._where.rtp_first,
            "rtp_last": self._where.rtp_last,
            "sounds": self.sounds,
            "phones_address": PHONES_ADDRESS,
            "phones_port": self._pbx.carrier_port,
            "desks": self._desks,
            **self._behaviour,
        }
        for name in (*SHARED, *own):
            text = environment.get_template(f"{name}.conf.j2").render(values)
            (layout.etc / f"{name}.conf").write_text(text, encoding="utf-8")


# Asterisk's originate reasons (AST_CONTROL_*).
_REASONS = {"0": "no such number", "1": "refused", "3": "no answer", "5": "busy", "8": "congestion"}


def _check(number: str, from_number: str, keys: str, sound: str, seconds: int) -> None:
    if not re.fullmatch(r"\+?[0-9]{2,15}", number):
        message = f"{number!r} is no number to dial"
        raise ValueError(message)
    if not re.fullmatch(r"\+?[0-9*#]{1,32}|anonymous", from_number):
        message = f"FROM={from_number!r} is no caller's number: digits, or anonymous"
        raise ValueError(message)
    if not re.fullmatch(r"[0-9*#w]{0,32}", keys):
        message = f"KEYS={keys!r}: only 0-9, *, # and w (wait half a second)"
        raise ValueError(message)
    if sound not in SOUNDS | TONES:
        message = f"sound {sound!r}: one of {', '.join(SOUNDS | TONES)}"
        raise ValueError(message)
    if not 1 <= seconds <= 7200:
        message = f"SECONDS={seconds}: from 1 to 7200"
        raise ValueError(message)
