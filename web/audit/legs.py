"""A call's ledger as bars on a time line: who rang, who spoke, from when to when; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telephony.calls.tables import CallLegRow, CallRow
from tongdai.i18n import _

WIDTH = 1000.0
ROW = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One stretch of one party.

    Attributes:
        x: From the left, of WIDTH.
        width: Of WIDTH, at least a hair.
        row: Which line, from 0.
        kind: ring or talk.
        title: What it is, in words.
    """

    x: float
    width: float
    row: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Parties (one line each) and their bars.

    Attributes:
        began: The left edge.
        ended: The right edge.
        answered_x: Where the first person answered, of WIDTH; None when nobody did.
    """

    parties: tuple[str, ...]
    bars: tuple[Bar, ...]
    began: datetime
    ended: datetime
    answered_x: float | None

    @property
    def height(self) -> int:
        """Height of the drawing."""
        return max(1, len(self.parties)) * ROW


def drawing(
    legs: Sequence[CallLegRow], call: CallRow, names: Mapping[str, str], called: Mapping[str, str]
) -> Drawing | None:
    """Return the drawing, or None when the ledger is empty.

    Args:
        legs: The closed rows of the call.
        call: The call.
        names: Account id -> name.
        called: Transfer id -> whom it called.
    """
    if not legs:
        return None
    ends = [leg.ended_at for leg in legs] + ([call.ended_at] if call.ended_at else [])
    began, ended = min(call.started_at, *(leg.started_at for leg in legs)), max(ends)
    span = max((ended - began).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        return round((at - began).total_seconds() / span * WIDTH, 1)

    citizen = _("Người được gọi") if call.direction == "outbound" else _("Người gọi")
    own = {leg.uniqueid for leg in legs if leg.main and not leg.seat}  # its ringing is his, too
    told = [citizen if leg.uniqueid in own else _party(leg, names, called) for leg in legs]
    parties = list(dict.fromkeys(told))
    bars = [
        Bar(
            x=x(leg.started_at),
            width=max(2.0, round(x(leg.ended_at) - x(leg.started_at), 1)),
            row=parties.index(party),
            kind=leg.kind,
            title=_title(leg),
        )
        for leg, party in zip(legs, told, strict=True)
    ]
    return Drawing(
        parties=tuple(parties),
        bars=tuple(bars),
        began=began,
        ended=ended,
        answered_x=x(call.answered_at) if call.answered_at else None,
    )


def _party(leg: CallLegRow, names: Mapping[str, str], called: Mapping[str, str]) -> str:
    if leg.operator and leg.operator in names:
        return names[leg.operator]
    if leg.transfer is not None and leg.transfer in called:
        return called[leg.transfer]
    if leg.seat:
        return _("Máy {seat}").format(seat=leg.seat)
    return leg.number or _("Số khác")


def _title(leg: CallLegRow) -> str:
    what = _("đổ chuông") if leg.kind == "ring" else _("kết nối")
    seconds = round((leg.ended_at - leg.started_at).total_seconds())
    return _("{what}, {seconds} giây").format(what=what, seconds=seconds)
