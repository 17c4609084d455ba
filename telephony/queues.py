"""Who waits in which hotline's queue, and since when; in memory, read anew after each connect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony.ami.packets import Raw
from telephony.calls.reconcile import PbxState
from telephony.switch import Switch
from tongdai.clock import Clock
from tongdai.events import Bus, Event
from tongdai.ids import CallId, HotlineId, call_id_of
from tongdai.settings import Settings

PREFIX = "tongdai-"
PACKETS = ("QueueCallerJoin", "QueueCallerLeave", "Hangup")
_BACK = timedelta(seconds=5)
"""Who began to wait longer ago than this was out of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One caller who waits; moments are aware, UTC.

    Attributes:
        since: His place: when he began to wait, also if he was out of the queue in between.
        joined: When the PBX's queue took him (again); None: as `since`.
        first: The place at which he began, from 1; None: nobody saw it.
    """

    call: CallId
    pbx: str
    since: datetime
    joined: datetime | None = None
    first: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A hotline's queue now: who waits, first in the queue first."""

    hotline: HotlineId
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged(Event):
    """Somebody joined or left a queue."""

    queue: QueueView


class Queues:
    """The queues of all hotlines."""

    def __init__(self, settings: Settings, bus: Bus, clock: Clock) -> None:
        """Begin with empty queues.

        Args:
            settings: The hotlines.
            bus: Gets QueueChanged.
            clock: Says since when somebody waits.
        """
        self._bus, self._clock = bus, clock
        self._hotlines = tuple(h.id for h in settings.hotlines)
        self._waiting: dict[tuple[str, str], tuple[HotlineId, Waiting]] = {}
        self._order: dict[HotlineId, list[tuple[str, str]]] = {h: [] for h in self._hotlines}
        self._switch: Switch | None = None

    def connect(self, switch: Switch) -> None:
        """Listen to the bridge."""
        self._switch = switch
        switch.on_packet(PACKETS, self.on_packet)
        switch.on_state(self.on_state)

    def snapshot(self) -> tuple[QueueView, ...]:
        """Return every hotline's queue, in the settings' order."""
        return tuple(self._view(hotline) for hotline in self._hotlines)

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Take one of PACKETS, in the PBX's order."""
        key = (pbx, packet["Uniqueid"])
        if packet.name != "QueueCallerJoin":
            self._leave(key)
            return
        hotline = self._hotline(packet["Queue"])
        if hotline is None:
            return
        call = call_id_of(pbx, packet["Linkedid"] or packet["Uniqueid"])
        position = packet["Position"]
        place = int(position) - 1 if position.isdigit() else len(self._order[hotline])
        self._join(key, hotline, self._waiting_now(call, pbx, place), place)

    def on_state(self, pbx: str, state: PbxState) -> None:
        """Take who waits at a PBX, after a connect."""
        before = {self._waiting[k][0] for k in self._waiting if k[0] == pbx}
        for key in [k for k in self._waiting if k[0] == pbx]:
            self._drop(key)
        linkedids = {c.facts.uniqueid: c.facts.linkedid for c in state.channels}
        now = self._clock.now()
        for entry in sorted(state.entries, key=lambda e: -e.waited):
            hotline = self._hotline(entry.queue)
            if hotline is not None:
                call = call_id_of(pbx, linkedids.get(entry.uniqueid, entry.uniqueid))
                joined = now - entry.waited
                view = self._switch.call(call) if self._switch else None
                since = (view.queue_joined_at if view else None) or joined
                waiting = Waiting(call=call, pbx=pbx, since=since, joined=joined)
                self._put((pbx, entry.uniqueid), hotline, waiting, len(self._order[hotline]))
                before.add(hotline)
        for hotline in sorted(before):
            self._bus.publish(QueueChanged(queue=self._view(hotline)))

    def _waiting_now(self, call: CallId, pbx: str, place: int) -> Waiting:
        """Return who joins now; the call knows since when he waits, and that he was out of it."""
        now = self._clock.now()
        view = self._switch.call(call) if self._switch else None
        since = (view.queue_joined_at if view else None) or now
        back = now - since > _BACK
        return Waiting(
            call=call, pbx=pbx, since=since, joined=now, first=None if back else place + 1
        )

    def _join(self, key: tuple[str, str], hotline: HotlineId, who: Waiting, place: int) -> None:
        self._drop(key)
        self._put(key, hotline, who, place)
        self._bus.publish(QueueChanged(queue=self._view(hotline)))

    def _leave(self, key: tuple[str, str]) -> None:
        if key in self._waiting:
            hotline = self._waiting[key][0]
            self._drop(key)
            self._bus.publish(QueueChanged(queue=self._view(hotline)))

    def _put(self, key: tuple[str, str], hotline: HotlineId, who: Waiting, place: int) -> None:
        self._waiting[key] = (hotline, who)
        self._order[hotline].insert(place, key)

    def _drop(self, key: tuple[str, str]) -> None:
        if key in self._waiting:
            hotline, _ = self._waiting.pop(key)
            self._order[hotline].remove(key)

    def _view(self, hotline: HotlineId) -> QueueView:
        waiting = tuple(self._waiting[key][1] for key in self._order[hotline])
        return QueueView(hotline=hotline, waiting=waiting)

    def _hotline(self, queue: str) -> HotlineId | None:
        name = HotlineId(queue.removeprefix(PREFIX))
        return name if queue.startswith(PREFIX) and name in self._order else None
