"""A gateway for development: writes each message as one JSON line into a file."""

import asyncio
import json
from pathlib import Path

from sms.gateways.base import Outcome, Request, Result
from tongdai.settings import SmsGatewayTable


class LogGateway:
    """Takes everything and writes it down; the same id is written once."""

    reports = False
    deduplicates = False

    def __init__(self, table: SmsGatewayTable) -> None:
        self.name = table.name
        self.per_second = table.per_second
        self._file = table.file or Path(".run/logs/sms.jsonl")
        self._lock = asyncio.Lock()
        self._seen: set[str] = set()

    async def send(self, request: Request) -> Result:
        """Write one line; see Gateway."""
        line = {
            "id": request.id,
            "to": request.to,
            "from": request.sender,
            "template": request.template,
            "alphabet": request.alphabet,
            "text": request.text,
        }
        async with self._lock:
            if request.id in self._seen:
                return Result(outcome=Outcome.ACCEPTED, words="written before")
            try:
                await asyncio.to_thread(self._append, json.dumps(line, ensure_ascii=False))
            except OSError as error:
                return Result(outcome=Outcome.RETRY_LATER, words=f"not written: {error.strerror}")
            self._seen.add(request.id)
        return Result(outcome=Outcome.ACCEPTED, words="written", reference=request.id)

    async def probe(self) -> Result:
        """Say whether the file can be written."""
        try:
            await asyncio.to_thread(self._append, "")
        except OSError as error:
            return Result(outcome=Outcome.RETRY_LATER, words=f"not writable: {error.strerror}")
        return Result(outcome=Outcome.ACCEPTED, words="writable")

    async def close(self) -> None:
        """Nothing is kept open."""

    def _append(self, line: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as out:
            out.write(line + "\n" if line else "")
