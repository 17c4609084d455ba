"""Refusals of the tasks of calling back."""

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchCallBack(NotFound):
    """There is no such task, or the asker may not know that there is."""

    code = "no_such_callback"


class CallBackForbidden(Forbidden):
    """The asker's role does not reach that far."""

    code = "callback_forbidden"


class CallBackTaken(Conflict):
    """Somebody else has claimed it."""

    code = "callback_taken"


class CallBackClosed(Conflict):
    """Nothing is owed any more."""

    code = "callback_closed"


class CallBackWithoutNumber(Conflict):
    """The caller's number is not known: nobody can be called."""

    code = "callback_without_number"


class CallBackReasonMissing(Invalid):
    """A task is given up with a reason only."""

    code = "callback_reason_missing"
