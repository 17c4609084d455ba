"""What happened in a call, as places in its recording: waiting, transfers, pauses; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telephony.calls.tables import CallLegRow
from telephony.capture.model import Mark as Noted
from telephony.capture.model import MarkKind
from telephony.recordings.tables import Recording
from telephony.transfers.model import TransferView
from tongdai.i18n import _

_SHORTEST = 1.0
"""Seconds alone that are worth a mark: a bridge is left and the next entered in less."""
Kind = Literal["hold", "transfer", "pause", "unheard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of a recording.

    Attributes:
        kind: What it is.
        start: Seconds from the recording's beginning.
        end: Seconds; at least `start`.
        label: In words.
    """

    kind: Kind
    start: float
    end: float
    label: str


_ENDS = {
    MarkKind.HOLD: MarkKind.UNHOLD,
    MarkKind.PAUSE: MarkKind.RESUME,
    MarkKind.STOP: None,
    MarkKind.UNHEARD: MarkKind.HEARD,
}
"""What begins a stretch -> what ends it; None: nothing does."""
_KINDS: dict[MarkKind, Kind] = {
    MarkKind.HOLD: "hold",
    MarkKind.PAUSE: "pause",
    MarkKind.STOP: "pause",
    MarkKind.UNHEARD: "unheard",
}


def marks(
    row: Recording,
    legs: Sequence[CallLegRow],
    transfers: Iterable[TransferView],
    noted: Sequence[Noted] = (),
) -> list[Mark]:
    """Return the marks of a recording, in their order.

    Args:
        row: The recording; its clock is what the marks go by.
        legs: The ledger of its call.
        transfers: The transfers of its call.
        noted: Holds, pauses, the stop, and what nobody heard of; oldest first.
    """
    found = [_stretch(row, one, noted) for one in noted if one.kind in _ENDS]
    found += [_mark(row, "hold", *gap, _("Người gọi chờ máy")) for gap in _alone(legs)]
    for one in transfers:
        whom = one.label or _("số khác")
        words = _("Chuyển máy: {whom}").format(whom=whom)
        found.append(_mark(row, "transfer", one.started_at, one.ended_at, words))
    kept = [mark for mark in found if mark.end > 0 and mark.start < row.seconds]
    return sorted(kept, key=lambda mark: (mark.start, mark.end))


def _stretch(row: Recording, one: Noted, noted: Sequence[Noted]) -> Mark:
    end = next((n.at for n in noted if n.kind is _ENDS[one.kind] and n.at >= one.at), None)
    words = {
        MarkKind.HOLD: _("Giữ máy"),
        MarkKind.PAUSE: _("Tạm dừng ghi âm"),
        MarkKind.STOP: _("Dừng ghi âm hẳn"),
        MarkKind.UNHEARD: _("Không rõ có giữ máy hay không: mất liên lạc với tổng đài điện thoại"),
    }
    return _mark(row, _KINDS[one.kind], one.at, end, words[one.kind])


def _alone(legs: Sequence[CallLegRow]) -> list[tuple[datetime, datetime]]:
    """Return when the caller, once connected, was with nobody."""
    talks = sorted(
        (leg.started_at, leg.ended_at) for leg in legs if leg.main and leg.kind == "talk"
    )
    gaps, until = [], talks[0][1] if talks else None
    for began, ended in talks[1:]:
        if until is not None and (began - until).total_seconds() >= _SHORTEST:
            gaps.append((until, began))
        until = ended if until is None else max(until, ended)
    return gaps


def _mark(row: Recording, kind: Kind, began: datetime, ended: datetime | None, label: str) -> Mark:
    start = (began - row.started_at).total_seconds()
    end = (ended - row.started_at).total_seconds() if ended else row.seconds
    return Mark(
        kind=kind,
        start=round(min(max(0.0, start), row.seconds), 2),
        end=round(min(max(start, end), row.seconds), 2),
        label=label,
    )
