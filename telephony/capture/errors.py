"""Why a recording cannot be paused, resumed, stopped, or taken from another host."""

from tongdai.errors import Conflict, Unavailable


class RecordingStopped(Conflict):
    """The call's recording has ended for good: nothing starts it again (CT-3.7)."""

    code = "recording_stopped"


class NotKept(Conflict):
    """The PBX refused: the call has no recording now."""

    code = "recording_not_running"


class FarSpoolAway(Unavailable):
    """The spool on another host cannot be reached or read; `why` is a sentence for a person."""

    code = "far_spool_away"


class FarFileRefused(Unavailable):
    """One file of a spool on another host cannot be read or removed; `why` says what it answers."""

    code = "far_file_refused"
