"""Why a recording cannot be paused, resumed or stopped."""

from tongdai.errors import Conflict


class RecordingStopped(Conflict):
    """The call's recording has ended for good: nothing starts it again (CT-3.7)."""

    code = "recording_stopped"


class NotKept(Conflict):
    """The PBX refused: the call has no recording now."""

    code = "recording_not_running"
