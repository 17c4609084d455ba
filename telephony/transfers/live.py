"""One transfer that runs: its course, its legs, its moments."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from telephony.calls.reconcile import PbxState
from telephony.calls.transfer import Course, Effect, Stage, State
from telephony.transfers.model import Target, TransferView
from telephony.transfers.store import view_of
from telephony.transfers.tables import Transfer
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId

LEG = "tongdai-"
"""A called leg's uniqueid is this and the transfer's id (Originate's ChannelId)."""


@dataclass(slots=True)
class Live:
    """What the service keeps of a transfer while somebody of it is on the line.

    Attributes:
        caller: The caller's channel.
        operator: The operator's channel; None when he is gone.
        person: The called leg's channel, as soon as it is known.
        work: Effects that wait to be carried out at the PBX, in order; None after the last.
        timer: Gives the called leg up.
        row_channels: What the row keeps for a restart.
    """

    id: TransferId
    pbx: str
    call_id: CallId
    linkedid: str
    hotline: HotlineId
    number: str
    target: Target
    ticket_id: TicketId | None
    by: AccountId
    by_name: str
    course: Course
    started_at: datetime
    caller: str | None
    operator: str | None
    person: str | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    work: asyncio.Queue[Effect | None] = field(default_factory=asyncio.Queue)
    timer: asyncio.TimerHandle | None = None
    row_channels: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Keep what a row needs to be taken over after a restart."""
        self.row_channels = {
            "caller_channel": self.caller or "",
            "operator_channel": self.operator or "",
            "linkedid": self.linkedid,
        }

    @property
    def leg(self) -> str:
        """The called leg's uniqueid."""
        return LEG + self.id

    @property
    def room(self) -> str:
        """The conference of operator, person and caller."""
        return f"tongdai-{self.id}"

    def stop_timer(self) -> None:
        """Watch no longer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def note(self, state: State, at: datetime) -> None:
        """Note when a state was reached first."""
        match state:
            case State.RINGING:
                self.rang_at = self.rang_at or at
            case State.ANSWERED:
                self.answered_at = self.answered_at or at
            case State.ACCEPTED:
                self.answered_at = self.answered_at or at
                self.accepted_at = self.accepted_at or at
            case _ if state.is_final:
                self.ended_at = self.ended_at or at
            case _:
                pass

    def view(self) -> TransferView:
        """Return the transfer as everybody sees it."""
        return TransferView(
            id=self.id,
            pbx=self.pbx,
            call_id=self.call_id,
            ticket_id=self.ticket_id,
            hotline=self.hotline,
            kind=self.course.kind,
            state=self.course.state,
            reason=self.course.reason,
            detail=self.course.detail,
            number=self.number,
            label=self.target.label,
            person_id=self.target.person_id,
            unit_id=self.target.unit_id,
            by=self.by,
            by_name=self.by_name,
            joined=self.course.stage is Stage.JOINED,
            operator_there=self.course.operator_there,
            started_at=self.started_at,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            accepted_at=self.accepted_at,
            ended_at=self.ended_at,
        )


def live_of(row: Transfer, state: PbxState) -> Live:
    """Return the transfer of a row without an end, with those of its legs that still live.

    Args:
        row: What a killed service left behind.
        state: What the PBX has now. Names repeat after its restart, linkedids do not.
    """
    view = view_of(row)
    stage = Stage.CONSULTING if view.state is State.ACCEPTED else Stage(view.state.value)
    alive = {c.facts.name for c in state.channels if c.facts.linkedid == row.linkedid}
    legs = (c.facts.name for c in state.channels if c.facts.uniqueid == LEG + row.id)
    live = Live(
        id=view.id,
        pbx=row.pbx,
        call_id=view.call_id,
        linkedid=row.linkedid,
        hotline=view.hotline,
        number=row.number,
        target=Target(label=row.label, person_id=view.person_id, unit_id=view.unit_id),
        ticket_id=view.ticket_id,
        by=view.by,
        by_name=row.by_name,
        course=Course(
            kind=view.kind,
            stage=Stage.JOINED if row.joined else stage,
            operator_there=row.operator_there,
        ),
        started_at=row.started_at,
        caller=row.caller_channel,
        operator=row.operator_channel,
        person=next(legs, None),
        rang_at=row.rang_at,
        answered_at=row.answered_at,
        accepted_at=row.accepted_at,
    )
    live.caller = live.caller if live.caller in alive else None
    live.operator = live.operator if live.operator in alive else None
    return live
