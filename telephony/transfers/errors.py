"""Why a transfer is not to be had."""

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchTransfer(NotFound):
    """There is no such transfer, or the asker may not know of it."""

    code = "no_such_transfer"


class TransferRunning(Conflict):
    """The call is being transferred already."""

    code = "transfer_running"


class CallNotConnected(Conflict):
    """The call is not with an operator now, so there is nothing to transfer."""

    code = "call_not_connected"


class NotPossibleNow(Conflict):
    """The transfer's state does not allow it."""

    code = "transfer_not_possible_now"


class NotYourCall(Forbidden):
    """Only the call's operator, or a supervisor of the hotline, may do this."""

    code = "not_your_call"


class NumberNotAllowed(Forbidden):
    """This number may not be called from here (emergency, abroad, premium, our own)."""

    code = "number_not_allowed"


class NoNumber(Invalid):
    """There is nothing to dial in the target."""

    code = "no_number"
