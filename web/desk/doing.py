"""The acts that a ticket's page offers beside answer, extension and referral: name and fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from escalation.names import Event, Level
from escalation.procedure import Procedure
from escalation.rows import ActRule
from tongdai.accounts.model import Role
from tongdai.calendar import parse_limit
from tongdai.i18n import _
from web.words import N_

OWN_FORMS = frozenset({"answered", "extended", "referred"})
"""Acts that are no button here: the page has a form for each."""

LEVELS: Mapping[Level, str] = {
    "urgent": N_("khẩn"),
    "normal": N_("thường"),
    "complex": N_("phức tạp"),
}
REWORK: Mapping[str, str] = {
    "form": N_("không đúng mẫu quy định"),
    "inadequate": N_("chưa đầy đủ, chưa chính xác, thiếu minh chứng"),
    "unsatisfied": N_("người gửi không hài lòng"),
}
SCORES = [
    ("satisfied", N_("Hài lòng")),
    ("acceptable", N_("Chấp nhận được")),
    ("unsatisfied", N_("Không hài lòng")),
]
_WORDS: Mapping[Event, tuple[str, ...]] = {
    "rejected": ("reason", "guidance"),
    "answered_directly": ("text",),
    "returned": ("reason",),
    "sent_back": ("reason",),
    "rated": ("reason",),
    "clarification_requested": ("reason",),
    "clarified": ("reason",),
    "level_changed": ("reason",),
    "force_majeure_began": ("reason",),
    "force_majeure_ended": ("reason",),
}
_LABELS = {
    "ground": N_("Căn cứ"),
    "score": N_("Mức đánh giá"),
    "level": N_("Mức độ"),
    "reason": N_("Lý do, ghi chú"),
    "guidance": N_("Hướng dẫn người gửi"),
    "text": N_("Nội dung trả lời"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of such a form.

    Attributes:
        name: As the act has it (TIMELINE.md).
        label: In words.
        options: Values with their words; none: free text.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One act as a form: which, its name in the regulation, its source, its fields."""

    event: Event
    name: str
    source: str
    fields: tuple[Field, ...]


def doings(procedure: Procedure, allowed: Mapping[Event, tuple[ActRule, ...]]) -> tuple[Doing, ...]:
    """Return the forms for the acts that are allowed now.

    Args:
        procedure: For the words of grounds and ratings.
        allowed: The acts with the rules under which they fit.
    """
    return tuple(
        Doing(
            event=event,
            name=rules[0].name,
            source=rules[0].source,
            fields=(*_choices(procedure, event, rules), *_texts(event)),
        )
        for event, rules in allowed.items()
        if event not in OWN_FORMS
    )


def asks_the_operator(rules: tuple[ActRule, ...]) -> bool:
    """Say whether the unit can only ask for an extension, and an operator enters it (CT-9.1.2d)."""
    return any(Role.OPERATOR in r.by and Role.FOCAL_POINT not in r.by for r in rules)


def extension_words(rules: tuple[ActRule, ...]) -> str:
    """Return what the regulation asks of an extension, in a sentence; empty: nothing."""
    rule = next((r.extend for r in rules if r.extend), None)
    if rule is None:
        return ""
    said = []
    if rule.times is not None:
        said.append(_("không quá {n:02d} lần cho mỗi phiếu").format(n=rule.times))
    if rule.at_most is not None:
        said.append(_("không quá {limit}").format(limit=parse_limit(rule.at_most).vietnamese))
    if "document" in rule.needs:
        said.append(_("có công văn"))
    if "reason" in rule.needs:
        said.append(_("nêu lý do"))
    said.append(_("trước khi hết hạn"))
    words = ", ".join(said)
    return f"{words[:1].upper()}{words[1:]} ({rule.source})."


def _choices(procedure: Procedure, event: Event, rules: tuple[ActRule, ...]) -> list[Field]:
    match event:
        case "rejected":
            options = [(g.id, g.name) for g in procedure.ground]
            return [_field("ground", options)]
        case "rework":
            options = [(g, _(REWORK[g])) for rule in rules for g in rule.grounds]
            return [_field("ground", options)]
        case "rated":
            return [_field("score", [(r.id, r.name) for r in procedure.rating] or SCORES)]
        case "level_changed":
            return [_field("level", [(level, _(words)) for level, words in LEVELS.items()])]
        case _:
            return []


def _texts(event: Event) -> list[Field]:
    return [_field(name) for name in _WORDS.get(event, ())]


def _field(name: str, options: list[tuple[str, str]] | None = None) -> Field:
    return Field(name=name, label=_(_LABELS[name]), options=tuple(options or ()))
