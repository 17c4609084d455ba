"""Every act of every regulation, and the roles whose act each is: REQUIREMENTS.md as data.

A walk is a ticket's way. Together a hotline's walks do each rule of its procedure, and
tests/unit/law/test_walks.py holds that up against the procedure: a rule that no walk does, or
a role that the one names and the other does not, fails there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tongdai.clock import HCM

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One act.

    Attributes:
        at: `30 09:00` is 30 November 2026, a Monday; `12-01 09:00` is in December.
        event: TIMELINE.md's name.
        roles: Whose act it is, each of them.
        fields: What else is said; `unit_id` of UNIT stands for the handling unit.
    """

    at: str
    event: str
    roles: str
    fields: Fields = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When."""
        day, time = self.at.split()
        return datetime.fromisoformat(
            f"2026-{day if '-' in day else '11-' + day}T{time}:00"
        ).replace(tzinfo=HCM)


@dataclass(frozen=True, slots=True)
class Walk:
    """A ticket's way through its ladder.

    Attributes:
        kind: The type of the ticket, which decides the track.
        received: Who may file it.
        steps: What is done, in time order.
    """

    kind: str
    received: str
    steps: tuple[Step, ...]


BEGIN = "30 08:00"
UNIT = "UNIT"
DESK = "operator supervisor"
OWNERS = "focal_point unit_head"
TO_UNIT = {"unit_id": UNIT}
ANSWER = {"text": "Đã xử lý xong.", "document_number": "12/SXD"}
UNTIL = "2026-12-08T09:00:00+07:00"


def _turn_away(kind: str, received: str, roles: str, ground: str) -> Walk:
    fields = {"ground": ground, "reason": "không phù hợp", "guidance": "Gửi nơi khác."}
    return Walk(kind, received, (Step("30 08:10", "rejected", roles, fields),))


def _on_the_spot(kind: str) -> Walk:
    step = Step("30 08:10", "answered_directly", DESK, {"text": "Đã giải thích."})
    return Walk(kind, DESK, (step,))


CAN_THO = (
    Walk(
        "socio_economic",
        DESK,
        (
            Step("30 09:00", "referred", f"{DESK} city_office", TO_UNIT),
            Step("30 09:10", "accepted", OWNERS),
            Step("30 10:00", "extended", "operator", {"until": UNTIL, "document": "15/SXD"}),
            Step("12-01 09:00", "answered", f"{OWNERS} operator", ANSWER),
            Step("12-01 10:00", "published", DESK),
            Step("12-01 11:00", "rated", DESK, {"score": "acceptable"}),
        ),
    ),
    Walk(
        "administrative_act",
        DESK,
        (
            Step("30 09:00", "referred", f"{DESK} city_office", TO_UNIT),
            Step("12-03 10:00", "answered", "unit_head operator", ANSWER),  # at the head's rung
        ),
    ),
    Walk(
        "regulation_initiative",
        DESK,
        (
            Step("30 09:00", "referred", f"{DESK} city_office", TO_UNIT),
            Step("12-29 10:00", "answered", "unit_head operator", ANSWER),  # overdue, reported
        ),
    ),
    _turn_away("socio_economic", DESK, DESK, "complaint_or_denunciation"),
    _on_the_spot("procedure_information"),
)
GIA_LAI = (
    Walk(
        "socio_economic",
        DESK,
        (
            Step("30 09:00", "referred", f"{DESK} city_office", TO_UNIT),
            Step("30 09:10", "accepted", OWNERS),
            Step("30 10:00", "extended", f"{OWNERS} operator", {"until": UNTIL}),
            Step("12-07 10:00", "answered", f"{OWNERS} city_office operator", ANSWER),
            Step("12-07 11:00", "published", DESK),
            Step("12-07 12:00", "rated", DESK, {"score": "satisfied"}),
        ),
    ),
    Walk(
        "infrastructure",
        DESK,
        (
            Step("30 09:00", "referred", f"{DESK} city_office", TO_UNIT),
            Step("12-01 14:00", "extended", f"{OWNERS} operator", {"until": UNTIL}),
            Step("12-20 10:00", "answered", f"{OWNERS} city_office operator", ANSWER),
            Step("12-21 10:00", "rated", DESK, {"score": "unsatisfied", "reason": "chậm"}),
        ),
    ),
    _turn_away("other", DESK, DESK, "legal_guidance"),
    _on_the_spot("administrative_procedure"),
)

TN_DESK = f"{DESK} coordinator"
TN_PAUSE = "supervisor coordinator"
TN_LETTER = {"until": UNTIL, "document": "3/UBND", "reason": "vụ việc khó"}
TAY_NINH = (
    Walk(
        "issue_report",
        TN_DESK,
        (
            Step("30 09:00", "referred", TN_DESK, TO_UNIT),
            Step("30 10:00", "returned", OWNERS, {"reason": "không thuộc thẩm quyền"}),
            Step("30 11:00", "referred", TN_DESK, TO_UNIT),
            Step("30 14:00", "accepted", OWNERS),
            Step("12-01 10:00", "force_majeure_began", TN_PAUSE, {"reason": "bão số 9"}),
            Step("12-03 10:00", "force_majeure_ended", TN_PAUSE),
            Step("12-04 10:00", "extended", OWNERS, TN_LETTER),
            Step("12-07 09:00", "answered", OWNERS, ANSWER),
            Step("12-07 10:00", "sent_back", "unit_head", {"reason": "chưa rõ"}),
            Step("12-07 11:00", "answered", OWNERS, ANSWER),
            Step("12-07 14:00", "approved", "unit_head"),
            Step("12-07 15:00", "rework", "coordinator", {"ground": "form"}),
            Step("12-08 09:00", "answered", OWNERS, ANSWER),
            Step("12-08 10:00", "sent_back", "unit_head", {"reason": "sai mẫu"}),
            Step("12-08 11:00", "answered", OWNERS, ANSWER),
            Step("12-08 14:00", "approved", "unit_head"),
            Step("12-08 15:00", "published", TN_DESK),
            Step("12-08 16:00", "published", TN_DESK),  # on a further channel
            Step("12-09 09:00", "rated", TN_DESK, {"score": "acceptable"}),
            Step("12-09 10:00", "rated", TN_DESK, {"score": "unsatisfied", "reason": "chậm"}),
            Step("12-09 11:00", "rework", "coordinator", {"ground": "unsatisfied"}),
            Step("12-10 09:00", "published", TN_DESK),
        ),
    ),
    Walk(
        "question",
        TN_DESK,
        (
            Step("30 09:00", "referred", TN_DESK, TO_UNIT),
            Step("12-15 09:00", "answered", OWNERS, ANSWER),  # overdue
            Step("12-15 10:00", "approved", "unit_head"),
            Step("12-15 11:00", "rework", "coordinator", {"ground": "inadequate"}),
            Step("12-21 09:00", "answered", OWNERS, ANSWER),
        ),
    ),
    _turn_away("proposal", TN_DESK, TN_DESK, "advertising"),
)
HOA_BINH = (
    Walk(
        "procedure_question",
        DESK,
        (
            Step("30 09:00", "referred", DESK),
            Step("30 10:00", "referred", "one_stop operator", TO_UNIT | {"until": UNTIL}),
            Step("30 10:10", "accepted", f"{OWNERS} one_stop"),
            Step("30 11:00", "extended", f"{OWNERS} one_stop", {"until": UNTIL}),
            Step("12-08 10:00", "answered", f"{OWNERS} operator", ANSWER),  # the date has lapsed
            Step("12-08 11:00", "answered", "one_stop operator", ANSWER),
            Step("12-08 14:00", "published", DESK),
            Step("12-08 15:00", "rated", DESK, {"score": "satisfied"}),
        ),
    ),
    Walk(
        "postal_service",
        DESK,
        (
            Step("30 09:00", "referred", DESK, TO_UNIT),
            Step("12-20 09:00", "answered", f"{OWNERS} operator", ANSWER),
        ),
    ),
    Walk(
        "proposal",
        DESK,
        (
            Step("30 09:00", "referred", DESK),
            Step("12-02 10:00", "answered", "one_stop operator", ANSWER),  # the 5 wh are over
        ),
    ),
    _turn_away("administrative_act", DESK, DESK, "not_vietnamese"),
    _on_the_spot("administrative_regulation"),
)

HN_DESK = f"{DESK} coordinator"
HN_RECEIVE = f"unit_head {HN_DESK}"
HA_NOI = (
    Walk(
        "on_site",
        HN_DESK,
        (
            Step("30 08:30", "returned", HN_RECEIVE, {"reason": "thuộc cơ quan cấp trên"}),
            Step("30 09:00", "accepted", HN_RECEIVE),
            Step("30 10:00", "referred", HN_RECEIVE, TO_UNIT),
            Step("12-01 10:00", "level_changed", HN_RECEIVE, {"level": "complex"}),
            Step("12-01 11:00", "extended", "unit_head", {"until": UNTIL, "reason": "giám định"}),
            Step("12-02 09:00", "answered", OWNERS, ANSWER),
            Step("12-02 10:00", "sent_back", "unit_head", {"reason": "thiếu ảnh"}),
            Step("12-04 14:00", "answered", OWNERS, ANSWER),  # the rework is late
            Step("12-08 11:00", "approved", "unit_head"),  # so is the processing
            Step("12-10 09:00", "published", "unit_head"),
            Step("12-10 10:00", "published", "unit_head"),
            Step("12-10 11:00", "rated", DESK, {"score": "unsatisfied"}),
            Step("12-11 10:00", "clarification_requested", HN_DESK, {"reason": "chưa hiểu"}),
            Step("12-14 10:00", "clarified", OWNERS, {"reason": "đã gọi lại"}),
        ),
    ),
    Walk(
        "initiative",
        HN_DESK,
        (
            Step("30 08:30", "returned", HN_DESK, {"reason": "ngoài thẩm quyền"}),
            Step("30 09:00", "accepted", HN_DESK),
            Step("30 10:00", "referred", HN_DESK, TO_UNIT),
            Step("12-02 09:00", "answered", OWNERS, ANSWER),
            Step("12-03 09:00", "published", "unit_head"),
        ),
    ),
    _turn_away("on_site", HN_DESK, HN_RECEIVE, "duplicate"),
    _turn_away("initiative", HN_DESK, HN_DESK, "out_of_scope"),
)
WALKS: Mapping[str, tuple[Walk, ...]] = {
    "can-tho": CAN_THO,
    "gia-lai": GIA_LAI,
    "tay-ninh": TAY_NINH,
    "hoa-binh": HOA_BINH,
    "ha-noi": HA_NOI,
}
_EVERYWHERE = "received rejected referred accepted extended answered published rated"
KNOWN: Mapping[str, frozenset[str]] = {
    hotline: frozenset(f"{_EVERYWHERE} {more}".split())
    for hotline, more in {
        "can-tho": "answered_directly",
        "gia-lai": "answered_directly",
        "tay-ninh": "returned approved sent_back rework force_majeure_began force_majeure_ended",
        "hoa-binh": "answered_directly",
        "ha-noi": "returned approved sent_back level_changed clarification_requested clarified",
    }.items()
}
"""TIMELINE.md's acts that a regulation knows; the others are refused with one `refuse` line."""
