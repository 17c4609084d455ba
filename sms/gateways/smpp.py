"""An SMSC spoken to directly: SMPP 3.4 as a transceiver, by aiosmpplib."""

import asyncio
import logging
from contextlib import suppress

from aiosmpplib import (
    ESME,
    NPI,
    TON,
    AbstractHook,
    DeliverSm,
    GenericNack,
    PhoneNumber,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
)
from aiosmpplib.protocol import BindTransceiverResp
from aiosmpplib.state import SmppSessionState

from sms.gateways.base import Heard, Listener, Outcome, Request, Result
from sms.model import Signal
from sms.segments import Alphabet
from tongdai.settings import SmsGatewayTable

_SILENT = logging.CRITICAL + 1
_BIND_SECONDS = 4.0
_UNBIND_SECONDS = 3.0
_BIND_ANSWER = b"\x80\x00\x00\x09"
_LATER = frozenset(
    {
        SmppCommandStatus.ESME_RTHROTTLED,
        SmppCommandStatus.ESME_RMSGQFUL,
        SmppCommandStatus.ESME_RSYSERR,
        SmppCommandStatus.ESME_RSUBMITFAIL,
    }
)
_FINAL = frozenset({SmppCommandStatus.ESME_RINVDSTADR})
_STATES = {
    "DELIVRD": Signal.GOT_DELIVERED,
    "EXPIRED": Signal.GOT_UNDELIVERED,
    "DELETED": Signal.GOT_UNDELIVERED,
    "UNDELIV": Signal.GOT_UNDELIVERED,
    "REJECTD": Signal.GOT_SMSC_REJECTED,
    "ACCEPTD": Signal.GOT_SMSC_ACCEPTED,
    "ENROUTE": Signal.GOT_BUFFERED,
}
"""`stat` of a receipt (SMPP 3.4, appendix B); UNKNOWN says nothing."""


class Smpp:
    """One SMSC. The connection is kept, and made again whenever it is lost.

    A long text goes as `message_payload`: one message, one id, one receipt. It drops no doubles,
    and a receipt names the SMSC's id alone: one whose acceptance was never written down settles
    nothing.
    """

    reports = True
    deduplicates = False

    def __init__(self, table: SmsGatewayTable) -> None:
        self.name = table.name
        self.per_second = table.per_second
        self._table = table
        self._hook = _Hook()
        self._esme: _Session | None = None
        self._running: asyncio.Task[None] | None = None

    def listen(self, listener: Listener) -> None:
        """Give receipts and replies to `listener` from now on."""
        self._hook.listener = listener

    async def send(self, request: Request) -> Result:
        """Submit one message; see Gateway."""
        esme = await self._bound()
        if esme is None:
            return self._unbound()
        answered: asyncio.Future[SmppMessage | Exception] = asyncio.Future()
        self._hook.waiting[request.id] = answered
        await esme.broker.enqueue(_submit(request))
        try:
            async with asyncio.timeout(self._table.timeout_seconds):
                return _result(await answered)
        except TimeoutError:
            return Result(outcome=Outcome.AMBIGUOUS, words="no submit_sm_resp in time")
        finally:
            self._hook.waiting.pop(request.id, None)

    async def probe(self) -> Result:
        """Say whether we are bound."""
        if await self._bound() is None:
            return self._unbound()
        return Result(outcome=Outcome.ACCEPTED, words="bound as a transceiver")

    async def close(self) -> None:
        """Unbind and let the connection go."""
        if self._esme is None or self._running is None:
            return
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(self._esme.stop(), _UNBIND_SECONDS)
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        await self._esme.shut()

    async def _bound(self) -> "_Session | None":
        """Return the session once it is bound, or None when that does not come about soon."""
        if self._esme is None:
            self._esme = self._session()
            self._running = asyncio.create_task(self._esme.start())
        if self._esme.session_state is SmppSessionState.BOUND_TRX:
            return self._esme
        with suppress(TimeoutError):
            async with asyncio.timeout(_BIND_SECONDS):
                await self._hook.bind_answered.wait()
        bound = self._esme.session_state is SmppSessionState.BOUND_TRX
        return self._esme if bound else None

    def _unbound(self) -> Result:
        refused = self._hook.refused
        if refused:
            return Result(outcome=Outcome.CONFIGURATION, words=f"bind refused: {refused}")
        return Result(outcome=Outcome.RETRY_LATER, words="not reached", unreached=True)

    def _session(self) -> "_Session":
        table = self._table
        return _Session(
            smsc_host=table.host,
            smsc_port=table.port,
            system_id=table.username,
            password=table.password.get_secret_value(),
            enquire_link_interval=15.0,
            socket_timeout=table.timeout_seconds,
            log_level=_SILENT,
            hook=self._hook,
        )


