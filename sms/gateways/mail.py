"""Letters: into a folder (development) or through an SMTP server."""

import asyncio
import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr

from sms.gateways.base import Outcome, Request, Result
from tongdai.settings import MailTable

_TIMEOUT_SECONDS = 20.0


class FolderMail:
    """One `.eml` file a letter, named by its id: the same letter twice is one file."""

    name = "mail"
    per_second = 1000.0
    reports = False
    deduplicates = True

    def __init__(self, table: MailTable) -> None:
        self._table = table

    async def send(self, request: Request) -> Result:
        """Write one file; see Gateway."""
        try:
            await asyncio.to_thread(self._write, request)
        except OSError as error:
            return Result(outcome=Outcome.RETRY_LATER, words=f"not written: {error.strerror}")
        return Result(outcome=Outcome.ACCEPTED, words="written", reference=f"{request.id}.eml")

    async def probe(self) -> Result:
        """Say whether the folder can be written."""
        try:
            await asyncio.to_thread(self._table.folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            return Result(outcome=Outcome.RETRY_LATER, words=f"not writable: {error.strerror}")
        if not os.access(self._table.folder, os.W_OK):
            return Result(outcome=Outcome.CONFIGURATION, words="not writable")
        return Result(outcome=Outcome.ACCEPTED, words="writable")

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, request: Request) -> None:
        folder = self._table.folder
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{request.id}.part"
        part.write_bytes(compose(request, self._table.sender).as_bytes())
        part.replace(folder / f"{request.id}.eml")  # whole or not at all


class SmtpMail:
    """An SMTP server, spoken to in a thread. Cut off while the letter travels is ambiguous."""

    name = "mail"
    per_second = 5.0
    reports = False
    deduplicates = False

    def __init__(self, table: MailTable) -> None:
        self._table = table

    async def send(self, request: Request) -> Result:
        """Hand one letter over; see Gateway."""
        return await asyncio.to_thread(self._send, request)

    async def probe(self) -> Result:
        """Log in and leave."""
        return await asyncio.to_thread(self._probe)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, request: Request) -> Result:
        try:
            server = self._open()
        except (smtplib.SMTPException, OSError) as error:
            return _refused(error)
        try:
            server.send_message(
                compose(request, self._table.sender), self._table.sender, [request.to]
            )
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            return _refused(error)
        except (smtplib.SMTPException, OSError) as error:
            return Result(outcome=Outcome.AMBIGUOUS, words=f"cut off: {type(error).__name__}")
        finally:
            server.close()
        return Result(outcome=Outcome.ACCEPTED, words="250 accepted", reference=request.id)

    def _probe(self) -> Result:
        try:
            self._open().close()
        except (smtplib.SMTPException, OSError) as error:
            return _refused(error)
        return Result(outcome=Outcome.ACCEPTED, words="answers")

    def _open(self) -> smtplib.SMTP:
        server = smtplib.SMTP(self._table.host, self._table.port, timeout=_TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if self._table.username:
                server.starttls(context=ssl.create_default_context())
                server.login(self._table.username, self._table.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def compose(request: Request, sender: str) -> EmailMessage:
    """Return the letter; its Message-ID is ours, so that a reader's program drops doubles."""
    letter = EmailMessage()
    letter["From"] = formataddr((request.sender, sender))
    letter["To"] = request.to
    letter["Subject"] = request.subject
    letter["Message-ID"] = f"<{request.id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(request.text, charset="utf-8")
    return letter


def _refused(error: Exception) -> Result:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            outcome = Outcome.FINAL if code >= 500 else Outcome.RETRY_LATER
            return Result(outcome=outcome, words=f"{code} {words.decode(errors='replace')}")
        case smtplib.SMTPAuthenticationError():
            return Result(outcome=Outcome.CONFIGURATION, words=f"{error.smtp_code} login refused")
        case smtplib.SMTPResponseException():
            outcome = Outcome.FINAL if error.smtp_code >= 500 else Outcome.RETRY_LATER
            return Result(outcome=outcome, words=f"{error.smtp_code}")
        case smtplib.SMTPNotSupportedError():
            return Result(outcome=Outcome.CONFIGURATION, words="no STARTTLS")
        case _:
            return Result(
                outcome=Outcome.RETRY_LATER,
                words=f"not reached: {type(error).__name__}",
                unreached=True,
            )
