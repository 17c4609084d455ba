"""The tables of tongdai.toml about SMS: the outbox and its gateways."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from tongdai.ids import HotlineId

Network = Literal["viettel", "mobifone", "vinaphone", "vietnamobile", "gmobile", "itel", "wintel"]
"""The networks of Vietnam, as the prefix of a number guesses them (VIETNAM.md 1.1)."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmsGatewayTable(_Table):
    """One gateway.

    `kannel` is Kannel's sendsms, `smpp` an SMSC spoken to directly, `http` a provider's JSON API
    that a dialect describes (docs/sms.md), `log` writes to a file, for development.
    """

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    kind: Literal["kannel", "smpp", "http", "log"]
    priority: int = Field(
        default=100, ge=0, description="the lowest is tried first; equal ones in the file's order"
    )
    hotlines: tuple[HotlineId, ...] = Field(
        default=(), description="whose messages it takes; empty: everybody's"
    )
    networks: tuple[Network, ...] = Field(
        default=(), description="to which networks it sends; empty: to all"
    )
    url: str = Field(default="", description="default: the kind's, or the dialect's own")
    host: str = Field(default="127.0.0.1", description="smpp: the SMSC")
    port: int = Field(default=2775, ge=1, le=65535, description="smpp: the SMSC's port")
    long_text: Literal["payload", "udh", "sar"] = Field(
        default="payload",
        description="smpp: a text longer than one SMS: in one message_payload, or in parts",
    )
    enquire_link_seconds: float = Field(
        default=15, gt=0, description="smpp: a silent session is asked whether it lives"
    )
    registered_only: bool = Field(
        default=False,
        description="only texts that the recipient's network has registered (/admin/messages)",
    )
    username: str = "tongdai"
    password: SecretStr = SecretStr("")
    file: Path | None = None
    dialect: str = Field(default="", description="http: esms, speedsms, vnpt, or a TOML file")
    values: dict[str, str] = Field(
        default_factory=dict, description="http: what {value.NAME} stands for"
    )
    templates: dict[str, str] = Field(
        default_factory=dict, description="http: template, or hotline/template -> provider's id"
    )
    receipt_secret: SecretStr = Field(
        default=SecretStr(""), description="http: in the address of an account's one webhook"
    )
    timeout_seconds: float = Field(default=10, gt=0)
    per_second: float = Field(default=20, gt=0)
    price: int = Field(default=0, ge=0, description="VND a part")
    price_ucs2: int | None = Field(default=None, ge=0, description="VND a part with diacritics")
    prices: dict[Network, int] = Field(
        default_factory=dict, description="VND a part where a network's price is another"
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="failures in a row after which others take over"
    )
    breaker_seconds: float = Field(
        default=30, gt=0, description="after that long one message tries it again"
    )

    @model_validator(mode="after")
    def _spoken(self) -> "SmsGatewayTable":
        if (self.kind == "http") != bool(self.dialect):
            message = "kind http needs a dialect, and only that kind has one"
            raise ValueError(message)
        return self

    def price_of(self, network: str, parts: int, *, accented: bool) -> int:
        """Return what a message of so many parts costs, in VND."""
        each: Any = self.prices.get(network, self.price)  # type: ignore[call-overload]
        if accented and network not in self.prices and self.price_ucs2 is not None:
            each = self.price_ucs2
        return int(each) * parts


class SmsTable(_Table):
    """The outbox: gateways, retries, receipts."""

    gateway: tuple[SmsGatewayTable, ...] = ()
    receipt_url: str | None = Field(
        default=None, description="base address for delivery receipts; default [web] public_url"
    )
    max_attempts: int = Field(default=12, ge=1)
    first_retry_seconds: float = Field(default=5, gt=0)
    longest_retry_seconds: float = Field(default=600, gt=0)
    lease_seconds: float = Field(default=60, gt=0)
    unknown_after_hours: float = Field(default=24, gt=0)
    ask_after_minutes: float = Field(
        default=15, ge=0, description="how long a message may be unknown before a person is asked"
    )
    oldest_queued_minutes: float = Field(
        default=10, gt=0, description="a message that waits longer raises the alarm"
    )
    unaccented: bool = True
    reply_secret: SecretStr = Field(
        default=SecretStr(""), description="in the address of /sms/replies; empty: none are taken"
    )
    stop_words: tuple[str, ...] = Field(
        default=("DUNG", "STOP"), description="a reply of this alone: only what the law asks for"
    )
