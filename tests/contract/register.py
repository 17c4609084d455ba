"""A small register for the tests: a hotline with units, people, fields and viewers."""

from dataclasses import dataclass
from datetime import timedelta

from tickets import drafts, filing, units
from tickets.model import Channel, FormRules, Ground, TicketForm, TicketType
from tickets.tables import Person, SubjectField, Ticket, Unit
from tongdai.accounts.model import SYSTEM, Grant, Role, Viewer
from tongdai.db import Database, Tx
from tongdai.ids import AccountId, HotlineId, UnitId
from tongdai.text import fold

HOTLINE = HotlineId("can-tho")
RULES = FormRules(
    types=(
        TicketType(code="socio_economic", name="Kinh tế, xã hội, đời sống", track="general"),
        TicketType(code="administrative_act", name="Hành vi hành chính", track="administrative"),
    ),
    grounds=(Ground(code="out_of_scope", name="Ngoài phạm vi", guidance="Liên hệ nơi khác."),),
    confidentiality=True,
    procedure="can-tho@2021-04-28",
)
FORM = {
    "type": "socio_economic",
    "channel": "phone",
    "sender_name": "Trần Thị Ngọc Ánh",
    "sender_address": "12 đường Hòa Bình, phường Ninh Kiều",
    "sender_phone": "0892 100 001",
    "content": "Đèn đường hỏng trước số 12 đường Hòa Bình.",
}


def viewer(name: str, role: Role, unit: str | None = None, hotline: str = HOTLINE) -> Viewer:
    grant = Grant(hotline=HotlineId(hotline), role=role, unit=UnitId(unit) if unit else None)
    return Viewer(id=AccountId(name), name=name, grants=frozenset({grant}))


OPERATOR = viewer("operator", Role.OPERATOR)
STRANGER = viewer("stranger", Role.OPERATOR, hotline="gia-lai")
AUDITOR = viewer("auditor", Role.AUDITOR)
ADMINISTRATOR = viewer("administrator", Role.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True)
class Register:
    """What `build` laid down."""

    roads: Unit
    ward: Unit
    hamlet: Unit
    focal: Person
    head: Person
    lights: SubjectField


async def build(db: Database) -> Register:
    """Lay down three units, two people and a field of Cần Thơ."""
    async with db.write() as tx:
        roads = await _unit(tx, "so-xay-dung", "Sở Xây dựng", "Sở Giao thông vận tải")
        ward = await _unit(tx, "phuong-ninh-kieu", "UBND phường Ninh Kiều")
        hamlet = await _unit(tx, "khu-vuc-1", "Khu vực 1")
        hamlet.parent_id = ward.id
        focal = await _person(tx, roads, "Nguyễn Văn Đức", "focal_point", "0892100010")
        head = await _person(tx, roads, "Lê Thị Quý", "unit_head", "0892100020")
        lights = SubjectField(
            hotline=HOTLINE,
            code="chieu-sang",
            name="Chiếu sáng công cộng",
            folded=fold("Chiếu sáng công cộng đèn đường"),
            unit_id=roads.id,
        )
        tx.session.add(lights)
    return Register(roads=roads, ward=ward, hamlet=hamlet, focal=focal, head=head, lights=lights)


def typed(**changed: str) -> TicketForm:
    """Return a form that can be filed, with some fields as given."""
    return TicketForm.of(FORM | changed)


async def filed(db: Database, **changed: str) -> Ticket:
    """Open a form and file it."""
    async with db.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        return await filing.file(tx, draft.id, typed(**changed), OPERATOR, rules=RULES)


async def _unit(tx: Tx, code: str, name: str, *aliases: str) -> Unit:
    since = tx.now - timedelta(days=100)
    unit = units.new_unit(
        HOTLINE, code=code, name=name, kind="department", valid_from=since, aliases=aliases
    )
    return await units.add_unit(tx, unit, SYSTEM)


async def _person(tx: Tx, unit: Unit, name: str, role: str, phone: str) -> Person:
    since = tx.now - timedelta(days=50)
    person = units.new_person(
        unit, name=name, role=role, active_from=since, phone=phone, mobile=phone, title=""
    )
    return await units.appoint(tx, person, SYSTEM)
