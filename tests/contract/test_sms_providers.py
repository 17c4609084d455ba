"""Providers' JSON APIs: each dialect against a local server that answers as the documents say."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from sms.gateways import build
from sms.gateways.base import Gateway, Outcome, Request
from sms.gateways.dialect import DialectError, load
from sms.model import Signal, State
from tests.support.sms import message, owe, sending, settings_for, state
from tests.support.wait import until
from tongdai.db import Database
from tongdai.ids import MessageId
from tongdai.settings import SettingsError
from web import receipts
from web.keys import DB, SETTINGS

DOCS = Path(__file__).parents[2] / "docs" / "sms.md"


class Far:
    """A provider: keeps what it was sent, answers what it is told to."""

    def __init__(self) -> None:
        self.answer: Any = {}
        self.status = 200
        self.heard: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append(await request.json())
        self.headers.append(dict(request.headers))
        if isinstance(self.answer, str):
            return web.Response(text=self.answer, status=self.status)
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    one = Far()
    app = web.Application()
    app.router.add_post("/api", one.take)
    async with TestServer(app) as server:
        one.url = f"http://{server.host}:{server.port}/api"
        yield one


def table(far: Far, dialect: str, more: str = "") -> str:
    return f"""
[[sms.gateway]]
name = "one"
kind = "http"
dialect = "{dialect}"
url = "{far.url}"
username = "key"
password = "secret"
timeout_seconds = 60
{more}
"""


VNPT = """
values = { LABELID = "5", CONTRACTTYPEID = "1", CONTRACTID = "9", AGENTID = "2", USERNAME = "u" }
templates = { referral = "88", "gia-lai/referral" = "99" }
"""
ESMS_OK = {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459ee42b"}
SPEED_OK = {
    "status": "success",
    "code": "00",
    "data": {"tranId": 123456, "totalSMS": 1, "totalPrice": 250, "invalidPhone": []},
}
VNPT_OK = {"RPLY": {"name": "send_sms_list", "ERROR": "0", "ERROR_DESC": "success"}}


def gateway(far: Far, folder: Path, dialect: str) -> Gateway:
    more = VNPT if dialect == "vnpt" else ""
    return build(settings_for(folder, table(far, dialect, more)))[0]


def request(**more: Any) -> Request:
    values: dict[str, Any] = {
        "id": MessageId("0123456789abcdef0123456789abcdef"),
        "to": "+84912345678",
        "sender": "1022CanTho",
        "template": "referral",
        "hotline": "can-tho",
        "params": {"ticket": "2026-000123", "field": "Hạ tầng", "due": "", "link": "https://x/l/t"},
        "text": "Phiếu 2026-000123 & 100%",
        "alphabet": "ucs2",
        "receipt_url": "http://us/sms/receipts/one/m/t",
    }
    return Request(**(values | more))


async def test_esms_is_sent_what_its_documents_ask_for(far: Far, tmp_path: Path) -> None:
    far.answer = ESMS_OK
    one = gateway(far, tmp_path, "esms")
    result = await one.send(request())
    await one.close()
    assert (result.outcome, result.reference) == (Outcome.ACCEPTED, "d533459ee42b")
    assert far.heard == [
        {
            "ApiKey": "key",
            "SecretKey": "secret",
            "Phone": "0912345678",
            "Content": "Phiếu 2026-000123 & 100%",
            "Brandname": "1022CanTho",
            "SmsType": "2",
            "IsUnicode": "1",
            "Sandbox": "0",
            "RequestId": "0123456789abcdef0123456789abcdef",
            "CallbackUrl": "http://us/sms/receipts/one/m/t",
        }
    ]
    assert one.deduplicates


async def test_speedsms_is_sent_what_its_documents_ask_for(far: Far, tmp_path: Path) -> None:
    far.answer = SPEED_OK
    one = gateway(far, tmp_path, "speedsms")
    result = await one.send(request())
    await one.close()
    assert (result.outcome, result.reference) == (Outcome.ACCEPTED, "123456")
    assert far.heard == [
        {
            "to": ["84912345678"],
            "content": "Phiếu 2026-000123 & 100%",
            "sms_type": 3,
            "sender": "1022CanTho",
        }
    ]
    login = base64.b64encode(b"key:secret").decode()
    assert far.headers[0]["Authorization"] == f"Basic {login}"


async def test_vnpt_is_sent_a_template_and_its_variables_and_never_the_text(
    far: Far, tmp_path: Path
) -> None:
    far.answer = VNPT_OK
    one = gateway(far, tmp_path, "vnpt")
    assert (await one.send(request())).outcome is Outcome.ACCEPTED
    assert (await one.send(request(hotline="gia-lai"))).outcome is Outcome.ACCEPTED
    unknown = await one.send(request(template="result"))
    await one.close()
    assert unknown.outcome is Outcome.CONFIGURATION
    assert "'template'" in unknown.words
    first, second = (heard["RQST"] for heard in far.heard)
    assert (first["TEMPLATEID"], second["TEMPLATEID"]) == ("88", "99")
    assert first["PARAMS"] == [
        {"NUM": "1", "CONTENT": "2026-000123"},
        {"NUM": "2", "CONTENT": "Hạ tầng"},
        {"NUM": "4", "CONTENT": "https://x/l/t"},
    ]
    assert (first["LABELID"], first["MOBILELIST"], first["DATACODING"]) == ("5", "84912345678", "8")
    assert "Phiếu" not in str(first)
    assert not one.reports, "it ends as accepted"


@pytest.mark.parametrize(
    ("dialect", "answer", "outcome"),
    [
        ("esms", {"CodeResult": "124", "ErrorMessage": "RequestId exists"}, Outcome.ACCEPTED),
        ("esms", {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}, Outcome.CONFIGURATION),
        ("esms", {"CodeResult": "104"}, Outcome.CONFIGURATION),
        ("esms", {"CodeResult": "140"}, Outcome.CONFIGURATION),
        ("esms", {"CodeResult": "146"}, Outcome.CONFIGURATION),
        ("esms", {"CodeResult": "177"}, Outcome.CONFIGURATION),
        ("esms", {"CodeResult": "103"}, Outcome.RETRY_LATER),
        ("esms", {"CodeResult": "201"}, Outcome.FINAL),
        ("esms", {}, Outcome.CONFIGURATION),
        ("esms", [], Outcome.CONFIGURATION),
        ("speedsms", {"status": "error", "code": "007"}, Outcome.CONFIGURATION),
        ("speedsms", {"status": "error", "code": "008"}, Outcome.CONFIGURATION),
        ("speedsms", {"status": "error", "code": "105"}, Outcome.FINAL),
        ("speedsms", {"status": "error", "code": "300"}, Outcome.RETRY_LATER),
        ("speedsms", {"status": "error", "code": "500"}, Outcome.RETRY_LATER),
        (
            "speedsms",
            {"status": "success", "code": "00", "data": {"invalidPhone": ["84912345678"]}},
            Outcome.FINAL,
        ),
        ("vnpt", {"RPLY": {"ERROR": "4", "ERROR_DESC": "label"}}, Outcome.CONFIGURATION),
        ("vnpt", {"RPLY": "?"}, Outcome.CONFIGURATION),
        ("vnpt", "<html>a portal</html>", Outcome.AMBIGUOUS),
    ],
)
async def test_answers_are_told_apart(
    far: Far, tmp_path: Path, dialect: str, answer: Any, outcome: Outcome
) -> None:
    far.answer = answer
    one = gateway(far, tmp_path, dialect)
    result = await one.send(request())
    await one.close()
    assert result.outcome is outcome
    assert "secret" not in result.words


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, Outcome.RETRY_LATER),
        (503, Outcome.RETRY_LATER),
        (500, Outcome.AMBIGUOUS),
        (504, Outcome.AMBIGUOUS),
        (401, Outcome.CONFIGURATION),
    ],
)
async def test_a_status_without_json_is_told_apart(
    far: Far, tmp_path: Path, status: int, outcome: Outcome
) -> None:
    far.answer, far.status = "oops", status
    one = gateway(far, tmp_path, "esms")
    assert (await one.send(request())).outcome is outcome
    assert (await one.probe()).outcome is Outcome.ACCEPTED, "somebody listens there"
    await one.close()


@pytest.mark.parametrize(
    ("dialect", "fields", "signal"),
    [
        ("esms", {"SendStatus": "5", "SendSuccess": "1", "SendFailed": "0"}, Signal.GOT_DELIVERED),
        (
            "esms",
            {"SendStatus": "5", "SendSuccess": "0", "SendFailed": "1"},
            Signal.GOT_UNDELIVERED,
        ),
        ("esms", {"SendStatus": "4"}, Signal.GOT_SMSC_REJECTED),
        ("esms", {"SendStatus": "7"}, Signal.GOT_BUFFERED),
        ("esms", {"SendStatus": "9"}, None),
        ("esms", {}, None),
        ("speedsms", {"type": "report", "status": "0"}, Signal.GOT_DELIVERED),
        ("speedsms", {"type": "report", "status": "64"}, Signal.GOT_UNDELIVERED),
        ("speedsms", {"type": "report", "status": "3"}, Signal.GOT_BUFFERED),
        ("speedsms", {"type": "sms", "status": "0"}, None),
        ("vnpt", {"status": "0"}, None),
    ],
)
def test_reports_are_told_apart(
    dialect: str, fields: dict[str, str], signal: Signal | None
) -> None:
    assert load(dialect).report(fields) is signal


@pytest.mark.parametrize("dialect", ["esms", "speedsms"])
async def test_a_providers_report_settles_the_message_and_a_strangers_does_not(
    database: Database, far: Far, tmp_path: Path, dialect: str
) -> None:
    far.answer = ESMS_OK if dialect == "esms" else SPEED_OK
    settings = settings_for(tmp_path, table(far, dialect, 'receipt_secret = "deep"'))
    app = web.Application()
    app[DB], app[SETTINGS] = database, settings
    receipts.setup(app)
    async with TestServer(app) as ear, ClientSession() as http:
        base = f"http://{ear.host}:{ear.port}"
        sms = settings.sms.model_copy(update={"receipt_url": base})
        settings = settings.model_copy(update={"sms": sms})
        async with sending(database, settings, *build(settings)):
            message_id = await owe(database, "k")

            async def accepted() -> bool:
                return await state(database, message_id) == State.ACCEPTED

            await until(accepted, within=10)
        if dialect == "esms":
            to = far.heard[0]["CallbackUrl"] + "?SMSID=x&SendStatus=5&SendSuccess=1&SendFailed=0"
            strange = to.replace(message_id, "0" * 32)
            for url, status in ((strange, 404), (to, 200), (to, 200)):
                async with http.get(url) as answer:
                    assert answer.status == status
        else:
            said = {"type": "report", "tranId": 123456, "phone": "84912345678", "status": 0}
            for secret, body, status in (
                ("wrong", said, 404),
                ("deep", said | {"tranId": 99}, 404),
                ("deep", said, 200),
                ("deep", said, 200),
            ):
                async with http.post(f"{base}/sms/receipts/one/{secret}", json=body) as answer:
                    assert answer.status == status
    assert await state(database, message_id) == State.DELIVERED
    assert (await message(database, message_id)).parts == 1


async def test_a_fourth_provider_is_the_page_of_toml_that_the_documentation_shows(
    far: Far, tmp_path: Path
) -> None:
    page = re.search(r"```toml\n# hanoi-sms\.toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert page is not None
    file = tmp_path / "hanoi-sms.toml"
    file.write_text(page[1], encoding="utf-8")
    more = 'templates = { referral = "T-77" }\nvalues = { contract = "HD-2026" }'
    one = build(settings_for(tmp_path, table(far, str(file), more)))[0]
    far.answer = {"result": {"code": "OK", "message": "taken", "id": "h-1"}}
    result = await one.send(request())
    assert (result.outcome, result.words, result.reference) == (Outcome.ACCEPTED, "OK taken", "h-1")
    far.answer = {"result": {"code": "BAD_NUMBER"}}
    assert (await one.send(request())).outcome is Outcome.FINAL
    await one.close()
    assert far.heard[0]["recipients"] == [{"phone": "84912345678"}]
    assert (far.heard[0]["template"], far.heard[0]["contract"]) == ("T-77", "HD-2026")
    assert far.heard[0]["variables"][0] == {"key": "ticket", "value": "2026-000123"}
    assert far.headers[0]["X-Contract"] == "HD"
    assert load(str(file)).report({"status": "FAILED"}) is Signal.GOT_UNDELIVERED


def test_a_dialect_that_is_wrong_says_where(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    for text, words in (
        ("x = ", "is not TOML"),
        ("[request]\n[answer]\ncode = 'c'", "answer.accepted"),
        ("nonsense = 1\n[request]\n[answer]\ncode = 'c'\naccepted = ['1']", "nonsense"),
    ):
        file = tmp_path / f"{len(text)}.toml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DialectError, match=words):
            load(str(file))
    with pytest.raises(DialectError, match="cannot be read"):
        load(str(tmp_path / "nowhere.toml"))


def test_an_http_gateway_without_a_dialect_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="needs a dialect"):
        settings_for(tmp_path, '[[sms.gateway]]\nname = "a"\nkind = "http"')
