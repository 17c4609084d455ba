import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rig.ports import free_ports
from sms.gateways import build, build_mail
from sms.gateways.base import Gateway, Outcome, Request
from sms.gateways.kannel import classify
from tests.support.sms import settings_for
from tongdai.ids import MessageId
from tongdai.settings import MailTable

KINDS = ("kannel", "log", "folder", "smtp")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def gateway(kind: str, folder: Path, port: int, timeout: float = 60) -> Gateway:
    if kind in ("folder", "smtp"):
        return build_mail(
            MailTable(kind=kind, folder=folder / "mail", port=port, sender="1022@example.vn")  # type: ignore[arg-type]
        )
    settings = settings_for(
        folder,
        f"""
[[sms.gateway]]
name = "one"
kind = "{kind}"
file = "{folder}/log/sms.jsonl"
url = "http://127.0.0.1:{port}/cgi-bin/sendsms"
timeout_seconds = {timeout}
""",
    )
    return build(settings)[0]


def request(to: str = "+84912345678", message_id: str = "m1") -> Request:
    return Request(
        id=MessageId(message_id),
        to=to,
        sender="1022CanTho",
        template="referral",
        text="Phiếu 2026-000123 & 100%\n",
        subject="Phiếu trễ hạn",
        alphabet="ucs2",
        receipt_url="http://127.0.0.1:1/r/m1/t",
    )


class Far:
    """The far end of every kind: takes what it is sent, or answers what it is told to."""

    def __init__(self, answer: str = "202 Accepted\r\n\r\n0: Accepted for delivery") -> None:
        self.answer = answer
        self.heard: list[str] = []

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {self.answer}".encode())
        await writer.drain()

    async def smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 far\r\n")
        while line := (await reader.readline()).decode():
            self.heard.append(line)
            if line.upper().startswith("DATA"):
                writer.write(b"354 go\r\n")
                self.heard.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"250 fine\r\n")
            await writer.drain()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_gateway_takes_a_message_and_says_that_it_is_there(
    kind: str, tmp_path: Path
) -> None:
    far = Far()
    async with server(far.smtp if kind == "smtp" else far.http) as port:
        one = gateway(kind, tmp_path, port)
        if kind != "kannel":  # its probe is answered with 400: below
            assert (await one.probe()).outcome is Outcome.ACCEPTED
        to = "a@example.vn" if kind in ("folder", "smtp") else "+84912345678"
        result = await one.send(request(to))
        await one.close()
    assert result.outcome is Outcome.ACCEPTED
    assert result.words
    assert one.per_second > 0


@pytest.mark.parametrize("kind", ["kannel", "smtp"])
async def test_nobody_there_is_surely_not_heard(kind: str, tmp_path: Path) -> None:
    one = gateway(kind, tmp_path, free_ports(1)[0])
    for result in (await one.send(request("a@b.vn")), await one.probe()):
        assert result.outcome is Outcome.RETRY_LATER
    await one.close()


@pytest.mark.parametrize("kind", ["log", "folder"])
async def test_a_place_that_cannot_be_written_is_later(kind: str, tmp_path: Path) -> None:
    for name in ("log", "mail"):
        (tmp_path / name).write_text("a file where a folder belongs")
    one = gateway(kind, tmp_path, 1)
    assert (await one.send(request())).outcome is Outcome.RETRY_LATER
    assert (await one.probe()).outcome is not Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("status", "words", "outcome"),
    [
        (202, "0: Accepted for delivery", Outcome.ACCEPTED),
        (202, "3: Queued for later delivery", Outcome.ACCEPTED),
        (503, "Temporal failure, try again later.", Outcome.RETRY_LATER),
        (500, "", Outcome.RETRY_LATER),
        (429, "slow down", Outcome.RETRY_LATER),
        (403, "Authorization failed for sendsms", Outcome.CONFIGURATION),
        (403, "Not routable. Do not try again.", Outcome.CONFIGURATION),
        (404, "Unknown request.", Outcome.CONFIGURATION),
        (400, "Missing receiver number, rejected", Outcome.FINAL),
        (400, "Number(s) has/have been denied by white- and/or black-lists.", Outcome.FINAL),
        (400, "Sender missing and no global set, rejected", Outcome.CONFIGURATION),
        (302, "", Outcome.CONFIGURATION),
        (200, "<html>a captive portal</html>", Outcome.CONFIGURATION),
    ],
)
async def test_kannels_answers_are_told_apart(
    status: int, words: str, outcome: Outcome, tmp_path: Path
) -> None:
    assert classify(status, words).outcome is outcome
    far = Far(f"{status} X\r\nContent-Type: text/html\r\n\r\n{words}")
    async with server(far.http) as port:
        one = gateway("kannel", tmp_path, port)
        assert (await one.send(request())).outcome is outcome
        await one.close()
    assert len(far.heard) == 1, "asked once, redirects not followed"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "HTTP/1.1 ",
        "HTTP/1.1 202 Acc",
        "garbage\r\n\r\n",
    ],
)
async def test_a_connection_that_ends_early_is_ambiguous(answer: str, tmp_path: Path) -> None:
    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        await writer.drain()

    async with server(breaks_off) as port:
        one = gateway("kannel", tmp_path, port)
        result = await one.send(request())
        await one.close()
    assert result.outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize("kind", ["kannel"])
