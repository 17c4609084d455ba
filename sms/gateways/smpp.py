"""An SMSC spoken to directly: SMPP 3.4 as a transceiver, by aiosmpplib."""

import asyncio
import itertools
import logging
from contextlib import suppress

from aiosmpplib import NPI, TON, PhoneNumber, SmppCommandStatus, SmppMessage, SubmitSm, SubmitSmResp
from aiosmpplib.state import OptionalParam, SmppSessionState

from sms.gateways.base import Heard, Listener, Outcome, Request, Result
from sms.gateways.smpp_pdu import Joiner, Receipt, Said
from sms.gateways.smpp_session import Answers, Hook, NeverDenies, Outgoing, Session
from sms.model import our_reference
from sms.segments import Alphabet, split
from tongdai.settings import SmsGatewayTable

_SILENT = logging.CRITICAL + 1
_BIND_SECONDS = 4.0
_UNBIND_SECONDS = 3.0
_PARTS_SECONDS = 60.0
"""So long a reply's parts wait for each other."""
_AGAIN_SECONDS = 0.3
"""Between tries of a part whose message has begun to go out and is throttled."""
_HEADER_FLAG = 0x40
_OUR_REFERENCE, _SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x0204, 0x020C, 0x020E, 0x020F
_LATER = frozenset(
    {
        SmppCommandStatus.ESME_RTHROTTLED,
        SmppCommandStatus.ESME_RMSGQFUL,
        SmppCommandStatus.ESME_RSYSERR,
        SmppCommandStatus.ESME_RSUBMITFAIL,
    }
)
_FINAL = frozenset({SmppCommandStatus.ESME_RINVDSTADR})


class Smpp:
    """One SMSC. The connection is kept, and made again whenever it is lost.

    A long text goes as `message_payload`, one message with one id and one receipt; or, where an
    SMSC wants it so (`long_text`), in parts, each with its own. It drops no doubles. Each message
    carries a reference of ours that an SMSC gives back in its receipt (user_message_reference).
    """

    reports = True
    deduplicates = False

    def __init__(self, table: SmsGatewayTable) -> None:
        self.name = table.name
        self.per_second = table.per_second
        self._table = table
        self._hook = Hook()
        self._listener: Listener | None = None
        self._esme: Session | None = None
        self._running: asyncio.Task[None] | None = None
        self._groups = itertools.cycle(range(1, 256))
        self._joiner = Joiner()

    def listen(self, listener: Listener) -> None:
        """Give receipts and replies to `listener` from now on."""
        self._listener = listener

    async def send(self, request: Request) -> Result:
        """Submit one message; see Gateway."""
        try:
            esme = await self._bound()
            messages = self._messages(request)
        except ValueError as error:
            return Result(outcome=Outcome.CONFIGURATION, words=f"cannot be sent: {error}")
        if esme is None:
            return self._unbound()
        gone: list[str] = []
        try:
            async with asyncio.timeout(self._table.timeout_seconds):
                while len(gone) < len(messages):
                    result = await self._submit(esme, messages[len(gone)])
                    if result.outcome is Outcome.ACCEPTED:
                        gone.append(result.reference)
                    elif gone and result.outcome is Outcome.RETRY_LATER:
                        await asyncio.sleep(_AGAIN_SECONDS)
                    else:
                        return _broken(result, len(gone), len(messages))
        except TimeoutError:
            words = f"no submit_sm_resp in time, {len(gone)} of {len(messages)} parts gone"
            return Result(outcome=Outcome.AMBIGUOUS, words=words)
        parts = tuple(gone) if len(gone) > 1 else ()
        return Result(outcome=Outcome.ACCEPTED, words="ESME_ROK", reference=gone[-1], parts=parts)

    async def probe(self) -> Result:
        """Say whether we are bound."""
        loop = asyncio.get_running_loop()
        for said in self._joiner.late(loop.time() - _PARTS_SECONDS):
            await self._tell(_heard(said))
        try:
            bound = await self._bound()
        except ValueError as error:
            return Result(outcome=Outcome.CONFIGURATION, words=f"cannot bind: {error}")
        if bound is None:
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

    async def _submit(self, esme: Session, message: SubmitSm) -> Result:
        answered: asyncio.Future[SmppMessage | Exception] = asyncio.Future()
        self._hook.waiting[message.log_id] = answered
        try:
            await esme.broker.enqueue(message)
            return _result(await answered)
        finally:
            self._hook.waiting.pop(message.log_id, None)

    async def _bound(self) -> Session | None:
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

    def _session(self) -> Session:
        table = self._table
        session = Session(
            smsc_host=table.host,
            smsc_port=table.port,
            system_id=table.username,
            password=table.password.get_secret_value(),
            enquire_link_interval=float(table.enquire_link_seconds),
            socket_timeout=float(table.timeout_seconds),
            log_level=_SILENT,
            hook=self._hook,
            broker=Outgoing(self._hook),
            correlator=Answers(),
            throttle_handler=NeverDenies(),
        )
        session.listen(self._told)
        return session

    async def _told(self, what: Receipt | Said) -> bool:
        if isinstance(what, Said):
            whole = self._joiner.add(what, asyncio.get_running_loop().time())
            return whole is None or await self._tell(_heard(whole))
        return await self._tell(
            Heard(
                receipt=True,
                reference=what.reference,
                ours=what.ours,
                to=what.to,
                signal=what.signal,
                code=what.stat,
                words=f"err {what.error}",
            )
        )

    async def _tell(self, heard: Heard) -> bool:
        return self._listener is not None and await self._listener(heard)

    def _messages(self, request: Request) -> list[SubmitSm]:
        """Return what is submitted for one message: itself, or its parts."""
        texts = [request.text]
        if self._table.long_text != "payload":
            texts = split(request.text)
        ours = [OptionalParam(_OUR_REFERENCE, our_reference(request.id))]
        if len(texts) == 1:
            return [_message(request, request.id, request.text, ours)]
        group = next(self._groups)
        found = []
        for number, text in enumerate(texts, start=1):
            of, log_id = len(texts), f"{request.id}/{number}"
            if self._table.long_text == "sar":
                sar = [
                    OptionalParam(_SAR_REFERENCE, group),
                    OptionalParam(_SAR_TOTAL, of),
                    OptionalParam(_SAR_NUMBER, number),
                ]
                found.append(_message(request, log_id, text, [*ours, *sar]))
            else:
                part = _message(request, log_id, text, ours)
                part.esm_class = _HEADER_FLAG
                part.set_encoded_message(
                    bytes((5, 0, 3, group, of, number)) + part.smpp_encode(text)
                )
                found.append(part)
        return found


