"""A hotline's own words for its messages, kept in the register; else those of the program."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms import texts
from sms.tables import MessageTemplate
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.errors import Invalid
from tongdai.text import clean

_LONGEST = 600
_PLACE = re.compile(r"\{(\w*)\}")


async def own(session: AsyncSession, hotline: str, template: str, language: str) -> str | None:
    """Return the hotline's own words, or None where it has none."""
    row = await session.get(MessageTemplate, (hotline, template, language))
    return row.text if row else None


async def of_hotline(session: AsyncSession, hotline: str) -> list[MessageTemplate]:
    """Return all of a hotline's own words."""
    query = select(MessageTemplate).where(col(MessageTemplate.hotline) == hotline)
    return list((await session.execute(query)).scalars())


async def registered(session: AsyncSession) -> dict[tuple[str, str, str], frozenset[str]]:
    """Return (hotline, template, language) -> the networks that have registered its text."""
    found = await session.execute(select(MessageTemplate))
    return {(r.hotline, r.template, r.language): frozenset(r.networks) for r in found.scalars()}


async def reset(tx: Tx, hotline: str, template: str, language: str, *, by: Viewer) -> None:
    """Go back to the program's own words, which have to be registered in their turn."""
    row = await tx.session.get(MessageTemplate, (hotline, template, language))
    if row is None:
        return
    await tx.session.delete(row)
    after: dict[str, Any] = {"text": texts.shipped(template, language), "networks": ""}
    before: dict[str, Any] = {"text": row.text, "networks": ", ".join(row.networks)}
    await _record(tx, hotline, template, language, before=before, after=after, by=by)


def fault(template: str, words: str) -> str:
    """Return what is wrong with words for a template, as a code, or "" when they can be used.

    Every required variable has its place, no other is named, and brackets are in pairs.
    """
    if not words:
        return "required"
    if len(words) > _LONGEST:
        return "too_long"
    variables = texts.VARIABLES[template]
    named = _PLACE.findall(words)
    rest = re.sub(r"\[[^\[\]]*\]", "", _PLACE.sub("", words))
    if set(named) - variables.keys() or set("{}[]") & set(rest):
        return "wording_unknown"
    required = {n for n, v in variables.items() if v.required}
    return "wording_lacks" if required - set(named) else ""


async def save(
    tx: Tx,
    hotline: str,
    template: str,
    language: str,
    *,
    words: str,
    networks: Sequence[str],
    by: Viewer,
) -> None:
    """Keep a hotline's words, and which networks have registered them; messages from now on.

    Raises:
        Invalid: `fields["text"]` says why not.
    """
    words = clean(words)
    wrong = fault(template, words)
    if wrong:
        raise Invalid(fields={"text": wrong})
    row = await tx.session.get(MessageTemplate, (hotline, template, language))
    fresh = row is None
    if row is None:
        row = MessageTemplate(
            hotline=hotline,
            template=template,
            language=language,
            text=words,
            changed_at=tx.now,
            changed_by=by.id,
        )
        tx.session.add(row)
    before: dict[str, Any] = {
        "text": texts.shipped(template, language) if fresh else row.text,
        "networks": "" if fresh else ", ".join(row.networks),
    }
    row.text, row.networks = words, list(networks)
    row.changed_at, row.changed_by = tx.now, by.id
    after: dict[str, Any] = {"text": words, "networks": ", ".join(row.networks)}
    await _record(tx, hotline, template, language, before=before, after=after, by=by)


async def _record(
    tx: Tx,
    hotline: str,
    template: str,
    language: str,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    by: Viewer,
) -> None:
    """Write what has changed into the administration's history."""
    changed = [name for name in after if after[name] != before[name]]
    await audit.append(
        tx,
        chain=audit.ADMINISTRATION,
        subject=hotline,
        kind="wording_changed",
        actor=by.id,
        data={
            "hotline": hotline,
            "template": template,
            "language": language,
            "before": {name: before[name] for name in changed},
            "after": {name: after[name] for name in changed},
        },
    )
