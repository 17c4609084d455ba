"""tongdai.toml and the environment, read once, refused with the line when wrong."""

import difflib
import hashlib
import hmac
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tongdai.ids import HotlineId

ENVIRONMENT = "TONGDAI_CONFIG"
Port = Field(ge=1, le=65535)


class SettingsError(Exception):
    """The settings cannot be used; the text is one sentence for a person."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseTable(_Table):
    """`url`: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME."""

    url: str = Field(
        default="sqlite+aiosqlite:///.run/tongdai.db",
        pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://",
    )


class WebTable(_Table):
    """Where the pages are served, and the address under which people reach them."""

    host: str = "127.0.0.1"
    port: int = Field(default=8022, ge=1, le=65535)
    public_url: str = Field(default="http://127.0.0.1:8022", pattern=r"^https?://[^/]+$")
    session_hours: float = Field(default=12, gt=0)
    idle_minutes: float = Field(default=60, gt=0)
    login_tries: int = Field(default=5, ge=1)
    login_window_minutes: float = Field(default=15, gt=0)


class PbxTable(_Table):
    """One Asterisk: its manager interface, its web socket, its carrier and its files."""

    name: str = Field(default="main", pattern=r"^[a-z0-9-]{1,32}$")
    host: str = "127.0.0.1"
    port: int = Field(default=5038, ge=1, le=65535)
    username: str = Field(default="tongdai", pattern=r"^[A-Za-z0-9_-]+$")
    secret: SecretStr
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8088, ge=1, le=65535)
    sip_host: str = "127.0.0.1"
    sip_port: int = Field(default=5060, ge=1, le=65535)
    rtp_first: int = Field(default=10000, ge=1024, le=65000)
    rtp_last: int = Field(default=12000, ge=1025, le=65535)
    carrier_address: str = "127.0.0.2"
    carrier_port: int = Field(default=5060, ge=1, le=65535)
    spool: Path | None = Field(
        default=None, description="where its recordings appear; default [recordings] spool"
    )
    cdr: Path | None = Field(default=None, description="its CDR file (csv), read after an outage")
    cel: Path | None = Field(default=None, description="its CEL file (csv), read after an outage")
    contexts: dict[str, HotlineId] = Field(
        default_factory=dict, description="foreign contexts -> hotline, for replay of raw captures"
    )


class AgiTable(_Table):
    """Where the FastAGI server listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=4573, ge=1, le=65535)


class RecordingsTable(_Table):
    """Where recordings appear, where they are kept, and how much room must stay free."""

    spool: Path = Path(".run/spool")
    archive: Path = Path(".run/archive")
    floor_bytes: int = Field(default=1_000_000_000, ge=0)


class JournalTable(_Table):
    """The journal of all PBX events: folder and the days it is kept."""

    folder: Path = Path(".run/journal")
    days: int = Field(default=30, ge=1)
    segment_bytes: int = Field(default=16_000_000, ge=10_000)


class FilesTable(_Table):
    """Attachments: where they are kept and how large one may be."""

    folder: Path = Path(".run/files")
    max_bytes: int = Field(default=20_000_000, ge=1)


class PromptsTable(_Table):
    """Where the spoken prompts lie (made at set-up)."""

    folder: Path = Path(".run/prompts")


class SmsGatewayTable(_Table):
    """One gateway. `kannel` is Kannel's sendsms; `log` writes to a file, for development."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    kind: Literal["kannel", "log"]
    url: str = "http://127.0.0.1:13013/cgi-bin/sendsms"
    username: str = "tongdai"
    password: SecretStr = SecretStr("")
    file: Path | None = None
    timeout_seconds: float = Field(default=10, gt=0)
    per_second: float = Field(default=20, gt=0)


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
    unaccented: bool = True


class MailTable(_Table):
    """Letters: to a folder (development) or through an SMTP server."""

    kind: Literal["folder", "smtp"] = "folder"
    folder: Path = Path(".run/logs/mail")
    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "1022@localhost"


class SeatsTable(_Table):
    """The operators' phones: a pool of extensions, each a browser phone and a desk phone."""

    first: int = Field(default=1001, ge=100, le=9999)
    last: int = Field(default=1060, ge=100, le=9999)
    key: SecretStr

    @model_validator(mode="after")
    def _in_order(self) -> "SeatsTable":
        if self.last < self.first:
            message = "last must not be smaller than first"
            raise ValueError(message)
        return self

    @property
    def extensions(self) -> range:
        """Every extension of the pool."""
        return range(self.first, self.last + 1)


