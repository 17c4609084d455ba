"""What the PBX tells of transfers: packets in their order, and its state after each connect."""

import asyncio

from telephony.ami.packets import Raw
from telephony.calls.reconcile import PbxState
from telephony.calls.transfer import Reason, Signal, reason_of_cause
from telephony.transfers import hands, store
from telephony.transfers.engine import GUARD_SECONDS, Engine
from telephony.transfers.live import LEG, Live, live_of
from telephony.transfers.recovery import called_for_nobody, findings, without
from telephony.transfers.tables import Transfer
from tongdai.db import Database
from tongdai.errors import Unavailable
from tongdai.ids import TransferId

PACKETS = ("Newchannel", "Newstate", "Hangup", "UserEvent", "ConfbridgeJoin", "QueueCallerJoin")
RETRY_SECONDS = 2.0
_RINGING, _UP = "5", "6"
_DETAILS = {"2": "refused", "3": "later", "none": "no_key"}


class Ear:
    """Turns what is told into signals of the table."""

    def __init__(self, engine: Engine, db: Database) -> None:
        """Tell `engine`; rows that a killed service left behind are read from `db`."""
        self._engine, self._db = engine, db
        self._restored: set[str] = set()
        self._gone: dict[str, set[str]] = {}

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Take one of PACKETS, in the PBX's order."""
        uniqueid, channel = packet["Uniqueid"], packet["Channel"]
        if packet.name == "Hangup":
            self._gone.get(pbx, set()).add(channel)
            self._hung_up(pbx, uniqueid, channel, packet["Cause"])
        elif uniqueid.startswith(LEG):
            self._leg(pbx, packet, TransferId(uniqueid.removeprefix(LEG)), channel)
        elif packet.name in ("ConfbridgeJoin", "QueueCallerJoin"):
            for live in self._at_channel(pbx, channel):
                if channel == live.caller:
                    self._engine.signal(live, Signal.CALLER_BACK)

    def on_state(self, pbx: str, state: PbxState) -> None:
        """Take what the PBX has after a connect: who left meanwhile, whose rooms there are."""
        for live in [t for t in self._engine.live.values() if t.pbx == pbx]:
            self._catch_up(live, state, Reason.PBX_FAILED)
        if pbx not in self._restored:
            self._restored.add(pbx)
            self._gone[pbx] = set()
            self._engine.spawn(self._restore(pbx, state))
        else:
            self._tidy(pbx, state)

    # --- what happens to a leg ---

    def _leg(self, pbx: str, packet: Raw, transfer_id: TransferId, channel: str) -> None:
        live = self._engine.live.get(transfer_id)
        if live is None:
            if packet.name in ("Newchannel", "Newstate"):  # it was given up before it was there
                self._engine.spawn(hands.hang_up(self._engine.at(pbx), channel))
            return
        live.person = channel
        match packet.name:
            case "Newstate" if packet["ChannelState"] == _RINGING:
                self._engine.signal(live, Signal.RANG)
            case "Newstate" if packet["ChannelState"] == _UP:
                self._engine.watch(live, self._engine.hotline(live).accept_seconds + GUARD_SECONDS)
                self._engine.signal(live, Signal.ANSWERED)
            case "UserEvent" if packet["Key"] in _DETAILS:
                self._engine.signal(live, Signal.REFUSED, detail=_DETAILS[packet["Key"]])
            case "ConfbridgeJoin":
                self._engine.signal(live, Signal.TAKEN)
            case _:
                pass

    def _hung_up(self, pbx: str, uniqueid: str, channel: str, cause: str) -> None:
        live = self._engine.live.get(TransferId(uniqueid.removeprefix(LEG)))
        if live is not None:
            live.person = None
            self._person_left(live, int(cause) if cause.isdigit() else 0)
        for live in self._at_channel(pbx, channel):
            if channel == live.caller:
                live.caller = None
                self._engine.signal(live, Signal.CALLER_LEFT)
            else:
                live.operator = None
                self._engine.signal(live, Signal.OPERATOR_LEFT)
        for left in self._engine.rooms[pbx].hung_up(channel):
            self._engine.spawn(hands.hang_up(self._engine.at(pbx), left))

    def _person_left(self, live: Live, cause: int) -> None:
        if live.answered_at is not None:
            self._engine.signal(live, Signal.PERSON_LEFT, detail="hung_up")
            return
        reason = reason_of_cause(cause)
        if reason is Reason.NO_ANSWER and live.rang_at is None:
            reason = Reason.UNREACHABLE
        self._engine.signal(live, Signal.PERSON_LEFT, reason=reason)

    # --- after a loss ---

    def _catch_up(self, live: Live, state: PbxState, why: Reason) -> None:
        """Bring a transfer to what the PBX has."""
        legs = (c.facts.name for c in state.channels if c.facts.uniqueid == live.leg)
        live.person = next(legs, None)
        ours = {c.facts.name for c in state.channels if c.facts.linkedid == live.linkedid}
        live.caller = live.caller if live.caller in ours else None
        live.operator = live.operator if live.operator in ours else None
        for found in findings(live, state, why):
            if found.signal is Signal.ANSWERED:
                self._engine.watch(live, self._engine.hotline(live).accept_seconds + GUARD_SECONDS)
            self._engine.signal(live, found.signal, reason=found.reason, detail=found.detail)

    async def _restore(self, pbx: str, state: PbxState) -> None:
        """Go on with what a killed service left behind, or bring it to its end."""
        rows = await self._unfinished()
        state = without(state, self._gone.pop(pbx))
        for row in rows:
            if row.pbx == pbx and TransferId(row.id) not in self._engine.live:
                live = live_of(row, state)
                self._engine.take_over(live)
                self._engine.watch(live, self._engine.hotline(live).ring_seconds + GUARD_SECONDS)
                self._catch_up(live, state, Reason.SERVICE_RESTARTED)
        self._tidy(pbx, state)

    async def _unfinished(self) -> list[Transfer]:
        """Return the rows without an end, as soon as the database answers."""
        while True:
            try:
                async with self._db.read() as session:
                    return await store.unfinished(session)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _tidy(self, pbx: str, state: PbxState) -> None:
        """Hang up who is left alone: in a room without its caller, or called for nobody."""
        running = [t for t in self._engine.live.values() if t.pbx == pbx]
        lonely = self._engine.rooms[pbx].learn(state) | called_for_nobody(state, self._engine.live)
        busy = {c for t in running for c in (t.operator, t.person)}
        for name in lonely - busy:
            self._engine.spawn(hands.hang_up(self._engine.at(pbx), name))

    # --- small things ---

    def _at_channel(self, pbx: str, channel: str) -> list[Live]:
        return [
            live
            for live in self._engine.live.values()
            if live.pbx == pbx and channel in (live.caller, live.operator)
        ]
