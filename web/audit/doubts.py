"""What is doubtful about recordings, and why days do not match, in words."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.capture.checks import FindingKind
from telephony.capture.reconcile import Why
from telephony.capture.tables import RecordingFinding, RecordingSound
from tongdai.i18n import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How a recording was found when it was held against its call.

    Attributes:
        done: Whether it was; False: the call is not known or has not ended yet.
        findings: What is wrong with it.
    """

    done: bool
    findings: tuple[RecordingFinding, ...]


async def checked(session: AsyncSession, recording: str) -> Checked:
    """Return how one recording was found."""
    rows = await session.execute(
        select(RecordingFinding)
        .where(col(RecordingFinding.recording) == recording)
        .order_by(col(RecordingFinding.kind))
    )
    sound = await session.get(RecordingSound, recording)
    return Checked(
        done=sound is not None and sound.checked_at is not None, findings=tuple(rows.scalars())
    )


def doubts(sides: tuple[str, str]) -> dict[str, str]:
    """Return the findings in words.

    Args:
        sides: Who is heard left and right in the recording (web.sides).
    """
    left, right = (side[:1].lower() + side[1:] for side in sides)
    return {
        FindingKind.CALLER_SILENT: _unheard(left),
        FindingKind.OUR_SIDE_SILENT: _unheard(right),
        FindingKind.SILENT: _("Cả hai phía im lặng"),
        FindingKind.SHORT: _("Ngắn hơn cuộc gọi"),
        FindingKind.HOLE: _("Khuyết một đoạn ở giữa"),
        FindingKind.LONG: _("Dài hơn cuộc gọi"),
        FindingKind.CLIPPED: _("Tiếng quá to, bị vỡ"),
    }


def _unheard(side: str) -> str:
    """Return the words with a great letter first: in English the side is what they begin with."""
    words = _("Không nghe thấy {side}").format(side=side)
    return words[:1].upper() + words[1:]


def whys() -> dict[str, str]:
    """Return the reasons in words; an empty one is not known."""
    return {
        Why.LOST: _("Tổng đài điện thoại dừng hoặc mất liên lạc giữa cuộc gọi"),
        Why.STOPPED: _("Đã dừng ghi âm hẳn vì bí mật Nhà nước"),
        Why.BRIEF: _("Nghe máy chưa tới hai giây"),
        Why.IN_SPOOL: _("Tệp còn ở thư mục chờ, chưa lấy vào kho"),
        Why.UNREADABLE: _("Tệp không đọc được"),
        Why.STRANGE: _("Tên tệp lạ"),
        Why.UNKNOWN: _("Chưa rõ, cần xem"),
        "": _("Chưa rõ, cần xem"),
    }
