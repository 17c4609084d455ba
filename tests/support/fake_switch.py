"""A bridge without a PBX: takes actions down, tells packets."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from telephony.ami.client import Originated
from telephony.ami.packets import Raw
from telephony.ami.protocol import Reply
from telephony.ami.wire import HeaderValue
from telephony.calls.errors import ActionTimedOut, PbxAway
from telephony.calls.model import CallChannels, CallView
from telephony.calls.reconcile import Member, PbxState
from telephony.switch import PacketListener, StateListener
from tongdai.ids import CallId, TransferId


@dataclass
class FakeSwitch:
    """`actions` is what was asked for; `away` makes the PBX answer nothing."""

    pbx: str = "main"
    actions: list[tuple[str, dict[str, HeaderValue | None]]] = field(default_factory=list)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    calls: dict[CallId, CallView] = field(default_factory=dict)
    channels: dict[CallId, CallChannels] = field(default_factory=dict)
    originate_result: Callable[[], Originated] | None = None
    away: bool = False
    late: bool = False
    """Actions are carried out, and answered too late."""
    before: Callable[[str], Awaitable[None]] | None = None
    """Awaited before an action of this name is taken down."""
    refused: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    """What Setvar has set, on whichever channel, and Getvar answers."""
    expected: list[tuple[str, TransferId, CallId]] = field(default_factory=list)
    _packets: list[tuple[tuple[str, ...], PacketListener]] = field(default_factory=list)
    _states: list[StateListener] = field(default_factory=list)

    def ami(self, pbx: str) -> "FakeSwitch":
        assert pbx == self.pbx
        return self

    def call(self, call_id: CallId) -> CallView | None:
        return self.calls.get(call_id)

    def channels_of(self, call_id: CallId) -> CallChannels | None:
        return self.channels.get(call_id)

    def expect(self, pbx: str, transfer_id: TransferId, call_id: CallId) -> None:
        self.expected.append((pbx, transfer_id, call_id))

    def on_packet(self, names: tuple[str, ...], listener: PacketListener) -> None:
        self._packets.append((names, listener))

    def on_state(self, listener: StateListener) -> None:
        self._states.append(listener)

    async def action(
        self,
        name: str,
        *,
        timeout: float = 5,  # noqa: ASYNC109 - as the real one
        **headers: HeaderValue | None,
    ) -> Reply:
        del timeout
        if self.away:
            raise PbxAway(pbx=self.pbx)
        if self.before is not None:
            await self.before(name)
        self.actions.append((name, headers))
        ok = name not in self.refused and self._queue(name, headers)
        variable = str(headers.get("Variable"))
        if ok and name == "Setvar":
            self.variables[variable] = str(headers["Value"])
        if self.late:
            raise ActionTimedOut(action=name)
        value = self.variables.get(variable, "") if name == "Getvar" else ""
        return Reply(ok=ok, raw=f"Message: as told\r\nValue: {value}\r\n".encode())

    async def originate(
        self,
        channel: str,
        *,
        variables: Mapping[str, str] | None = None,
        ring_seconds: float = 30,
        **headers: HeaderValue | None,
    ) -> Originated:
        if self.away:
            raise PbxAway(pbx=self.pbx)
        told = {"Channel": channel, "Timeout": str(ring_seconds), **headers, **(variables or {})}
        self.actions.append(("Originate", told))
        if self.originate_result is None:
            return Originated(ok=True, reason=4, uniqueid="", channel="")
        return self.originate_result()

    def tell(self, event: str, **headers: str) -> None:
        """Tell one packet to whoever listens."""
        text = "\r\n".join([f"Event: {event}", *(f"{k}: {v}" for k, v in headers.items())])
        raw = Raw(event, datetime(2026, 11, 30, 1, 0, tzinfo=UTC), text.encode())
        for names, listener in self._packets:
            if event in names:
                listener(self.pbx, raw)

    def tell_state(self, state: PbxState) -> None:
        """Tell what the PBX has, as after a connect."""
        for listener in self._states:
            listener(self.pbx, state)

    def names(self) -> list[str]:
        return [name for name, _ in self.actions]

    def last(self, name: str) -> dict[str, HeaderValue | None]:
        return next(headers for told, headers in reversed(self.actions) if told == name)

    def state(self) -> PbxState:
        """The members as the PBX would list them."""
        return PbxState(members=tuple(self.members.values()))

    def _queue(self, name: str, headers: Mapping[str, HeaderValue | None]) -> bool:
        key = (str(headers.get("Queue")), str(headers.get("Interface")))
        if not name.startswith("Queue"):
            return True
        paused = headers.get("Paused") == "true"
        reason = str(headers.get("Reason") or "")
        if name == "QueueAdd":
            if key in self.members:
                return False
            account = str(headers["MemberName"])
            self.members[key] = Member(*key, account, paused, reason, 1)
            return True
        if key not in self.members:
            return False
        old = self.members.pop(key)
        if name == "QueuePause":
            self.members[key] = Member(*key, old.name, paused, reason, old.status)
        return True