async def test_silence_is_ambiguous_and_ends_in_time(kind: str, tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silent) as port:
        one = gateway(kind, tmp_path, port, timeout=0.3)
        result = await asyncio.wait_for(one.send(request()), 30)
        await one.close()
    assert result.outcome is Outcome.AMBIGUOUS


async def test_an_endless_answer_is_not_read_to_its_end(tmp_path: Path) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 A\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            return

    async with server(endless) as port:
        one = gateway("kannel", tmp_path, port)
        result = await one.send(request())
        await one.close()
    assert result.outcome is Outcome.ACCEPTED
    assert len(result.words) < 300


async def test_a_status_that_was_said_counts_though_its_words_are_cut_off(tmp_path: Path) -> None:
    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 A\r\nContent-Length: 9\r\n\r\n0")
        await writer.drain()

    async with server(breaks_off) as port:
        one = gateway("kannel", tmp_path, port)
        result = await one.send(request())
        await one.close()
    assert result.outcome is Outcome.ACCEPTED


async def test_a_healthy_box_asks_for_a_receiver(tmp_path: Path) -> None:
    far = Far("400 Bad Request\r\n\r\nMissing receiver number, rejected")
    async with server(far.http) as port:
        one = gateway("kannel", tmp_path, port)
        assert (await one.probe()).outcome is Outcome.ACCEPTED
        await one.close()
    assert "to=" not in far.heard[0]


async def test_the_log_gateway_writes_a_message_once(tmp_path: Path) -> None:
    one = gateway("log", tmp_path, 1)
    for _ in range(2):
        assert (await one.send(request())).outcome is Outcome.ACCEPTED
    (line,) = (tmp_path / "log" / "sms.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "Phiếu 2026-000123 & 100%\n"


async def test_a_letter_is_a_whole_file_named_by_its_id(tmp_path: Path) -> None:
    one = gateway("folder", tmp_path, 1)
    for _ in range(2):
        await one.send(request("lanhdao@example.vn"))
    (file,) = (tmp_path / "mail").iterdir()
    letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert file.name == "m1.eml"
    assert (letter["To"], letter["Subject"]) == ("lanhdao@example.vn", "Phiếu trễ hạn")
    assert letter["Message-ID"] == "<m1@example.vn>"
    assert letter.get_content() == "Phiếu 2026-000123 & 100%\n"


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("MAIL", "421 busy", Outcome.RETRY_LATER),
        ("RCPT", "550 no such person", Outcome.FINAL),
        ("RCPT", "450 later", Outcome.RETRY_LATER),
        ("DATA", "554 no", Outcome.FINAL),
        (".", "", Outcome.AMBIGUOUS),
    ],
)
async def test_a_mail_servers_answers_are_told_apart(
    verb: str, answer: str, outcome: Outcome, tmp_path: Path
) -> None:
    async def far(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 far\r\n")
        while line := (await reader.readline()).decode():
            word = line.split()[0].upper()
            if word == verb and answer:
                writer.write(answer.encode() + b"\r\n")
            elif word == "DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                return  # gone without a word, the letter in hand
            else:
                writer.write(b"250 fine\r\n")
            await writer.drain()

    async with server(far) as port:
        result = await gateway("smtp", tmp_path, port).send(request("a@example.vn"))
    assert result.outcome is outcome
