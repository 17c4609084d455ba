"""tongdai.toml and the environment, read once, refused with the line when wrong."""

import difflib
import hashlib
import hmac
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tongdai.ids import HotlineId
from tongdai.settings_queue import check_overflow
from tongdai.settings_recordings import RecordingsTable, RetentionTable, S3Table, SftpTable
from tongdai.settings_sms import SmsGatewayTable, SmsTable
from tongdai.settings_tables import (
    AgiTable,
    DatabaseTable,
    DevelopmentTable,
    FilesTable,
    HotlineTable,
    JournalTable,
    LawTable,
    LogTable,
    MailTable,
    PauseReason,
    PbxTable,
    PromptsTable,
    SeatsTable,
    WebTable,
)

__all__ = [
    "ENVIRONMENT",
    "AgiTable",
    "DatabaseTable",
    "DevelopmentTable",
    "FilesTable",
    "HotlineTable",
    "JournalTable",
    "LawTable",
    "LogTable",
    "MailTable",
    "PauseReason",
    "PbxTable",
    "PromptsTable",
    "RecordingsTable",
    "RetentionTable",
    "S3Table",
    "SeatsTable",
    "Settings",
    "SettingsError",
    "SftpTable",
    "SmsGatewayTable",
    "SmsTable",
    "WebTable",
    "find",
    "load",
    "seat_secret",
]

ENVIRONMENT = "TONGDAI_CONFIG"


class SettingsError(Exception):
    """The settings cannot be used; the text is one sentence for a person."""


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
    law: LawTable = LawTable()
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
        check_overflow({h.id: (h.queue, h.max_wait_seconds) for h in self.hotline})
        _all_served([h.id for h in self.hotline], self.sms.gateway)
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


def _all_served(hotlines: list[HotlineId], gateways: tuple[SmsGatewayTable, ...]) -> None:
    known = {hotline for gateway in gateways for hotline in gateway.hotlines}
    strange = sorted(known - set(hotlines))
    if strange:
        message = f"sms gateway: no hotline {strange[0]!r}"
        raise ValueError(message)
    left = [h for h in hotlines if not any(h in g.hotlines or not g.hotlines for g in gateways)]
    if gateways and left:
        message = f"no sms gateway serves hotline {left[0]!r}"
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
