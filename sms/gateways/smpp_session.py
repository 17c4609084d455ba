"""aiosmpplib's session, kept from what it does wrong: what SMPP 3.4 needs, and nothing more."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import suppress

from aiosmpplib import (
    ESME,
    AbstractBroker,
    AbstractCorrelator,
    AbstractHook,
    AbstractThrottleHandler,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
)
from aiosmpplib.protocol import PDU_HEADER_LENGTH, BindTransceiverResp
from aiosmpplib.state import PduHeader, SmppCommand, SmppSessionState

from sms.gateways.smpp_pdu import PduError, Receipt, Said, read

_BIND_ANSWER = b"\x80\x00\x00\x09"
_MOST_UNANSWERED = 1000
_LONGEST_PDU = 70_000
_STATUSES = frozenset(int(status) for status in SmppCommandStatus)
_UNKNOWN_ERROR = int(SmppCommandStatus.ESME_RUNKNOWNERR).to_bytes(4, "big")
Told = Callable[[Receipt | Said], Coroutine[None, None, bool]]
"""Takes what the SMSC tells; whether it is written down."""


class Hook(AbstractHook):  # type: ignore[misc]  # the library has no py.typed
    """What the session tells: the answers, to whoever waits for them; how the bind went."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[SmppMessage | Exception]] = {}
        self.bind_answered = asyncio.Event()
        self.refused = ""

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
                self._bind_answered(_status(pdu))
            case BindTransceiverResp():
                self._bind_answered(_status(pdu))
            case SubmitSmResp() | GenericNack():
                smpp_message.extra_data = name_of(_status(pdu))
                self._answer(smpp_message.log_id, smpp_message)
            case _:
                pass

    def _bind_answered(self, status: int) -> None:
        well = status == SmppCommandStatus.ESME_ROK
        self.refused = "" if well else name_of(status)
        asyncio.get_running_loop().call_soon(self.bind_answered.set)

    def _answer(self, message_id: str, answer: SmppMessage | Exception) -> None:
        waiting = self.waiting.get(message_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


class Session(ESME):  # type: ignore[misc]  # the library has no py.typed
    """The library's session: leaves no connection open, and acknowledges only what is kept."""

    told: Told
    _telling: set[asyncio.Task[None]]

    def listen(self, told: Told) -> None:
        """Give receipts and replies to `told`."""
        self.told = told
        self._telling = set()

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

    async def _get_pdu(self) -> tuple[bytes, PduHeader]:
        """Read a PDU; a status of the SMSC's own is an error of no name, not the session's end."""
        reader: asyncio.StreamReader = self._reader
        raw = await reader.readexactly(PDU_HEADER_LENGTH)
        known = raw if _status(raw) in _STATUSES else raw[:8] + _UNKNOWN_ERROR + raw[12:]
        header = SmppMessage.parse_header(known)
        if not PDU_HEADER_LENGTH <= header.pdu_length <= _LONGEST_PDU:
            message = f"a PDU of {header.pdu_length} bytes"
            raise ValueError(message)
        return raw + await reader.readexactly(header.pdu_length - PDU_HEADER_LENGTH), header

    async def _handle_request(self, pdu: bytes, header: PduHeader) -> SmppMessage | None:
        """Read a deliver_sm ourselves and answer it when it is written down; not in this loop."""
        if header.smpp_command is not SmppCommand.DELIVER_SM:
            handled: SmppMessage | None = await super()._handle_request(pdu, header)
            return handled
        try:
            what = read(pdu[PDU_HEADER_LENGTH:])
        except PduError:
            await self._acknowledge(header, SmppCommandStatus.ESME_RX_P_APPN)
            return None
        task = asyncio.create_task(self._tell(what, header))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return None

    async def _tell(self, what: Receipt | Said, header: PduHeader) -> None:
        kept = await self.told(what)
        status = SmppCommandStatus.ESME_ROK if kept else SmppCommandStatus.ESME_RX_T_APPN
        await self._acknowledge(header, status)

    async def _acknowledge(self, header: PduHeader, status: SmppCommandStatus) -> None:
        answer = DeliverSmResp(sequence_num=header.sequence_num, command_status=status)
        with suppress(OSError, AssertionError):  # the session is gone: it will be told again
            await self._send_data(answer)


class Outgoing(AbstractBroker):  # type: ignore[misc]  # the library has no py.typed
    """What goes out next. What nobody waits for any more never goes: it may have been resent."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._queue: asyncio.Queue[SubmitSm] = asyncio.Queue()

    async def enqueue(self, message: SmppMessage) -> None:
        """Add one."""
        await self._queue.put(message)

    async def dequeue(self) -> SmppMessage:
        """Wait for the next one that somebody waits for."""
        while True:
            message = await self._queue.get()
            if message.log_id in self._hook.waiting:
                return message


class NeverDenies(AbstractThrottleHandler):  # type: ignore[misc]  # the library has no py.typed
    """The outbox has its own rate, pauses and circuit; the library's would hold messages back."""

    async def throttled(self) -> None:
        """Nothing to note."""

    async def not_throttled(self) -> None:
        """Nothing to note."""

    async def allow_request(self) -> bool:
        """Allow it."""
        return True

    async def throttle_delay(self) -> float:
        """Wait for nothing."""
        return 0.0


class Answers(AbstractCorrelator):  # type: ignore[misc]  # the library has no py.typed
    """Which answer is of which request, and nothing else.

    The library's own keeps every message for three days, walks through all of them at each, and
    puts parts together that are not of one message.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[int, SmppMessage] = OrderedDict()

    async def put(self, smpp_message: SmppMessage) -> None:
        """Note a request."""
        self._asked[smpp_message.sequence_num] = smpp_message
        while len(self._asked) > _MOST_UNANSWERED:
            self._asked.popitem(last=False)

    async def get(self, response: SmppMessage) -> SmppMessage | None:
        """Return the request of an answer."""
        asked = self._asked.pop(response.sequence_num, None)
        if isinstance(response, GenericNack) and isinstance(asked, SubmitSm):
            response.log_id = asked.log_id
        return asked

    async def expired(self, smpp_message: SmppMessage) -> None:
        """Nothing expires here: whoever waits has a limit of its own."""

    def get_cumulated_status(self, ref_num: int) -> int:
        """Parts are sent one by one: nothing is cumulated."""
        del ref_num
        return 0

    async def get_segmented(self, smpp_seq_num: int, remove: bool = False) -> tuple[None, int]:  # noqa: FBT001, FBT002 - the library's
        """Parts are sent one by one: each has its own answer."""
        del smpp_seq_num, remove
        return None, 0

    async def put_delivery(self, smsc_message_id: str, submit_sm: SubmitSm) -> None:
        """Receipts are matched in the register."""

    async def get_delivery(self, receipt: DeliverSm) -> SubmitSm | None:
        """Receipts are matched in the register."""
        del receipt
        return None

    async def put_delivery_segmented(self, deliver_sm: DeliverSm) -> DeliverSm | None:
        """Replies are put together by sms.gateways.smpp_pdu."""
        return deliver_sm


def name_of(status: int) -> str:
    """Return a status by its name, or in hex: SMSCs have their own besides."""
    try:
        return str(SmppCommandStatus(status).name)
    except ValueError:
        return f"0x{status:08X}"


def _status(pdu: bytes) -> int:
    return int.from_bytes(pdu[8:12], "big")


async def _close(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
