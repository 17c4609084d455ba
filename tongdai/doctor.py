"""`tongdai doctor`: looks at everything that the service needs, and says how to mend it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import chain

import aiohttp

from escalation.lawbook import default_lawbook
from ivr import prompt_builder
from sms.gateways import gateway_of
from sms.gateways.base import Outcome
from telephony.capture.errors import FarSpoolAway
from telephony.capture.far import far_spool
from telephony.recordings.checkup import trouble
from tongdai import migrate
from tongdai.clock import SystemClock
from tongdai.db import Database, DatabaseAway
from tongdai.settings import PbxTable, Settings, SftpTable, SmsGatewayTable

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        part: What was looked at.
        ok: Whether it is well.
        detail: What was seen.
        mend: What to do about it; empty when it is well.
    """

    part: str
    ok: bool
    detail: str
    mend: str = ""


class Ill(Exception):  # noqa: N818 - a diagnosis
    """What a look found wrong, and how to mend it."""

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.mend = mend


Look = Callable[[], Awaitable[str]]


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at each part in turn; a part that does not answer in five seconds is ill."""
    yield Finding(part="settings", ok=True, detail=f"{len(settings.hotlines)} hotlines")
    for part, look in _looks(settings):
        try:
            detail = await asyncio.wait_for(look(), PATIENCE_SECONDS)
        except Ill as ill:
            yield Finding(part=part, ok=False, detail=ill.detail, mend=ill.mend)
        except TimeoutError:
            yield Finding(
                part=part, ok=False, detail="no answer in 5 s", mend="is it overloaded, or stopped?"
            )
        else:
            yield Finding(part=part, ok=True, detail=detail)


def _looks(settings: Settings) -> list[tuple[str, Look]]:
    return [
        ("database", lambda: _database(settings)),
        ("service", lambda: _service(settings)),
        *((f"pbx:{pbx.name}", _bound(_ami, pbx)) for pbx in settings.pbx),
        *((f"websocket:{pbx.name}", _bound(_websocket, pbx)) for pbx in settings.pbx),
        ("agi", lambda: _agi(settings)),
        ("spool", lambda: _spool(settings)),
        *(
            (f"spool_sftp:{pbx.name}", _bound(_far_spool, pbx.spool_sftp))
            for pbx in settings.pbx
            if pbx.spool_sftp is not None
        ),
        ("archive", lambda: _archive(settings)),
        *((f"sms:{gateway.name}", _bound(_gateway, gateway)) for gateway in settings.sms.gateway),
        ("prompts", lambda: _prompts(settings)),
        ("calendar", lambda: _calendars(settings)),
    ]


def _bound(look: Callable[..., Awaitable[str]], what: object) -> Look:
    return lambda: look(what)


async def _database(settings: Settings) -> str:
    db = Database(settings.database.url, SystemClock())
    try:
        async with db.read():
            pass
    except DatabaseAway as away:
        detail = f"does not answer: {away.__cause__ or away}"
        raise Ill(detail, "start it, or mend [database] url") from away
    finally:
        await db.close()
    found, newest = await migrate.version(settings.database.url), migrate.newest()
    if found != newest:
        detail = f"is at version {found}, not {newest}"
        raise Ill(detail, "run: tongdai migrate")
    return f"answers, version {found}"


async def _service(settings: Settings) -> str:
    url = f"http://{settings.web.host}:{settings.web.port}/healthz"
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            health = await answer.json()
    except (aiohttp.ClientError, ValueError) as error:
        detail = f"{url} does not answer"
        raise Ill(detail, "start it: tongdai serve (or make run)") from error
    ill = [
        f"{name} {part['state']}: {part['detail']}"
        for name, part in health["parts"].items()
        if part["state"] != "ok"
    ]
    if ill:
        raise Ill("; ".join(ill), "see the lines below, and the service's log")
    return "all its parts are ok"


async def _ami(pbx: PbxTable) -> str:
    try:
        reader, writer = await asyncio.open_connection(pbx.host, pbx.port)
    except OSError as error:
        detail = f"nothing listens at {pbx.host}:{pbx.port}"
        raise Ill(detail, "start Asterisk, or mend [[pbx]] host and port") from error
    try:
        login = (
            "Action: Login",
            f"Username: {pbx.username}",
            f"Secret: {pbx.secret.get_secret_value()}",
            "Events: off",
        )
        greeting = (await reader.readline()).decode(errors="replace").strip()
        writer.write("\r\n".join([*login, "", ""]).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Ill(
            "the manager interface hung up", "is manager.conf ours? run: make asterisk-install"
        ) from error
    finally:
        writer.close()
    if b"Success" not in answer:
        raise Ill(
            "refuses our login", "mend [[pbx]] username and secret, then render manager.conf again"
        )
    return greeting


async def _websocket(pbx: PbxTable) -> str:
    url = f"http://{pbx.http_host}:{pbx.http_port}/ws"
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            status = answer.status
    except aiohttp.ClientError as error:
        detail = f"nothing listens at {pbx.http_host}:{pbx.http_port}"
        raise Ill(detail, "start Asterisk, or mend [[pbx]] http_host and http_port") from error
    if status == 404:
        raise Ill(
            "Asterisk's web server has no /ws",
            "load res_http_websocket.so and res_pjsip_transport_websocket.so",
        )
    return "browser phones can register"


async def _agi(settings: Settings) -> str:
    try:
        _, writer = await asyncio.open_connection(settings.agi.host, settings.agi.port)
    except OSError as error:
        detail = f"nothing listens at {settings.agi.host}:{settings.agi.port}"
        raise Ill(detail, "start the service; until then the dialplan greets alone") from error
    writer.close()
    return f"listens at {settings.agi.host}:{settings.agi.port}"


async def _spool(settings: Settings) -> str:
    folders = dict.fromkeys(pbx.spool or settings.recordings.spool for pbx in settings.pbx)
    for folder in folders:
        if not folder.is_dir():
            detail = f"{folder} is not there"
            raise Ill(detail, "start Asterisk once, or mend [recordings] spool")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            detail = f"{folder} may not be read and emptied by us"
            raise Ill(detail, "put the service's account into the group of Asterisk's")
    waiting = sum(1 for _ in chain.from_iterable(folder.iterdir() for folder in folders))
    return f"{waiting} files wait in it"


async def _far_spool(table: SftpTable) -> str:
    try:
        async with far_spool(table) as far:
            files, strange = await far.look()
    except FarSpoolAway as away:
        mend = "see 'A PBX on another host' in docs/recordings-spool.md"
        raise Ill(str(away.ids["why"]), mend) from away
    where = f"{table.folder} on {table.host}"
    if strange:
        detail = f"{len(strange)} files in {where} are no recordings: {', '.join(strange[:3])}"
        raise Ill(detail, "put them elsewhere; the service takes recordings alone")
    return f"{len(files)} files lie in {where}"


async def _archive(settings: Settings) -> str:
    folder = settings.recordings.archive
    existing = next(
        parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists()
    )
    free = shutil.disk_usage(existing).free
    if free < settings.recordings.floor_bytes:
        floor = settings.recordings.floor_bytes
        detail = f"{free // 1_000_000} MB are free, {floor // 1_000_000} MB must stay free"
        raise Ill(
            detail, "make room on the archive's disk; until then recordings stay in the spool"
        )
    db = Database(settings.database.url, SystemClock())
    try:
        found = await trouble(settings, db)
    finally:
        await db.close()
    if found is not None:
        raise Ill(*found)
    return f"{free // 1_000_000_000} GB free"


async def _gateway(table: SmsGatewayTable) -> str:
    """Ask the gateway itself, as the sender does: login, route and all; nothing is sent."""
    gateway = gateway_of(table)
    try:
        result = await gateway.probe()
    finally:
        await gateway.close()
    match result.outcome:
        case Outcome.ACCEPTED | Outcome.FINAL:
            return f"would take a message ({result.words})"
        case Outcome.CONFIGURATION:
            raise Ill(
                f"refuses us: {result.words}",
                f"mend [[sms.gateway]] {table.name}: username, password, or our address there",
            )
        case Outcome.RETRY_LATER | Outcome.AMBIGUOUS:
            seen = "nothing listens there" if result.unreached else "takes nothing now"
            raise Ill(
                f"{seen}: {result.words}",
                "start the gateway; messages wait in the outbox until then",
            )


async def _prompts(settings: Settings) -> str:
    lacking = prompt_builder.missing(settings)
    if lacking:
        detail = f"{len(lacking)} are missing, such as {lacking[0]}"
        raise Ill(detail, "run: make run, or make prompts")
    return "all are there"


async def _calendars(settings: Settings) -> str:
    lawbook = await asyncio.to_thread(
        default_lawbook, tuple(h.id for h in settings.hotlines), settings.law.folder
    )
    lacking = [hotline.id for hotline in settings.hotlines if lawbook.calendar(hotline.id) is None]
    if lacking:
        detail = f"none for {', '.join(lacking)}"
        raise Ill(
            detail,
            "write calendars/<hotline>.toml in the folder of [law], see docs/adding-a-province.md",
        )
    year = SystemClock().now().year
    return f"one for each hotline, asked in {year}"
