"""Why an operator cannot have what he asks for."""

from tongdai.errors import Conflict, Forbidden, Invalid


class NotSignedOn(Conflict):
    """The account is not signed on as an operator."""

    code = "operator_not_signed_on"


class NoSeat(Conflict):
    """The account has no extension, so no phone could ring."""

    code = "operator_has_no_seat"


class InCall(Conflict):
    """Not while a call is going on."""

    code = "operator_in_call"


class NotAnOperatorHere(Forbidden):
    """The account is no operator of that hotline."""

    code = "not_an_operator_here"


class UnknownPause(Invalid):
    """There is no such reason for a pause at the operator's hotlines."""

    code = "unknown_pause"
