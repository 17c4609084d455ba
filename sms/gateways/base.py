"""The contract that every gateway keeps."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sms.model import Signal
from tongdai.ids import MessageId


class Outcome(StrEnum):
    """How handing a message over went."""

    ACCEPTED = "accepted"
    """The gateway has it. That is not delivery."""
    RETRY_LATER = "retry_later"
    """It has surely not got it; the same again later may work."""
    CONFIGURATION = "configuration"
    """It refuses us, not this message: a person must mend the settings."""
    FINAL = "final"
    """It refuses this message for good."""
    AMBIGUOUS = "ambiguous"
    """Cut off after it may have heard: never send again blindly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message to hand over.

    Attributes:
        id: Ours; the gateway's key against doubles, where it has one.
        to: E.164, or an e-mail address.
        sender: The registered sender, at most 11 characters; for a letter the hotline's name.
        template: Template key, for gateways that take no text.
        params: Its variables as the text shows them, in the template's order.
        hotline: Whose message; a provider's templates may be registered per hotline.
        language: Of the template.
        text: The rendered words.
        subject: A letter's subject.
        alphabet: `ascii` or `ucs2`; empty for a letter.
        receipt_url: Where this message's delivery reports go, with its own token; empty when
            nobody listens.
    """

    id: MessageId
    to: str
    sender: str
    template: str
    params: Mapping[str, str] = field(default_factory=dict)
    hotline: str = ""
    language: str = "vi"
    text: str
    subject: str = ""
    alphabet: str
    receipt_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it.

    Attributes:
        outcome: See Outcome.
        words: The gateway's own words, or what went wrong.
        reference: The gateway's own id, if it gave one.
        parts: Its ids of all parts, where a long text went in several.
        unreached: Nobody was there at all; a probe that answers is the end of that.
    """

    outcome: Outcome
    words: str
    reference: str = ""
    parts: tuple[str, ...] = ()
    unreached: bool = False


class Gateway(Protocol):
    """Hands messages over. `send` and `probe` never raise for what a network can do to them."""

    name: str
    per_second: float
    """The most messages a second that it takes."""
    reports: bool
    """Whether delivery reports come back; without them `accepted` is the end."""
    deduplicates: bool
    """Whether a repeat of our id is one message there: what was cut off may be sent again."""

    async def send(self, request: Request) -> Result:
        """Hand one message over, once."""
        ...

    async def probe(self) -> Result:
        """Ask whether it would take a message; nothing is sent."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a gateway with a standing connection was told: a receipt, or what somebody wrote.

    Attributes:
        receipt: Which of the two.
        reference: The gateway's own id of the message it is about.
        ours: The 16 bits by which a receipt names our message (sms.model.our_reference), or None.
        signal: What a receipt says, or None.
        code: As it came.
        words: The gateway's own.
        sender: Who wrote.
        to: To which number or name; for a receipt, the message's recipient.
        text: What.
    """

    receipt: bool = False
    reference: str
    ours: int | None = None
    signal: Signal | None = None
    code: str = ""
    words: str = ""
    sender: str = ""
    to: str = ""
    text: str = ""


Listener = Callable[[Heard], Coroutine[None, None, bool]]
"""Takes what was told; whether it is written down, so that it need not be told again."""


@runtime_checkable
class Listening(Protocol):
    """A gateway that is told things without being asked."""

    def listen(self, listener: Listener) -> None:
        """Give receipts and replies to `listener` from now on."""
        ...
