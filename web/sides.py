"""Recordings in words: their kind, who is heard on which side (docs/recordings-spool.md)."""

from telephony.recordings.store import Listed
from tongdai.i18n import _


def kinds() -> dict[str, str]:
    """Return the kinds of recordings in words."""
    return {
        "call": _("Cuộc gọi"),
        "consultation": _("Trao đổi nội bộ"),
        "message": _("Lời nhắn"),
    }


def sides(kind: str, direction: str = "inbound") -> tuple[str, str]:
    """Return who is heard left and who right.

    Args:
        kind: call or consultation (a message has one side, its caller's).
        direction: Of its call.
    """
    if kind == "consultation":  # on the line of whom the operator asks; the citizen waits
        return _("Người được hỏi"), _("Tổng đài viên")
    citizen = _("Người được gọi") if direction == "outbound" else _("Người gọi")
    return citizen, _("Phía tổng đài")


def sides_of(listed: Listed) -> tuple[str, str]:
    """Return who is heard left and who right in a recording; see `sides`."""
    call = listed.call
    return sides(listed.recording.kind, call.direction if call else "inbound")