class _Session(ESME):  # type: ignore[misc]  # the library has no py.typed
    """The library's session, which leaves the connections that it is done with open."""

    async def connect(self) -> None:
        """Close what is left of the last connection, then connect and bind."""
        if self._session_state is not SmppSessionState.BOUND_TRX:
            await self.shut()
        await super().connect()

    async def shut(self) -> None:
        """Close the connection."""
        writer: asyncio.StreamWriter | None = self._writer  # type: ignore[has-type]
        self._writer = None
        await _close(writer)

    async def _disconnect(self) -> None:
        writer = self._writer
        await super()._disconnect()
        await _close(writer)


async def _close(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class _Hook(AbstractHook):  # type: ignore[misc]  # the library has no py.typed
    """What the session tells: answers to whoever waits, receipts and replies to the listener."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[SmppMessage | Exception]] = {}
        self.listener: Listener | None = None
        self.bind_answered = asyncio.Event()
        self.refused = ""
        self._told: set[asyncio.Task[None]] = set()

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        """Nothing to do before a message goes."""

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        """Tell whoever waits that it broke."""
        del client_id
        if isinstance(smpp_message, SubmitSm):
            self._answer(smpp_message.log_id, error)

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        """Sort what came."""
        del client_id
        match smpp_message:
            case None if pdu[4:8] == _BIND_ANSWER:  # a refusal has no body; the library reads none
                self._bind_answered(int.from_bytes(pdu[8:12], "big"))
            case BindTransceiverResp():
                self._bind_answered(int(smpp_message.command_status))
            case SubmitSmResp() | GenericNack():
                self._answer(smpp_message.log_id, smpp_message)
            case DeliverSm() if self.listener is not None:
                # not awaited: the session goes on while the register writes
                task = asyncio.create_task(self.listener(_heard(smpp_message)))
                self._told.add(task)
                task.add_done_callback(self._told.discard)
            case _:
                pass

    def _bind_answered(self, status: int) -> None:
        well = status == SmppCommandStatus.ESME_ROK
        self.refused = "" if well else SmppCommandStatus(status).name
        asyncio.get_running_loop().call_soon(self.bind_answered.set)

    def _answer(self, message_id: str, answer: SmppMessage | Exception) -> None:
        waiting = self.waiting.get(message_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


def _submit(request: Request) -> SubmitSm:
    accented = request.alphabet != Alphabet.ASCII
    return SubmitSm(
        log_id=request.id,
        short_message=request.text,
        source=PhoneNumber(request.sender, TON.ALPHANUMERIC, NPI.UNKNOWN),
        destination=PhoneNumber(request.to.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
        registered_delivery=1,
        encoding="ucs2" if accented else None,
        auto_message_payload=True,
    )


def _result(answer: SmppMessage | Exception) -> Result:
    match answer:
        case ValueError():
            return Result(outcome=Outcome.CONFIGURATION, words=f"not to be encoded: {answer}")
        case Exception():
            return Result(outcome=Outcome.AMBIGUOUS, words=f"cut off: {type(answer).__name__}")
        case SubmitSmResp() if answer.command_status == SmppCommandStatus.ESME_ROK:
            return Result(outcome=Outcome.ACCEPTED, words="ESME_ROK", reference=answer.message_id)
        case _:
            status = answer.command_status
            outcome = Outcome.CONFIGURATION
            if status in _LATER:
                outcome = Outcome.RETRY_LATER
            elif status in _FINAL:
                outcome = Outcome.FINAL
            return Result(outcome=outcome, words=SmppCommandStatus(status).name)


def _heard(message: DeliverSm) -> Heard:
    if not message.is_receipt():
        text = message.short_message or message.message_payload
        return Heard(
            sender=message.source.number, to=message.destination.number, text=text, reference=""
        )
    said = message.parse_receipt()
    stat = str(said.get("stat", ""))
    return Heard(
        reference=str(said.get("id", "")),
        signal=_STATES.get(stat),
        code=stat,
        words=f"err {said.get('err', '')}",
        receipt=True,
    )


def spellings(reference: str) -> tuple[str, ...]:
    """Return an SMSC's id as it may stand in the answer: receipts turn hex into decimal or back."""
    plain = reference.strip()
    found = [plain, plain.lower(), plain.upper()]
    if plain.isdecimal():
        found += [f"{int(plain):x}", f"{int(plain):X}", f"{int(plain):08x}", f"{int(plain):08X}"]
    with suppress(ValueError):
        found.append(str(int(plain, 16)))
    return tuple(dict.fromkeys(found))
