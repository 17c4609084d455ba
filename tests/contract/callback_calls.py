"""Calls as the register has them, and the rules that make tasks of them, for the tests."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sqlmodel import col, select

from escalation.lawbook import default_lawbook
from ivr.desk import CallerLeftMessage, CallerWantsCallBack, Visit
from ivr.followups.rules import Rulebook
from ivr.followups.service import FollowUps
from ivr.followups.tables import CallBackTask
from telephony.calls import store
from telephony.calls.model import CallState, CallView, Direction, Leg, LegKind, Outcome
from tests.support.small_settings import small_settings
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.ids import AccountId, HotlineId, Linkedid, Uniqueid, call_id_of
from tongdai.phone import parse_caller


@dataclass
class Calls:
    """Makes calls, and follows them."""

    db: Database
    clock: HandClock
    folder: Path
    made: int = 0
    rules: Rulebook = field(init=False)
    followups: FollowUps = field(init=False)

    def __post_init__(self) -> None:
        calendar = default_lawbook(("can-tho", "hoa-binh")).calendar
        self.rules = Rulebook(settings=small_settings(self.folder), calendar=calendar)
        self.followups = FollowUps(self.db, self.db.bus, self.rules, self._settled)

    async def _settled(self) -> None:
        """Everything is written at once here."""

    async def call(
        self,
        outcome: Outcome | None = Outcome.ABANDONED,
        number: str = "0912345678",
        **more: object,
    ) -> CallView:
        """Write a call that has ended so; without an outcome it goes on."""
        self.made += 1
        now = self.clock.now()
        caller = parse_caller(number)
        linkedid = Linkedid(f"1796000000.{self.made}")
        made = CallView(
            id=call_id_of("main", linkedid),
            pbx="main",
            linkedid=linkedid,
            hotline=HotlineId("can-tho"),
            direction=Direction.INBOUND,
            caller_number=caller.e164,
            caller_raw=caller.raw,
            caller_name="",
            caller_kind=caller.kind.value,
            called_number="02921022",
            started_at=now,
            answered_at=now if outcome is Outcome.ANSWERED else None,
            ended_at=now if outcome else None,
            state=CallState.ENDED if outcome else CallState.IVR,
            outcome=outcome,
            operator=AccountId("lan") if outcome is Outcome.ANSWERED else None,
        )
        made = replace(made, **more)  # type: ignore[arg-type]  # a test's fields
        await self.save(made)
        return made

    async def out(self, how: str, number: str = "0912345678") -> CallView:
        """Write an outgoing call whose citizen's phone rang so: BUSY, NOANSWER, ANSWER."""
        outcome = Outcome.ANSWERED if how == "ANSWER" else Outcome.FAILED
        call = await self.call(outcome, number, direction=Direction.OUTBOUND)
        ring = Leg(
            call=call.id,
            n=1,
            kind=LegKind.RING,
            channel="PJSIP/carrier-1",
            uniqueid=Uniqueid("1.2"),
            main=False,
            seat=None,
            operator=None,
            number="0912345678",
            transfer=None,
            bridge=None,
            started_at=call.started_at,
            ended_at=call.started_at + timedelta(seconds=5),
            how=how,
        )
        async with self.db.write() as tx:
            await store.save(tx, (), (ring,))
        return call

    async def save(self, view: CallView) -> None:
        """Write a call as the bridge does."""
        async with self.db.write() as tx:
            await store.save(tx, (view,), ())

    async def wishes(self, call: CallView, *, message: bool = False, **more: object) -> None:
        """Let the caller wish in the menus."""
        visit = Visit(
            call=call.id,
            pbx=call.pbx,
            linkedid=call.linkedid,
            hotline=call.hotline,
            caller=parse_caller(call.caller_raw),
        )
        kind = CallerLeftMessage if message else CallerWantsCallBack
        async with self.db.write() as tx:
            tx.emit(kind(visit=visit, **more))

    async def sweep(self) -> int:
        """Follow what has happened."""
        return await self.followups.sweep()

    async def tasks(self) -> list[CallBackTask]:
        """Return every task, the first call's first."""
        async with self.db.read() as session:
            query = select(CallBackTask).order_by(
                col(CallBackTask.called_at), col(CallBackTask.call)
            )
            return list((await session.execute(query)).scalars())

    async def task(self) -> CallBackTask:
        """Return the one task."""
        (found,) = await self.tasks()
        return found
