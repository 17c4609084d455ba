"""The bridge: all PBXs, their calls in memory, and the doors that other parts use."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from telephony.ami.client import Ami
from telephony.calls.correlate import Rules
from telephony.calls.errors import CallUnknown, PbxUnknown
from telephony.calls.model import CallChannels, CallView
from telephony.calls.registry import Registry
from telephony.calls.step import NoSeats, Seats
from telephony.calls.writer import CallWriter
from telephony.link import PacketListener, PbxLink, StateListener
from tongdai.clock import Clock, OffsetClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.health import Part
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId
from tongdai.settings import PbxTable, Settings

CARRIER_CONTEXT = "tongdai-from-carrier"


def rules_of(settings: Settings, pbx: PbxTable | None) -> Rules:
    """Return how a PBX's calls are recognised, out of the settings."""
    contexts: dict[str, HotlineId | None] = {CARRIER_CONTEXT: None}
    contexts.update(pbx.contexts if pbx is not None else {})
    return Rules(
        numbers={number: h.id for h in settings.hotlines for number in h.numbers},
        shown={h.id: h.number for h in settings.hotlines},
        contexts=contexts,
    )


class Bridge:
    """Runs a link per PBX and the writer; answers what the calls are."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        bus: Bus,
        clock: Clock,
        *,
        seats: Seats | None = None,
    ) -> None:
        """Build the links (inside a running event loop); nothing connects before `run`.

        Args:
            settings: PBXs, hotlines, journal.
            db: Where calls are written, when it answers.
            bus: Where the calls' events are published, in memory.
            clock: The service's; an OffsetClock's offset is added to the PBX's times.
            seats: Who sits where, for phones that no queue rings.
        """
        self._seats = _Seats(seats or NoSeats())
        self._writer = CallWriter(db)
        offset = _offset_of(clock)
        self._links = {
            table.name: PbxLink(
                table,
                Registry(table.name, rules_of(settings, table), self._seats),
                db,
                self._writer,
                bus,
                clock,
                settings.journal,
                offset,
            )
            for table in settings.pbx
        }

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run())
            for link in self._links.values():
                group.create_task(link.run())

    def use_seats(self, seats: Seats) -> None:
        """Ask `seats` from now on who sits where."""
        self._seats.inner = seats

    def ami(self, pbx: str) -> Ami:
        """Return the door to a PBX's manager interface.

        Raises:
            PbxUnknown: The settings name no such PBX.
        """
        return self._link(pbx).ami

    def calls(self) -> tuple[CallView, ...]:
        """Return every call that has not ended."""
        return tuple(view for link in self._links.values() for view in link.registry.views())

    def call(self, call_id: CallId) -> CallView | None:
        """Return a call that is live or lately ended."""
        for link in self._links.values():
            view = link.registry.view(call_id)
            if view is not None:
                return view
        return None

    def channels_of(self, call_id: CallId) -> CallChannels | None:
        """Return the names of a live call's channels."""
        for link in self._links.values():
            channels = link.registry.channels_of(call_id)
            if channels is not None:
                return channels
        return None

    def on_packet(self, names: tuple[str, ...], listener: PacketListener) -> None:
        """Call `listener(pbx, packet)` with every such packet, in order, after the fold."""
        for link in self._links.values():
            link.on_packet(names, listener)

    def on_state(self, listener: StateListener) -> None:
        """Call `listener(pbx, state)` with what a PBX has, after each connect."""
        for link in self._links.values():
            link.on_state(listener)

    def expect(self, pbx: str, transfer_id: TransferId, call_id: CallId) -> None:
        """Fold legs that carry TONGDAI_TRANSFER=`transfer_id` into `call_id`; before originating.

        Raises:
            PbxUnknown: The settings name no such PBX.
        """
        self._link(pbx).expect(transfer_id, call_id)

    def link_ticket(self, call_id: CallId, ticket_id: TicketId) -> None:
        """Note the ticket of a call, in memory and behind it in the row.

        Raises:
            CallUnknown: It is neither live nor lately ended: use store.link_ticket.
        """
        for link in self._links.values():
            if link.registry.view(call_id) is not None:
                link.link_ticket(call_id, ticket_id)
                return
        raise CallUnknown(call=call_id)

    async def settled(self) -> None:
        """Return when all that has changed so far is written."""
        await self._writer.settled()

    async def health(self) -> dict[str, Part]:
        """Return `pbx:NAME` for each; see tongdai.health.HasHealth."""
        return {f"pbx:{name}": link.part() for name, link in self._links.items()}

    @property
    def waiting(self) -> int:
        """How many calls and legs wait to be written, for /metrics."""
        return self._writer.waiting

    @property
    def handled(self) -> int:
        """How many packets were handled since the start, for /metrics."""
        return sum(link.handled for link in self._links.values())

    @property
    def behind_seconds(self) -> float:
        """How long the oldest unhandled packet waits, for /metrics."""
        return max((link.behind_seconds for link in self._links.values()), default=0.0)

    def _link(self, pbx: str) -> PbxLink:
        link = self._links.get(pbx)
        if link is None:
            raise PbxUnknown(pbx=pbx)
        return link


class _Seats:
    """Who sits where may become known after the bridge was built."""

    def __init__(self, inner: Seats) -> None:
        self.inner = inner

    def operator_of(self, seat: str) -> AccountId | None:
        """Ask whom we know to ask."""
        return self.inner.operator_of(seat)


def _offset_of(clock: Clock) -> Callable[[], timedelta]:
    if isinstance(clock, OffsetClock):
        return lambda: clock.offset
    return lambda: timedelta(0)
