"""The tables of tongdai.toml: every key, its type, its default and what it is for."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from tongdai.ids import HotlineId
from tongdai.settings_callback import CallBackTable
from tongdai.settings_queue import QueueTable
from tongdai.settings_recordings import SftpTable


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
    password_least: int = Field(default=10, ge=8, le=128, description="letters of a new password")


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
    spool_token: SecretStr = Field(
        default=SecretStr(""),
        description="with it this PBX, on another host, brings its recordings; empty: it may not",
    )
    spool_sftp: SftpTable | None = Field(
        default=None,
        description="with it the service takes the recordings of this PBX, on another host",
    )
    cdr: Path | None = Field(default=None, description="its CDR file (csv), read after an outage")
    cel: Path | None = Field(default=None, description="its CEL file (csv), read after an outage")
    contexts: dict[str, HotlineId] = Field(
        default_factory=dict, description="foreign contexts -> hotline, for replay of raw captures"
    )

    @model_validator(mode="after")
    def _brings_to_a_place(self) -> "PbxTable":
        if self.spool_sftp is not None and self.spool is None:
            message = "spool_sftp needs spool: a folder of this PBX's own on the service's host"
            raise ValueError(message)
        return self


class AgiTable(_Table):
    """Where the FastAGI server listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=4573, ge=1, le=65535)


class JournalTable(_Table):
    """The journal of all PBX events: folder and the days it is kept."""

    folder: Path = Path(".run/journal")
    days: int = Field(default=30, ge=1)
    segment_bytes: int = Field(default=16_000_000, ge=10_000)


class FilesTable(_Table):
    """Attachments: where they are kept and how large one may be."""

    folder: Path = Path(".run/files")
    max_bytes: int = Field(default=20_000_000, ge=1)


class LawTable(_Table):
    """An installation's own law, beside what is shipped (docs/adding-a-province.md).

    `folder` holds `procedures/<hotline>.toml`, `calendars/<hotline>.toml` and, for `tongdai init`,
    `directory/<hotline>.toml`; a file there comes before the shipped one of that name.
    """

    folder: Path | None = None

    @field_validator("folder")
    @classmethod
    def _is_there(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            message = f"there is no folder {folder} where the service is started ({Path.cwd()})"
            raise ValueError(message)
        return folder


class PromptsTable(_Table):
    """Where the spoken prompts lie (made at set-up)."""

    folder: Path = Path(".run/prompts")


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
    menu: bool = Field(
        default=True,
        description="callers hear the hotline's menus and opening hours (ivr/flows/); "
        "without them they are greeted and queued at any hour",
    )
    survey: bool = Field(
        default=False,
        description="a caller whose operator hangs up is asked for an opinion by key; no text asks "
        "for it: CT-10.2 rates on portal and app, HN-13-2 on iHanoi, GL-14 and TN-11.3 name no way",
    )
    portal: str = Field(default="", description="the public address named in messages")
    pause: tuple[PauseReason, ...] = _PAUSES
    call_back: CallBackTable = CallBackTable()
    queue: QueueTable = QueueTable()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every form in which the trunk may name the hotline."""
        return (self.number, *self.aliases)
