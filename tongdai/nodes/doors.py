"""The pages' doors to calls, operators, transfers and queues that another node holds."""

from telephony.calls.model import CallView
from telephony.calls.transfer import Kind
from telephony.capture.model import Kept
from telephony.control import Place
from telephony.operators.model import Device, Operator
from telephony.queues import QueueView
from telephony.transfers import store
from telephony.transfers.errors import NoSuchTransfer
from telephony.transfers.model import Target, TransferView
from tongdai.accounts.model import Viewer
from tongdai.db import Database
from tongdai.health import Part, State
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId
from tongdai.nodes.relay import Relay
from tongdai.settings import Settings


class FarCalls:
    """The calls (web.ports.Calls)."""

    def __init__(self, relay: Relay) -> None:
        self._mirror = relay.mirror

    def calls(self) -> tuple[CallView, ...]:
        """Return every call that has not ended."""
        return tuple(self._mirror.calls.values())

    def call(self, call_id: CallId) -> CallView | None:
        """Return a call that is live or lately ended."""
        return self._mirror.calls.get(call_id) or self._mirror.ended.get(call_id)


class FarOperators:
    """Who is signed on (web.ports.OperatorDesk)."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def get(self, account: AccountId) -> Operator | None:
        """Return the operator, if signed on."""
        return self._relay.mirror.operators.get(account)

    def snapshot(self) -> tuple[Operator, ...]:
        """Return everybody who is signed on, by extension."""
        return tuple(sorted(self._relay.mirror.operators.values(), key=lambda o: o.extension))

    async def sign_on(
        self, viewer: Viewer, device: Device, hotlines: tuple[HotlineId, ...] | None = None
    ) -> Operator:
        """Sign on, or move to another phone or other hotlines."""
        found: Operator = await self._relay.ask("sign_on", viewer, device, hotlines)
        return found

    async def sign_off(self, account: AccountId) -> None:
        """Sign off."""
        await self._relay.ask("sign_off", account)

    async def ready(self, account: AccountId) -> Operator:
        """End a pause or the wrap-up."""
        found: Operator = await self._relay.ask("ready", account)
        return found

    async def pause(self, account: AccountId, reason: str) -> Operator:
        """Pause now, or after the call that is going on."""
        found: Operator = await self._relay.ask("pause", account, reason)
        return found

    def browser_seen(self, account: AccountId) -> None:
        """Note that the console is open: the node of the bridge is told."""
        del account
        self._relay.tell_presence()

    def browser_gone(self, account: AccountId) -> None:
        """Note that it is not."""
        del account
        self._relay.tell_presence()


class FarTransfers:
    """Live transfers (web.ports.TransferDesk)."""

    def __init__(self, relay: Relay, db: Database) -> None:
        self._relay, self._db = relay, db

    async def start(
        self,
        call_id: CallId,
        *,
        kind: Kind,
        target: Target,
        by: Viewer,
        ticket_id: TicketId | None = None,
    ) -> TransferView:
        """Begin one."""
        return await self._order("transfer", call_id, kind, target, by, ticket_id)

    async def complete(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Let the operator leave."""
        return await self._order("complete", transfer_id, by)

    async def join(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Bring the caller in."""
        return await self._order("join", transfer_id, by)

    async def cancel(self, transfer_id: TransferId, by: Viewer) -> TransferView:
        """Give up."""
        return await self._order("cancel", transfer_id, by)

    async def get(self, transfer_id: TransferId) -> TransferView:
        """Return one, running or ended.

        Raises:
            NoSuchTransfer: There is none of that id.
        """
        mirror = self._relay.mirror
        view = mirror.transfers.get(transfer_id) or mirror.handed.get(transfer_id)
        if view is None:
            async with self._db.read() as session:
                view = await store.by_id(session, transfer_id)
        if view is None:
            raise NoSuchTransfer(None, transfer=transfer_id)
        return view

    def running(self) -> tuple[TransferView, ...]:
        """Return all that run."""
        return tuple(self._relay.mirror.transfers.values())

    async def _order(self, name: str, *arguments: object) -> TransferView:
        found: TransferView = await self._relay.ask(name, *arguments)
        return found


class FarControl:
    """Begins and ends calls (web.ports.CallDesk)."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def dial(self, by: Viewer, hotline_id: HotlineId, number: str) -> CallId:
        """Call a citizen; return when the operator's own phone is answered."""
        found: CallId = await self._relay.ask("dial", by, hotline_id, number)
        return found

    async def lead(
        self, by: Viewer, hotline_id: HotlineId, place: Place, number: str, order: str
    ) -> CallId:
        """Call somebody for a place of the dialplan; return when it is answered."""
        found: CallId = await self._relay.ask("lead", by, hotline_id, place, number, order)
        return found

    async def hang_up(self, call_id: CallId, by: Viewer) -> None:
        """End the operator's part of a call."""
        await self._relay.ask("hang_up", call_id, by)


class FarRecorder:
    """Pauses, resumes and ends recordings (web.ports.RecordingDesk)."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def kept(self) -> tuple[Kept, ...]:
        """Return every live call whose recording is paused or stopped."""
        return tuple(self._relay.mirror.kept.values())

    async def pause(self, call_id: CallId, by: Viewer) -> Kept:
        """Write silence from now on."""
        return await self._order("pause_recording", call_id, by)

    async def resume(self, call_id: CallId, by: Viewer) -> Kept:
        """Record again."""
        return await self._order("resume_recording", call_id, by)

    async def stop(self, call_id: CallId, by: Viewer) -> Kept:
        """End the recording for good."""
        return await self._order("stop_recording", call_id, by)

    async def _order(self, name: str, call_id: CallId, by: Viewer) -> Kept:
        found: Kept = await self._relay.ask(name, call_id, by)
        return found


class FarQueues:
    """Who waits (web.floor.keys.QueueDesk)."""

    def __init__(self, relay: Relay, settings: Settings) -> None:
        self._relay = relay
        self._hotlines = tuple(h.id for h in settings.hotlines)

    def snapshot(self) -> tuple[QueueView, ...]:
        """Return every hotline's queue, in the settings' order."""
        known = self._relay.mirror.queues
        return tuple(known.get(h) or QueueView(hotline=h, waiting=()) for h in self._hotlines)


class FarHealth:
    """How the parts are that other nodes run (tongdai.health.HasHealth)."""

    def __init__(self, relay: Relay, expected: tuple[str, ...], silence: Part) -> None:
        """Answer for `expected`; what no node has told of is as `silence` says."""
        self._relay, self._expected, self._silence = relay, expected, silence

    async def health(self) -> dict[str, Part]:
        """Return the worst that is told of each part; what nobody tells of is down."""
        parts: dict[str, Part] = {}
        for node in self._relay.others().values():
            for name in self._expected:
                part, known = node.health.get(name), parts.get(name)
                if part is not None and (known is None or known.state is State.DOWN):
                    parts[name] = part
        return {name: parts.get(name, self._silence) for name in self._expected}