def _message(request: Request, log_id: str, text: str, options: list[OptionalParam]) -> SubmitSm:
    accented = request.alphabet != Alphabet.ASCII
    return SubmitSm(
        log_id=log_id,
        short_message=text,
        source=PhoneNumber(request.sender, TON.ALPHANUMERIC, NPI.UNKNOWN),
        destination=PhoneNumber(request.to.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
        registered_delivery=1,
        encoding="ucs2" if accented else None,
        optional_params=list(options),
        auto_message_payload=True,
    )


def _broken(result: Result, gone: int, of: int) -> Result:
    """Return what a refusal means when parts of the message have gone out before it."""
    if not gone:
        return result
    words = f"part {gone + 1} of {of}: {result.words}"
    return Result(outcome=Outcome.AMBIGUOUS, words=words)


def _result(answer: SmppMessage | Exception) -> Result:
    match answer:
        case ValueError():
            return Result(outcome=Outcome.CONFIGURATION, words=f"not to be encoded: {answer}")
        case Exception():
            return Result(outcome=Outcome.AMBIGUOUS, words=f"cut off: {type(answer).__name__}")
        case SubmitSmResp() if answer.command_status == SmppCommandStatus.ESME_ROK:
            return Result(outcome=Outcome.ACCEPTED, words="ESME_ROK", reference=answer.message_id)
        case _:
            outcome = Outcome.CONFIGURATION
            if answer.command_status in _LATER:
                outcome = Outcome.RETRY_LATER
            elif answer.command_status in _FINAL:
                outcome = Outcome.FINAL
            return Result(outcome=outcome, words=str(answer.extra_data))


def _heard(said: Said) -> Heard:
    return Heard(sender=said.sender, to=said.to, text=said.text, reference="")
