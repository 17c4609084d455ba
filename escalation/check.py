"""`tongdai procedures check`: a procedure as a readable table, in Vietnamese, with its sources."""

from collections.abc import Iterator

from escalation.diagram import mermaid
from escalation.lawbook import shipped
from escalation.procedure import Procedure
from escalation.rows import ActRule, Stage, StageLimit
from tongdai.calendar import parse_limit
from tongdai.i18n import _

_ROLES = {
    "operator": "tổng đài viên",
    "supervisor": "giám sát viên",
    "focal_point": "đầu mối đơn vị xử lý",
    "unit_head": "thủ trưởng đơn vị xử lý",
    "coordinator": "đơn vị điều phối",
    "one_stop": "bộ phận một cửa",
    "city_office": "Văn phòng Ủy ban nhân dân",
    "leadership": "lãnh đạo",
    "auditor": "kiểm tra viên",
    "administrator": "quản trị viên",
    "sender": "cá nhân, tổ chức gửi",
}
_CHANNELS = {"sms": "tin nhắn SMS", "system": "phần mềm", "ticket_channel": "kênh tiếp nhận"}


def shipped_procedures() -> tuple[str, ...]:
    """Return the ids of the shipped procedures."""
    return shipped("procedures")


def procedure_report(procedure: Procedure) -> str:
    """Return the whole procedure as text: every rule with the row it comes from."""
    return "\n".join(_lines(procedure)) + "\n"


def _lines(procedure: Procedure) -> Iterator[str]:
    yield f"{procedure.name} ({procedure.id}): {procedure.decision}"
    yield _("Hiệu lực từ {day}.").format(day=f"{procedure.effective_from:%d/%m/%Y}")
    yield ""
    yield _("LUỒNG XỬ LÝ")
    for track in procedure.track:
        types = ", ".join(t.name for t in procedure.type if t.track == track.id)
        yield f"  {track.id}: {track.name} [{track.source}]"
        if types:
            yield f"      {types}"
    yield ""
    yield _("CÁC BƯỚC")
    for stage in procedure.stage:
        yield from _stage(stage)
    yield ""
    yield _("CÁC VIỆC")
    for rule in procedure.act:
        yield from _act(rule)
    yield ""
    yield _("CĂN CỨ TỪ CHỐI")
    for ground in procedure.ground:
        yield f"  {ground.id}: {ground.name} [{ground.source}]"
    yield ""
    yield _("KÊNH TIẾP NHẬN")
    for channel in procedure.channel:
        yield f"  {channel.id}: {channel.name} [{channel.source}]"
    yield ""
    yield _("MỨC ĐÁNH GIÁ")
    for level in procedure.rating:
        yield f"  {level.id}: {level.name} [{level.source}]"
    yield ""
    yield _("KỲ BÁO CÁO")
    for period in procedure.report:
        yield f"  {period.id}: {period.name} [{period.source}]"
    yield ""
    yield from _switches(procedure)
    yield _("SƠ ĐỒ (Mermaid)")
    yield mermaid(procedure).rstrip()


def _switches(procedure: Procedure) -> Iterator[str]:
    if not procedure.switch:
        return
    yield _("CÁCH HIỂU CÓ THỂ CHỌN KHÁC")
    for switch in procedure.switch:
        state = _("bật") if switch.on else _("tắt")
        yield f"  {switch.id}: {switch.name}: {state} [{switch.source}]"
    yield ""


def _stage(stage: Stage) -> Iterator[str]:
    limit = parse_limit(stage.limit).vietnamese if stage.limit else _("không có thời hạn")
    if stage.limits:
        limit = "; ".join(_limit(limit) for limit in stage.limits)
    yield f"  {stage.id}: {stage.name}; {limit}; {_ROLES[stage.responsible]} [{stage.source}]"
    if stage.readings:
        yield f"      {', '.join(stage.readings)}"
    if stage.expiry is None:
        return
    what = [_("ghi nhận chậm")]
    if stage.expiry.overdue:
        what.append(_("trễ hạn"))
    what += [_("báo cáo {who}").format(who=_ROLES[role]) for role in stage.expiry.report]
    if stage.expiry.start:
        what.append(_("chuyển bước {stage}").format(stage=stage.expiry.start))
    what += [f"{_CHANNELS[n.by]} → {_ROLES[n.to]}" for n in stage.expiry.notify]
    yield _("      quá hạn: {what} [{source}]").format(
        what="; ".join(what), source=stage.expiry.source
    )


def _limit(limit: StageLimit) -> str:
    where = ", ".join((*limit.tracks, *limit.levels))
    text = parse_limit(limit.limit).vietnamese
    return f"{where}: {text} [{limit.source}]" if where else f"{text} [{limit.source}]"


def _act(rule: ActRule) -> Iterator[str]:
    who = ", ".join(_ROLES[role] for role in rule.by)
    yield f"  {rule.event}: {rule.name}; {who}; {', '.join(rule.when)} [{rule.source}]"
    what = []
    if rule.start:
        what.append(_("bắt đầu bước {stage}").format(stage=rule.start))
    if rule.extend:
        what.append(_extension(rule))
    what += [f"{_CHANNELS[n.by]} → {_ROLES[n.to]}" for n in rule.notify]
    if rule.close:
        what.append(_("kết thúc"))
    if what:
        yield f"      {'; '.join(what)}"


def _extension(rule: ActRule) -> str:
    if rule.extend is None:
        return ""
    parts = [_("gia hạn bước {stage}").format(stage=", ".join(rule.extend.stages))]
    if rule.extend.times is not None:
        parts.append(_("không quá {n} lần").format(n=f"{rule.extend.times:02d}"))
    if rule.extend.at_most is not None:
        most = parse_limit(rule.extend.at_most).vietnamese
        parts.append(_("không quá {limit}").format(limit=most))
    return ", ".join(parts)
