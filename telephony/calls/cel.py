"""CEL, the PBX's own record of what happened to its channels: lines -> packets; pure.

The file is csv as asterisk-conf writes it (cel_custom.conf): event type, time (`%s.%q`), name,
number, DNID, exten, context, channel, application, its data, uniqueid, linkedid, peer, and extra
(JSON). Source: docs.asterisk.org, "CEL Specification"; tried against Asterisk 22.10.1.
"""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telephony.ami import packets as p
from tongdai.ids import Linkedid, Uniqueid

_COLUMNS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRow:
    """One line; `at` is aware, UTC."""

    event: str
    at: datetime
    name: str
    number: str
    exten: str
    context: str
    channel: str
    application: str
    data: str
    uniqueid: Uniqueid
    linkedid: Linkedid
    extra: str


def rows_of(lines: Iterable[str], offset: timedelta = timedelta(0)) -> tuple[CelRow, ...]:
    """Return the lines that can be read, oldest first; what is no CEL line is left out.

    Args:
        lines: Lines of the file, in its order.
        offset: The development clock's, added to the PBX's times.
    """
    rows = []
    for fields in csv.reader(lines):
        if len(fields) != _COLUMNS:
            continue
        try:
            at = datetime.fromtimestamp(float(fields[1]), UTC) + offset
        except (ValueError, OverflowError, OSError):
            continue
        rows.append(
            CelRow(
                event=fields[0],
                at=at,
                name=fields[2],
                number=fields[3],
                exten=fields[5],
                context=fields[6],
                channel=fields[7],
                application=fields[8],
                data=fields[9],
                uniqueid=Uniqueid(fields[10]),
                linkedid=Linkedid(fields[11]),
                extra=fields[13],
            )
        )
    return tuple(sorted(rows, key=lambda row: row.at))


def packet_of(row: CelRow) -> p.Packet | None:
    """Return the AMI event that the line stands for, or None if it stands for none of ours."""
    make = _MEANING.get(row.event)
    return None if make is None else make(row)


def _chan_start(row: CelRow) -> p.Packet:
    state = p.RING if str(row.uniqueid) == row.linkedid else 0
    name = row.name.replace('\\"', '"').replace("\\\\", "\\")
    return p.Newchannel(row.at, _facts(row, state), row.number, name)


def _hangup(row: CelRow) -> p.Packet:
    cause = _extra(row, "hangupcause")
    return p.Hangup(row.at, _facts(row, 0), int(cause) if cause.isdigit() else 0)


def _app_start(row: CelRow) -> p.Packet | None:
    if row.application != "Queue":
        return None
    return p.QueueJoin(row.at, _facts(row, p.UP), row.data.partition(",")[0])


def _app_end(row: CelRow) -> p.Packet | None:
    return p.QueueLeave(row.at, _facts(row, p.UP)) if row.application == "Queue" else None


_MEANING: dict[str, Callable[[CelRow], p.Packet | None]] = {
    "CHAN_START": _chan_start,
    "ANSWER": lambda row: p.Touched(row.at, _facts(row, p.UP)),
    "BRIDGE_ENTER": lambda row: p.BridgeEnter(row.at, _facts(row, p.UP), _extra(row, "bridge_id")),
    "BRIDGE_EXIT": lambda row: p.BridgeLeave(row.at, _facts(row, p.UP), _extra(row, "bridge_id")),
    "APP_START": _app_start,
    "APP_END": _app_end,
    "HANGUP": _hangup,
}


def _facts(row: CelRow, state: int) -> p.Facts:
    return p.Facts(
        row.uniqueid, row.linkedid, row.channel, state, row.context, row.exten, None, None
    )


def _extra(row: CelRow, key: str) -> str:
    try:
        value = json.loads(row.extra) if row.extra else {}
    except ValueError:
        return ""
    return str(value.get(key, "")) if isinstance(value, dict) else ""
