"""What an operator may do with a call besides transferring it: hang up, and call back."""

from dataclasses import dataclass
from enum import StrEnum

from telephony.ami.packets import Raw
from telephony.calls.model import CallState, CallView, Direction
from telephony.operators import Operators
from telephony.operators.errors import InCall, NotAnOperatorHere, NotSignedOn
from telephony.operators.model import OperatorState
from telephony.switch import Switch, seat_of
from telephony.transfers.errors import CallNotConnected, NotYourCall
from telephony.transfers.model import Target
from telephony.transfers.numbers import dial_of
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Conflict, NotFound, Unavailable
from tongdai.events import Bus, Event
from tongdai.ids import AccountId, CallId, HotlineId, Linkedid, call_id_of
from tongdai.settings import Settings

_IN_CALL = (OperatorState.RINGING, OperatorState.TALKING)


class OperatorDidNotAnswer(Conflict):
    """The operator's own phone rang and was not answered, so nobody was called."""

    code = "operator_did_not_answer"


class NotReached(Conflict):
    """The telephone that the service called was busy, off, or not answered."""

    code = "not_reached"


class Place(StrEnum):
    """Where somebody is led whom the service calls by itself: a context of our dialplan."""

    SURVEY = "tongdai-survey-call"
    TRIAL = "tongdai-trial"
    RECORD = "tongdai-prompt"


_MAY_CALL = {
    Place.SURVEY: (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR),
    Place.TRIAL: (Role.ADMINISTRATOR,),
    Place.RECORD: (Role.ADMINISTRATOR,),
}
_BUSY = 5
"""Asterisk's reason of an Originate that was refused as busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailed(Event):
    """The citizen was not reached; `why` is `busy`, `no_answer` or `unreachable`. In memory."""

    call: CallId
    operator: AccountId
    why: str


_WHY = {"BUSY": "busy", "NOANSWER": "no_answer", "CHANUNAVAIL": "unreachable"}
_WHY |= {"CONGESTION": "unreachable"}
"""Asterisk's DIALSTATUS; a number that does not exist (404) is CHANUNAVAIL or CONGESTION."""


