"""Refusals of the bridge."""

from tongdai.errors import NotFound, Unavailable


class CallUnknown(NotFound):
    """No such call is live or lately ended."""

    code = "call_unknown"


class PbxUnknown(NotFound):
    """The settings name no such PBX."""

    code = "pbx_unknown"


class PbxAway(Unavailable):
    """The PBX does not answer, or the service is not logged in."""

    code = "pbx_away"


class ActionTimedOut(Unavailable):
    """The PBX did not answer an action in time. It may have been carried out all the same."""

    code = "pbx_action_timed_out"
