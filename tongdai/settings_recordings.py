"""The table [recordings] of tongdai.toml, and [[pbx]] spool_sftp."""

import base64
import binascii
from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SftpTable(_Table):
    """The spool of a PBX on another host, from which the service takes what is finished."""

    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    username: str = Field(min_length=1, description="an account of that host's")
    key: Path = Field(description="the private key that opens the account, without a passphrase")
    host_key: str = Field(
        description="the host's public key, 'ssh-ed25519 AAAA...': no other host is believed"
    )
    folder: str = Field(pattern=r"^/", description="where Asterisk records on that host")
    look_seconds: float = Field(default=5, gt=0, description="from one look to the next")

    @field_validator("host_key")
    @classmethod
    def _is_a_key(cls, line: str) -> str:
        kind, _, rest = line.strip().partition(" ")
        try:
            blob = base64.b64decode(rest.partition(" ")[0], validate=True)
        except (binascii.Error, ValueError):
            blob = b""
        if not kind or blob[4 : 4 + len(kind)] != kind.encode():
            message = "give the host's public key as its .pub file has it: ssh-ed25519 AAAA..."
            raise ValueError(message)
        return line.strip()


class S3Table(_Table):
    """An S3-compatible store for the archive's objects."""

    endpoint: str = Field(pattern=r"^https?://[^/]+$", description="https://s3.example:9000")
    bucket: str = Field(min_length=3, max_length=63)
    access_key: str
    secret_key: SecretStr
    region: str = "us-east-1"
    prefix: str = Field(default="", description="names in the bucket begin with it")
    timeout_seconds: float = Field(default=30, gt=0)


class RequestsTable(_Table):
    """What units may hear on request (CT-11.1, GL-12.1): deadline, length, and how it is marked."""

    decide_hours: int = Field(
        default=8, ge=1, description="working hours until it is to be decided"
    )
    days: int = Field(
        default=3, ge=1, description="days that a grant lasts unless another is chosen"
    )
    most_days: int = Field(default=30, ge=1, description="the most that can be chosen")
    mark: Literal["tone", "none"] = Field(
        default="tone", description="a quiet tone in what a unit hears, or the file's tags alone"
    )
    mark_seconds: float = Field(default=15, ge=2, description="from one tone to the next")


LEAST_DAYS = {"tay-ninh": 366}
"""TN-12.1: stored for at least one year. The other texts name no period."""


class RetentionTable(_Table):
    """How long recordings of one hotline and kind are kept; without a rule, for ever."""

    hotline: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    kind: Literal["call", "consultation", "message"]
    days: int = Field(ge=1, description="from the recording's beginning")

    @model_validator(mode="after")
    def _long_enough(self) -> "RetentionTable":
        least = LEAST_DAYS.get(self.hotline, 1)
        if self.days < least:
            message = f"{self.hotline} keeps recordings for at least {least} days (TN-12.1)"
            raise ValueError(message)
        return self


class RecordingsTable(_Table):
    """Where recordings appear, where and how they are kept, and how much room must stay free."""

    spool: Path = Path(".run/spool")
    archive: Path = Path(".run/archive")
    floor_bytes: int = Field(default=1_000_000_000, ge=0)
    spool_low_bytes: int = Field(
        default=500_000_000, ge=0, description="a spool's disk with less room is an alarm,"
    )
    spool_low_share: float = Field(
        default=0.1, ge=0, le=1, description="where less than this share is free as well"
    )
    format: Literal["flac", "wav", "opus"] = Field(
        default="flac", description="flac and wav keep every sample, opus does not"
    )
    keys: Path | None = Field(
        default=None,
        description="the folder of the keys that sign the manifest; default: beside the archive",
    )
    keyring: Path | None = Field(
        default=None,
        description="the keys that recordings are encrypted with; without, they are not",
    )
    pause_limit_seconds: float = Field(
        default=600, ge=0, description="a longer pause ends by itself; 0: never"
    )
    length_tolerance_seconds: float = Field(
        default=5, gt=0, description="a recording may differ that much from its call"
    )
    one_sided_seconds: float = Field(
        default=20, gt=0, description="talk in which one side is never heard: an alarm"
    )
    silent_seconds: float = Field(
        default=60, gt=0, description="silence of both sides without pause or hold: an alarm"
    )
    reconcile_at: time = Field(
        default=time(1, 0), description="in Vietnam: when the day before is reconciled"
    )
    requests: RequestsTable = RequestsTable()
    retention: tuple[RetentionTable, ...] = ()
    lists_due: bool = Field(
        default=True, description="list every day what the retention rules make due"
    )
    rejected_rest_days: int = Field(
        default=30, ge=1, description="no new list of the service's after one was rejected"
    )
    s3: S3Table | None = Field(
        default=None, description="where the objects are kept; without, in the folder `archive`"
    )
