"""A story of AMI events as a readable table, made into the bytes that Asterisk would send.

    0.0  Newchannel      caller  state=4 context=tongdai-from-carrier exten=02921022 num=0912345678
    1.2  DialBegin       caller > web
    1.5  BridgeEnter     web     bridge=b1

`CHANNELS` says each channel's name, uniqueid and linkedid. Whatever a line does not say stays as
the channel's last line said it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from telephony.ami.parsers import parse
from telephony.ami.wire import Splitter
from telephony.calls.correlate import Rules
from telephony.calls.events import CallEvent
from telephony.calls.model import Leg
from telephony.calls.registry import Registry
from telephony.calls.step import Seats
from tongdai.ids import CallId, HotlineId

START = 1_795_600_000
CAN_THO = HotlineId("can-tho")
RULES = Rules(numbers={"02921022": CAN_THO, "1022": CAN_THO}, shown={CAN_THO: "02921022"})

CHANNELS = {
    "caller": ("PJSIP/carrier-00000000", f"{START}.0", f"{START}.0"),
    "web": ("PJSIP/web-1001-00000001", f"{START}.1", f"{START}.0"),
    "desk": ("PJSIP/desk-1002-00000002", f"{START}.2", f"{START}.0"),
    "web2": ("PJSIP/web-1003-00000003", f"{START}.3", f"{START}.0"),
    "focal": ("PJSIP/carrier-00000004", f"{START}.4", f"{START}.4"),
    "pipe1": ("Local/s@tongdai-called-00000001;1", f"{START}.5", f"{START}.0"),
    "pipe2": ("Local/s@tongdai-called-00000001;2", f"{START}.6", f"{START}.0"),
    "behind": ("PJSIP/carrier-00000007", f"{START}.7", f"{START}.0"),
    "machine": ("CBAnn/tongdai-x-00000001;2", f"{START}.8", f"{START}.0"),
}

_HEADERS = {
    "state": "ChannelState",
    "context": "Context",
    "exten": "Exten",
    "num": "CallerIDNum",
    "name": "CallerIDName",
    "linkedid": "Linkedid",
}
_STICKY = ("state", "context", "exten", "num", "name", "linkedid", "hotline", "transfer")
_OWN = {
    "bridge": "BridgeUniqueid",
    "queue": "Queue",
    "member": "MemberName",
    "status": "DialStatus",
    "cause": "Cause",
    "event": "UserEvent",
    "choice": "Choice",
    "outcome": "Outcome",
    "newname": "Newname",
    "pres": "CID-CallingPres",
}


@dataclass
class Story:
    """Makes bytes of lines; remembers what each channel was."""

    channels: dict[str, tuple[str, str, str]] = field(default_factory=lambda: dict(CHANNELS))
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def packets(self, text: str) -> list[bytes]:
        """Return one packet a line of the table."""
        return [self._packet(line) for line in text.strip().splitlines() if line.strip()]

    def _packet(self, line: str) -> bytes:
        at, event, *words = line.split()
        who = words[0]
        dest = words[2] if words[1:2] == [">"] else None
        said = dict(word.split("=", 1) for word in words if "=" in word)
        said = {
            key: value.replace("_", " ") if key == "name" else value for key, value in said.items()
        }
        lines = [f"Event: {event}", "Privilege: call,all", f"Timestamp: {START + float(at):.6f}"]
        about = dest or who
        self.known.setdefault(about, {}).update({k: v for k, v in said.items() if k in _STICKY})
        prefix = "Transferer" if event == "BlindTransfer" else ""
        if who != "-":
            lines += self._channel(who, prefix)
        if dest is not None:
            lines += self._channel(dest, "Dest")
        lines += [f"{_OWN[key]}: {value}" for key, value in said.items() if key in _OWN]
        return "\r\n".join(lines).encode()

    def _channel(self, alias: str, prefix: str) -> list[str]:
        name, uniqueid, linkedid = self.channels[alias]
        known = self.known.get(alias, {})
        values = {"Channel": name, "ChannelState": "6", "CallerIDNum": "<unknown>"}
        values |= {"CallerIDName": "<unknown>", "Context": "tongdai-queue", "Exten": "s"}
        values |= {_HEADERS[k]: v for k, v in known.items() if k in _HEADERS}
        values |= {"Uniqueid": uniqueid, "Linkedid": known.get("linkedid", linkedid)}
        lines = [f"{prefix}{key}: {value}" for key, value in values.items()]
        return [
            *lines,
            f"{prefix}ChanVariable: TONGDAI_HOTLINE={known.get('hotline', '')}",
            f"{prefix}ChanVariable: TONGDAI_TRANSFER={known.get('transfer', '')}",
        ]


@dataclass
class Played:
    """What a story made."""

    registry: Registry
    events: list[CallEvent] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The events by name; with the operator where they have one."""
        return [_name(event) for event in self.events]

    def feed(self, packets: list[bytes]) -> "Played":
        """Go on with these packets."""
        for packet in packets:
            typed = parse(packet, datetime(2000, 1, 1, tzinfo=UTC))
            if typed is not None:
                change = self.registry.feed(typed)
                self.events += change.events
                self.legs += change.legs
        return self


def _name(event: CallEvent) -> str:
    name = type(event).__name__.removeprefix("Call")
    operator = getattr(event, "operator", None)
    why = getattr(event, "why", None)
    return " ".join(part for part in (name, operator, why) if part)


def play(text: str, story: Story | None = None, seats: Seats | None = None) -> Played:
    """Play a story into an empty registry; without `seats` nobody is known anywhere."""
    packets = (story or Story()).packets(text)
    return Played(Registry("main", RULES, seats)).feed(packets)


def split(data: bytes) -> list[bytes]:
    """Return the packets of a whole capture."""
    return Splitter().feed(data)[1]


def second(at: float) -> datetime:
    """Return the moment `at` seconds into the story."""
    return datetime.fromtimestamp(START, UTC) + timedelta(seconds=at)


def only(played: Played) -> CallId:
    """Return the one call that everything told is about."""
    ids = {event.call.id for event in played.events}
    assert len(ids) == 1
    return ids.pop()


RING = """
0.0   Newchannel caller state=4 context=tongdai-from-carrier exten=02921022 num=0912345678 name=An
0.1   Newstate        caller  state=6 hotline=can-tho
1.0   QueueCallerJoin caller  context=tongdai-queue queue=tongdai-can-tho
1.1   Newchannel      web     state=0
1.2   DialBegin       caller > web
1.2   AgentCalled     caller > web member=anna
1.3   Newstate        web     state=5
"""
ANSWER = """
3.0   Newstate         web    state=6
3.0   DialEnd          caller > web status=ANSWER
3.1   QueueCallerLeave caller queue=tongdai-can-tho
3.2   BridgeEnter      web    bridge=b1
3.3   BridgeEnter      caller bridge=b1
"""
GOODBYE = """
9.0   BridgeLeave      caller bridge=b1
9.0   BridgeLeave      web    bridge=b1
9.1   Hangup           web    cause=16
9.2   Hangup           caller cause=16
"""