class CallControl:
    """Ends calls, and begins outbound ones."""

    def __init__(
        self,
        settings: Settings,
        operators: Operators,
        bus: Bus,
        *,
        also_allowed: tuple[str, ...] = (),
    ) -> None:
        """Take what is needed; `connect` gives the bridge.

        Args:
            settings: Hotlines and PBXs.
            operators: Who sits where.
            bus: Gets DialFailed.
            also_allowed: E.164 numbers that may be called although the rules forbid them.
        """
        self._settings, self._operators, self._also_allowed = settings, operators, also_allowed
        self._bus = bus
        self._switch: Switch | None = None

    def connect(self, switch: Switch) -> None:
        """Act through this bridge; called before it runs."""
        self._switch = switch
        switch.on_packet(("DialEnd",), self.on_packet)

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Tell the operator why a citizen whom he calls was not reached."""
        why, linkedid = _WHY.get(packet["DialStatus"]), packet["Linkedid"]
        if why is None or not linkedid or self._switch is None:
            return
        call = self._switch.call(call_id_of(pbx, Linkedid(linkedid)))
        if call is None or call.direction is not Direction.OUTBOUND or call.operator is None:
            return
        if call.answered_at is None:
            self._bus.publish(DialFailed(call=call.id, operator=call.operator, why=why))

    async def hang_up(self, call_id: CallId, by: Viewer) -> None:
        """End the operator's part of a call, and the call with it unless it was handed over.

        Raises:
            NotFound: There is no such call.
            NotYourCall: The asker is neither its operator nor a supervisor of the hotline.
            CallNotConnected: It has ended.
            Unavailable: The PBX does not answer.
        """
        switch = self._there()
        call = self._call(switch, call_id)
        channels = switch.channels_of(call_id)
        mine = (channels.operator or channels.caller) if channels else None
        here = self._operators.operator_of(seat_of(mine)) if mine else None
        if by.id not in (call.operator, here) and not by.has(Role.SUPERVISOR, call.hotline):
            raise NotYourCall(None, account=by.id)
        if mine is None or call.state is CallState.ENDED:
            raise CallNotConnected(None, call=call_id)
        await switch.ami(call.pbx).action("Hangup", Channel=mine)

    async def dial(self, by: Viewer, hotline_id: HotlineId, number: str) -> CallId:
        """Call a citizen for a hotline: the operator's phone rings first, then the citizen's.

        The citizen sees the hotline's number and is told that the call is recorded.

        Args:
            by: The operator, signed on.
            hotline_id: For whose hotline.
            number: As it is kept or was typed; digits are made of it here.

        Returns:
            The call's id, once the operator's phone is answered.

        Raises:
            NotAnOperatorHere, NotSignedOn, InCall: See there.
            NumberNotAllowed, NoNumber: See telephony.transfers.numbers.
            OperatorDidNotAnswer: See there.
            Unavailable: The PBX does not answer.
        """
        hotline = self._settings.hotline_by_id(hotline_id)
        if hotline is None or not by.has_any((Role.OPERATOR, Role.SUPERVISOR), hotline_id):
            raise NotAnOperatorHere(None, account=by.id)
        operator = self._operators.get(by.id)
        if operator is None:
            raise NotSignedOn(None, account=by.id)
        if operator.state in _IN_CALL:
            raise InCall(None, account=by.id)
        target = Target(number=number)
        dial = dial_of(self._settings, hotline, target, also_allowed=self._also_allowed)
        pbx = self._operators.home(operator)
        done = await self._there().ami(pbx).originate(
            operator.interface,
            variables={
                "__TONGDAI_HOTLINE": hotline.id,
                "_TONGDAI_NUMBER": dial.channel.removeprefix("PJSIP/").partition("@")[0],
            },
            ring_seconds=hotline.operator_ring_seconds,
            Context="tongdai-outbound",
            Exten=hotline.id,
            Priority=1,
            CallerID=f"<{hotline.number}>",
        )  # fmt: skip
        if not done.ok:
            raise OperatorDidNotAnswer(None, account=by.id)
        return call_id_of(pbx, done.uniqueid)

    async def lead(
        self, by: Viewer, hotline_id: HotlineId, place: Place, number: str, order: str
    ) -> CallId:
        """Call somebody and lead whoever answers to a place of the dialplan; no operator is in it.

        Args:
            by: Who wants it.
            hotline_id: For which hotline; its number is shown.
            place: Where to.
            number: As it is kept or was typed; digits are made of it here.
            order: What it is about there: an id that we made.

        Returns:
            The call's id, once the telephone is answered.

        Raises:
            NotAnOperatorHere: The asker may not.
            NumberNotAllowed, NoNumber: See telephony.transfers.numbers.
            NotReached: See there.
            Unavailable: The PBX does not answer.
        """
        hotline = self._settings.hotline_by_id(hotline_id)
        if hotline is None or not by.has_any(_MAY_CALL[place], hotline_id):
            raise NotAnOperatorHere(None, account=by.id)
        allowed, of_the_register = self._also_allowed, place is Place.SURVEY
        if number in map(str, self._settings.seats.extensions) and not of_the_register:
            target, seat = Target(extension=number), self._seat(number)
            dial = dial_of(self._settings, hotline, target, seat_for=seat)
        else:
            target = Target(number=number)
            dial = dial_of(self._settings, hotline, target, also_allowed=allowed)
        pbx = self._settings.pbx[0].name
        marks = {"__TONGDAI_HOTLINE": hotline.id} if of_the_register else {}
        done = await self._there().ami(pbx).originate(
            dial.channel,
            variables={**marks, "TONGDAI_ORDER": order},
            ring_seconds=hotline.ring_seconds,
            Context=place.value,
            Exten=hotline.id,
            Priority=1,
            CallerID=f"<{hotline.number}>",
        )  # fmt: skip
        if not done.ok:
            raise NotReached("busy_number" if done.reason == _BUSY else None, hotline=hotline.id)
        return call_id_of(pbx, done.uniqueid)

    def _seat(self, extension: str) -> str:
        """Return the telephone of an extension: of whoever is signed on there, else the desk's."""
        here = [o.seat for o in self._operators.snapshot() if o.extension == extension]
        return here[0] if here else f"desk-{extension}"

    def _there(self) -> Switch:
        if self._switch is None:
            raise Unavailable
        return self._switch

    @staticmethod
    def _call(switch: Switch, call_id: CallId) -> CallView:
        call = switch.call(call_id)
        if call is None:
            raise NotFound("no_such_call", call=call_id)
        return call
