"""`tongdai sms send`: one message through the outbox, and what became of it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from sqlmodel import col, select

from sms import outbox, texts, wording
from sms.gateways import build, build_mail
from sms.model import PENDING, Purpose, State
from sms.preview import SAMPLES, Preview, preview
from sms.sender import Sender
from sms.tables import Message
from tongdai.clock import SystemClock
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, print_json, run, say, settings
from tongdai.db import Database
from tongdai.ids import new_id
from tongdai.settings import Settings

_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What `tongdai sms send` was asked for."""

    to: str
    hotline: str
    template: str
    language: str
    params: Mapping[str, str]


def sms_send(
    to: str,
    hotline: str,
    template: str,
    language: str,
    params: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send a trial message, or say what it would be.

    Raises:
        CommandError: Wrong hotline, template or parameter; no SMS reaches the number, or it did
            not leave.
    """
    found = settings()
    known = hotline or found.hotlines[0].id
    trial = Trial(
        to=to, hotline=known, template=template, language=language, params=_params(params)
    )
    seen = _preview(found, trial, *run(_own(found, trial)))
    if seen.refused:
        message = f"{trial.to}: not_sendable: {seen.refused}"
        raise CommandError(message)
    if dry_run:
        print_json(asdict(seen)) if as_json else say(_words(seen))
        return
    _say_sent(run(_send(found, trial)), as_json=as_json)


def _params(given: Sequence[str]) -> dict[str, str]:
    wrong = next((p for p in given if "=" not in p), None)
    if wrong is not None:
        message = f"--param {wrong}: write NAME=VALUE"
        raise CommandError(message)
    return dict(p.split("=", 1) for p in given)


def _preview(
    found: Settings, trial: Trial, own: str | None, registered: Collection[str]
) -> Preview:
    hotline = found.hotline_by_id(trial.hotline)
    if hotline is None:
        message = f"--hotline {trial.hotline}: known are {', '.join(h.id for h in found.hotlines)}"
        raise CommandError(message)
    try:
        return preview(
            found,
            hotline,
            to=trial.to,
            template=trial.template,
            language=trial.language,
            params=trial.params,
            own=own,
            registered=registered,
        )
    except ValueError as error:
        raise CommandError(str(error)) from error


async def _own(found: Settings, trial: Trial) -> tuple[str | None, frozenset[str]]:
    """Return the hotline's own words and who has registered them; nothing without a register."""
    wanted = (trial.hotline, trial.template, trial.language)
    try:
        async with register(found) as db, db.read() as session:
            registered = await wording.registered(session)
            return await wording.own(session, *wanted), registered.get(wanted, frozenset())
    except CommandError:
        return None, frozenset()


def _words(seen: Preview) -> str:
    first, rest = next(iter(seen.offers), None), seen.offers[1:]
    lines = [
        f"to:       {seen.to} ({seen.network or 'network unknown'})",
        f"text:     {seen.text}",
        f"alphabet: {seen.alphabet}",
        f"parts:    {seen.parts} ({seen.units} characters)",
        f"networks: {', '.join(seen.registered) or 'none has registered this text'}",
        f"gateway:  {f'{first.gateway}, {first.price} VND' if first else 'none may send it'}",
    ]
    lines += [f"else:     {o.gateway}, {o.price} VND" for o in rest]
    return "\n".join(lines)


def _say_sent(sent: Message, *, as_json: bool) -> None:
    if sent.state not in {State.ACCEPTED, State.DELIVERED}:
        message = f"{sent.recipient}: {sent.state}{': ' + sent.reason if sent.reason else ''}"
        raise CommandError(message)
    if as_json:
        print_json(
            {
                "id": sent.id,
                "state": sent.state,
                "gateway": sent.gateway,
                "text": sent.text,
                "alphabet": sent.alphabet,
                "parts": sent.parts,
            }
        )
    else:
        say(f"{sent.state} by {sent.gateway}: {sent.text}")


async def _send(found: Settings, trial: Trial) -> Message:
    if texts.needs_link(trial.template):
        message = f"--template {trial.template} leads to a ticket: look at it with --dry-run"
        raise CommandError(message)
    names = texts.VARIABLES[trial.template]
    values = {n: v for n, v in SAMPLES.items() if n in names} | dict(trial.params)
    async with register(found) as db:
        async with db.write() as tx:
            owed = await outbox.owe(
                tx,
                key=f"trial:{new_id()}",
                hotline=trial.hotline,
                to=trial.to,
                purpose=Purpose(trial.template),
                params=values,
                language=trial.language,
            )
        sender = Sender(
            db, found, gateways=build(found), mail=build_mail(found.mail), real=SystemClock()
        )
        sending = asyncio.create_task(sender.run())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    while (await _row(db, owed)).state in PENDING:
                        await asyncio.sleep(_LOOK_SECONDS)
            return await _row(db, owed)
        finally:
            sending.cancel()
            await asyncio.wait([sending])


async def _row(db: Database, message_id: str) -> Message:
    async with db.read() as session:
        query = select(Message).where(col(Message.id) == message_id)
        row: Message = (await session.execute(query)).scalar_one()
        return row