class DevelopmentTable(_Table):
    """`enabled`: the clock can be moved (`tongdai clock`); never on a real hotline."""

    enabled: bool = False
    secret: SecretStr = SecretStr("")


class LogTable(_Table):
    """How much is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class PauseReason(_Table):
    """A reason for which an operator may pause."""

    code: str = Field(pattern=r"^[a-z_]{1,32}$")
    name: str


_PAUSES = (
    PauseReason(code="break", name="Nghỉ giải lao"),
    PauseReason(code="meal", name="Ăn trưa"),
    PauseReason(code="meeting", name="Họp, tập huấn"),
    PauseReason(code="paperwork", name="Xử lý hồ sơ"),
)


class HotlineTable(_Table):
    """One hotline of the installation; its id is its procedure's file stem (DESIGN.md, Names)."""

    id: HotlineId = Field(pattern=r"^[a-z0-9-]{1,32}$")
    name: str = Field(description="the place: Cần Thơ")
    title: str = Field(description="as people call it: Tổng đài 1022 Cần Thơ")
    number: str = Field(
        pattern=r"^\d{3,15}$", description="the number as DESIGN.md's table has it: 02921022"
    )
    aliases: tuple[str, ...] = Field(
        default=(), description="the other forms in which the trunk may show it"
    )
    sender_name: str = Field(
        min_length=1, max_length=40, description="the legal sender name of its SMS"
    )
    brandname: str = Field(
        pattern=r"^[A-Za-z0-9 .-]{1,11}$",
        description="the registered sender, at most 11 characters",
    )
    voice: Literal["vi", "vi-vn-x-central", "vi-vn-x-south"] = "vi"
    ring_seconds: int = Field(
        default=25, ge=5, le=120, description="how long a transfer's target rings"
    )
    operator_ring_seconds: int = Field(default=20, ge=5, le=120)
    max_wait_seconds: int = Field(default=600, ge=10)
    wrap_up_seconds: int = Field(default=120, ge=0)
    strategy: Literal["rrmemory", "leastrecent", "fewestcalls", "ringall", "random", "linear"] = (
        "rrmemory"
    )
    accept_by_key: Literal["blind", "always", "never"] = "blind"
    accept_seconds: int = Field(default=20, ge=5, le=60)
    auto_refer: bool = Field(
        default=False, description="refer and send the SMS at once when a transfer fails"
    )
    transfer_typed_numbers: bool = True
    portal: str = Field(default="", description="the public address named in messages")
    pause: tuple[PauseReason, ...] = _PAUSES

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every form in which the trunk may name the hotline."""
        return (self.number, *self.aliases)


class Settings(BaseSettings):
    """Everything that can be set; in the environment a key is TONGDAI_TABLE__KEY."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="TONGDAI_", env_nested_delimiter="__"
    )

    database: DatabaseTable = DatabaseTable()
    web: WebTable = WebTable()
    pbx: tuple[PbxTable, ...] = ()
    agi: AgiTable = AgiTable()
    recordings: RecordingsTable = RecordingsTable()
    journal: JournalTable = JournalTable()
    files: FilesTable = FilesTable()
    prompts: PromptsTable = PromptsTable()
    sms: SmsTable = SmsTable()
    mail: MailTable = MailTable()
    seats: SeatsTable
    development: DevelopmentTable = DevelopmentTable()
    log: LogTable = LogTable()
    hotline: tuple[HotlineTable, ...] = Field(min_length=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        del dotenv_settings, file_secret_settings
        return (
            (_Environment(settings_cls), init_settings)
            if isinstance(env_settings, EnvSettingsSource)
            else (init_settings,)
        )

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        _unique("hotline id", [h.id for h in self.hotline])
        _unique("hotline number", [n for h in self.hotline for n in h.numbers])
        _unique("pbx name", [p.name for p in self.pbx])
        _unique("sms gateway name", [g.name for g in self.sms.gateway])
        return self

    @property
    def hotlines(self) -> tuple[HotlineTable, ...]:
        """The hotlines, in the file's order."""
        return self.hotline

    def hotline_by_id(self, hotline: str) -> HotlineTable | None:
        """Return the hotline of that id, if there is one."""
        return next((h for h in self.hotline if h.id == hotline), None)

    def hotline_by_number(self, dialled: str) -> HotlineTable | None:
        """Return the hotline that the trunk means by `dialled`: an exact table, never parsing."""
        return next((h for h in self.hotline if dialled in h.numbers), None)


class _Environment(EnvSettingsSource):
    """TONGDAI_CONFIG names the file; it is no key of its own."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.env_vars = {k: v for k, v in self.env_vars.items() if k.lower() != ENVIRONMENT.lower()}


def find() -> Path:
    """Return the settings file: TONGDAI_CONFIG, else ./tongdai.toml, else .run/tongdai.toml.

    Raises:
        SettingsError: There is none.
    """
    named = os.environ.get(ENVIRONMENT)
    candidates = [Path(named)] if named else [Path("tongdai.toml"), Path(".run/tongdai.toml")]
    for path in candidates:
        if path.is_file():
            return path
    if named:
        message = f"{named}: there is no such file ({ENVIRONMENT} names it)"
        raise SettingsError(message)
    message = (
        "no settings file: neither tongdai.toml nor .run/tongdai.toml is here, "
        f"and {ENVIRONMENT} names none"
    )
    raise SettingsError(message)


def load(path: Path | None = None) -> Settings:
    """Read the settings file (default: where `find` finds it) and the environment.

    Relative paths in the file count from the folder that the service is started in.

    Raises:
        SettingsError: With the file, the line, what is wrong and what would be right.
    """
    path = path or find()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror})"
        raise SettingsError(message) from error
    try:
        return Settings(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: is not TOML: {error}"
        raise SettingsError(message) from error
    except ValidationError as error:
        raise SettingsError(_sentence(path, text, error)) from error


def seat_secret(settings: Settings, kind: Literal["web", "desk"], extension: int | str) -> str:
    """Return the SIP password of a seat's phone: an HMAC of the pool's key, nothing stored."""
    key = settings.seats.key.get_secret_value().encode()
    return hmac.new(key, f"{kind}-{extension}".encode(), hashlib.sha256).hexdigest()[:24]


def _unique(what: str, values: list[str]) -> None:
    double = next((v for i, v in enumerate(values) if v in values[:i]), None)
    if double is not None:
        message = f"{what} {double!r} stands there twice"
        raise ValueError(message)


def _sentence(path: Path, text: str, error: ValidationError) -> str:
    found = error.errors(include_url=False)
    first = min(
        found, key=lambda e: e["type"] == "missing"
    )  # a misspelt key before the one it left out
    where = ".".join(str(part) for part in first["loc"])
    right = _what_is_right(first["type"], tuple(first["loc"]))
    variable = "TONGDAI_" + "__".join(str(part) for part in first["loc"]).upper()
    if variable in os.environ:
        return f"environment variable {variable}: {first['msg']}{right}"
    line = _line_of(text, tuple(first["loc"]))
    return f"{path}, line {line}: {where}: {first['msg']}{right}"


def _what_is_right(kind: str, loc: tuple[int | str, ...]) -> str:
    if kind != "extra_forbidden":
        return ""
    model: Any = Settings
    for part in loc[:-1]:
        if isinstance(part, str):
            model = _inner(model.model_fields[part].annotation)
    known = sorted(model.model_fields)
    near = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else f" (known here: {', '.join(known)})"


def _inner(annotation: Any) -> Any:
    inner = [
        a
        for a in get_args(annotation)
        if a is not ... and isinstance(a, type) and issubclass(a, BaseModel)
    ]
    return inner[0] if inner else annotation


def _line_of(text: str, loc: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of a key in a TOML text, or of the table that lacks it."""
    names = [p for p in loc if isinstance(p, str)]
    index = next((p for p in loc if isinstance(p, int)), 0)
    wanted, seen, table_line, inside = ".".join(names[:-1]), -1, 1, len(names) == 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([\w.-]+)\s*\]+", line)
        if header:
            seen += header[1] in (wanted, ".".join(names))
            inside = header[1] == wanted and (seen == index or not line.lstrip().startswith("[["))
            if header[1] in (wanted, ".".join(names)) and seen <= index:
                table_line = number
        elif inside and re.match(rf"\s*\"?{re.escape(str(names[-1]))}\"?\s*[=.]", line):
            return number
    return table_line


def as_mapping(settings: Settings) -> Mapping[str, Any]:
    """Return the settings as plain values, secrets starred, for the doctor's and the logs' eyes."""
    return settings.model_dump(mode="json")
