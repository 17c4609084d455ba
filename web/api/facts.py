"""What a package says of a recording, its call and its ticket: as JSON values and as paper."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls import store as calls
from telephony.capture.marks import kept_of
from telephony.recordings.manifest.chain import row_facts
from telephony.recordings.manifest.excerpt import Excerpt
from telephony.recordings.package.paper import Section
from telephony.recordings.store import Listed
from telephony.transfers import store as transfers
from tickets import access as ticket_access
from tickets.errors import NoSuchTicket
from tickets.tables import SubjectField, Unit
from tongdai.accounts.model import Viewer
from tongdai.accounts.tables import Account
from tongdai.clock import HCM
from tongdai.ids import CallId
from tongdai.phone import national
from web.api.marks import marks
from web.lengths import clock
from web.sides import sides_of

_CALL = ("id", "hotline", "direction", "called_number", "state", "outcome", "started_at")
_TIMES = ("answered_at", "ended_at")
_TICKET = ("number", "state", "channel", "content", "place", "created_at", "filed_at", "closed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told.

    Attributes:
        told: JSON values; moments in ISO 8601, in Vietnam's time.
    """

    told: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The paper's first line."""
        return f"Bản ghi âm cuộc gọi lúc {self._of('recording', 'started_at')}"

    @property
    def foot(self) -> str:
        """The last line of each page."""
        return f"Ghi âm {self._of('recording', 'id')}"

    def sections(self, found: Excerpt, place: str) -> list[Section]:
        """Return the paper's sections.

        Args:
            found: The manifest's lines and heads.
            place: The hotline's title.
        """
        out = (self.told["call"] or {}).get("direction") == "outbound"
        call = [
            ("Tổng đài", place),
            ("Người được gọi" if out else "Người gọi", self._person("call", "caller")),
            ("Số tổng đài", self._of("call", "called_number")),
            ("Tổng đài viên", self._of("call", "operator")),
            ("Gọi đi" if out else "Gọi đến", self._of("call", "started_at")),
            ("Có người nghe", self._of("call", "answered_at")),
            ("Kết thúc", self._of("call", "ended_at")),
        ]
        ticket = [
            ("Mã phiếu", self._of("ticket", "number")),
            ("Người phản ánh", self._person("ticket", "sender")),
            ("Lĩnh vực", self._of("ticket", "field")),
            ("Đơn vị xử lý", self._of("ticket", "unit")),
            ("Nội dung", self._of("ticket", "content")),
        ]
        return [
            Section(heading="Cuộc gọi", lines=call),
            Section(heading="Phiếu", lines=ticket if self.told["ticket"] else [("Phiếu", "không")]),
            Section(heading="Trong bản ghi", lines=self._marks()),
            Section(heading="Niêm phong", lines=self._seal(found)),
            Section(
                heading="Cấp gói này",
                lines=[
                    ("Người lấy", self._of("export", "by")),
                    ("Lúc", self._of("export", "at")),
                    ("Lý do", self._of("export", "reason")),
                ],
            ),
        ]

    def _marks(self) -> list[tuple[str, str]]:
        seconds = float(self.told["recording"]["seconds"])
        length = ("Độ dài", clock(seconds))
        told = self.told["marks"]
        heard = self.told["recording"]["sides"]
        who = [("Bên trái", heard["left"]), ("Bên phải", heard["right"])] if heard else []
        return [
            length,
            *who,
            *((f"{clock(m['start'])}–{clock(m['end'])}", m["label"]) for m in told),
        ]

    def _seal(self, found: Excerpt) -> list[tuple[str, str]]:
        entries = ", ".join(str(e.seq) for e in found.entries)
        return [
            ("SHA-256 âm thanh", self._of("recording", "sha256")),
            ("SHA-256 bản gốc", self._of("recording", "source_sha256")),
            ("Dòng trong sổ", entries),
            *((f"Đầu sổ {h.no}, khóa {h.key}", h.hash) for h in found.heads),
        ]

    def _person(self, part: str, name: str) -> str:
        secret = bool((self.told[part] or {}).get("secret"))
        return "Được giữ kín" if secret else self._of(part, name)

    def _of(self, part: str, name: str) -> str:
        value = (self.told[part] or {}).get(name)
        return _people(value) if value not in (None, "") else ""


async def facts_of(
    session: AsyncSession, who: Viewer, listed: Listed, *, at: datetime, reason: str
) -> Facts:
    """Gather the facts for one who may hear the recording; a secret sender stays secret."""
    row, call = listed.recording, listed.call
    legs = await calls.legs(session, CallId(row.call))
    moved = await transfers.of_call(session, row.call)
    noted = await kept_of(session, row.call)
    ticket, masked = await _ticket(session, who, listed.ticket)
    left, right = sides_of(listed)
    told: dict[str, Any] = {
        "recording": {"id": row.id, **row_facts(row), "started_at": row.started_at}
        | {"sides": {"left": left, "right": right} if row.channels == 2 else None},
        "call": None,
        "ticket": ticket,
        "marks": [asdict(mark) for mark in marks(row, legs, moved, noted)],
        "legs": [
            {"kind": leg.kind, "caller": leg.main, "from": leg.started_at, "until": leg.ended_at}
            for leg in legs
        ],
        "export": {"by": who.name, "at": at, "reason": reason},
    }
    if call is not None:
        names = await _names(session, call.operator)
        told["call"] = {n: getattr(call, n) for n in (*_CALL, *_TIMES)} | {
            "caller": "" if masked else _number(call.caller_number, call.caller_raw),
            "secret": masked,
            "operator": names,
        }
    return Facts(told=_in_vietnam(told))


async def _ticket(
    session: AsyncSession, who: Viewer, ticket_id: str | None
) -> tuple[dict[str, Any] | None, bool]:
    """Return the ticket as the viewer may know it, and whether its sender is secret."""
    if ticket_id is None:
        return None, False
    try:
        ticket = await ticket_access.get(session, who, ticket_id)
    except NoSuchTicket:
        return None, True
    sender = ticket_access.sender(who, ticket)
    field = await session.get(SubjectField, ticket.field_id) if ticket.field_id else None
    unit = await session.get(Unit, ticket.unit_id) if ticket.unit_id else None
    told = {name: getattr(ticket, name) for name in _TICKET}
    told |= {"field": field.name if field else "", "unit": unit.name if unit else ""}
    told |= {"sender": "" if sender.masked else sender.name, "secret": sender.masked}
    return told, sender.masked


async def _names(session: AsyncSession, account: str | None) -> str:
    query = select(col(Account.full_name)).where(col(Account.id) == account)
    return (await session.execute(query)).scalar_one_or_none() or ""


def _number(e164: str | None, raw: str) -> str:
    return national(e164) if e164 else raw


def _in_vietnam(value: Any) -> Any:
    """Return JSON values with moments in Vietnam's time."""
    match value:
        case datetime():
            return value.astimezone(HCM).isoformat(timespec="seconds")
        case dict():
            return {name: _in_vietnam(one) for name, one in value.items()}
        case list():
            return [_in_vietnam(one) for one in value]
        case _:
            return value


def _people(value: object) -> str:
    """Return a value as paper has it: moments as 14:05:09 25/11/2026."""
    text = str(value)
    try:
        return f"{datetime.fromisoformat(text):%H:%M:%S %d/%m/%Y}" if "T" in text else text
    except ValueError:
        return text
