"""tongdai.toml of a rig (`.run/` or a test's world): all below one folder, on loopback."""

import secrets
from dataclasses import dataclass
from pathlib import Path

# id, place, title, number, voice
HOTLINES = (
    ("can-tho", "Cần Thơ", "Tổng đài 1022 Cần Thơ", "02921022", "vi-vn-x-south"),
    ("gia-lai", "Gia Lai", "Tổng đài 1022 Gia Lai", "02691022", "vi-vn-x-central"),
    ("tay-ninh", "Tây Ninh", "Tổng đài 1022 Tây Ninh", "02761022", "vi-vn-x-south"),
    ("hoa-binh", "Hòa Bình", "Tổng đài hành chính công Hòa Bình", "021831022", "vi"),
    ("ha-noi", "Hà Nội", "Tổng đài 1022 Hà Nội", "0241022", "vi"),
)
# Brandname, the legal name that an SMS begins with, the portal named in it: sample data.
_SENDERS = {
    "can-tho": ("TD1022CTho", "Tổng đài 1022 TP Cần Thơ", "1022.cantho.gov.vn"),
    "gia-lai": ("TD1022GLai", "Tổng đài 1022 Gia Lai", "1022.gialai.gov.vn"),
    "tay-ninh": ("TD1022TNinh", "Tổng đài 1022 Tây Ninh", "1022.tayninh.gov.vn"),
    "hoa-binh": ("TD1022HBinh", "Tổng đài HCC Hòa Bình", "hanhchinhcong.hoabinh.gov.vn"),
    "ha-noi": ("TD1022HaNoi", "Tổng đài 1022 Hà Nội", "ihanoi.gov.vn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports of one rig; the defaults are DESIGN.md's layout of `make run`."""

    web: int = 8022
    agi: int = 4573
    ami: int = 5038
    http: int = 8088
    sip: int = 5060
    carrier_sip: int = 5060
    carrier_ami: int = 5039
    sendsms: int = 13013
    kannel_admin: int = 13000
    smsbox: int = 13001
    smsc: int = 13002


def settings_text(
    folder: Path,
    ports: Ports,
    *,
    database_url: str | None = None,
    hotlines: tuple[str, ...] | None = None,
    seats: tuple[int, int] = (1001, 1060),
    changes: dict[str, dict[str, object]] | None = None,
) -> str:
    """Return a whole settings file, with new secrets.

    Args:
        folder: Everything that the service writes lies below it.
        ports: Where everything listens.
        database_url: SQLite below `folder` by default.
        hotlines: Ids of the hotlines wanted, all five by default.
        seats: First and last extension.
        changes: Keys changed or added: `{"hotline": {"max_wait_seconds": 10}}` (all hotlines
            alike), `{"recordings": {"floor_bytes": 0}}`.
    """
    changes = changes or {}
    tables: list[tuple[str, dict[str, object]]] = [
        ("database", {"url": database_url or f"sqlite+aiosqlite:///{folder}/tongdai.db"}),
        ("web", {"port": ports.web, "public_url": f"http://127.0.0.1:{ports.web}"}),
        ("agi", {"port": ports.agi}),
        ("recordings", {"spool": folder / "spool", "archive": folder / "archive"}),
        ("journal", {"folder": folder / "journal"}),
        ("files", {"folder": folder / "files"}),
        ("prompts", {"folder": folder / "prompts"}),
        ("mail", {"folder": folder / "logs" / "mail"}),
        ("seats", {"first": seats[0], "last": seats[1], "key": secrets.token_urlsafe(32)}),
        ("development", {"enabled": True, "secret": secrets.token_urlsafe(32)}),
        ("[pbx]", _pbx(folder, ports)),
        ("sms", {"reply_secret": secrets.token_urlsafe(18)}),
        ("[sms.gateway]", _gateway(ports)),
    ]
    tables += [("[hotline]", _hotline(*row)) for row in HOTLINES if _wanted(row[0], hotlines)]
    names = {name.strip("[]") for name, _ in tables}
    tables += [(name, {}) for name in changes if name not in names]
    parts = [_table(name, values | changes.get(name.strip("[]"), {})) for name, values in tables]
    return _HEAD + "\n".join(part for part in parts if part)


_HEAD = """\
# Tổng đài 1022: settings. Made at the first start; yours to edit from then on, never made again.
# Every key can be overridden by an environment variable: TONGDAI_DATABASE__URL=...

"""


def _wanted(hotline: str, hotlines: tuple[str, ...] | None) -> bool:
    return hotlines is None or hotline in hotlines


def _pbx(folder: Path, ports: Ports) -> dict[str, object]:
    log = folder / "asterisk" / "log"
    return {
        "name": "main",
        "port": ports.ami,
        "secret": secrets.token_urlsafe(24),
        "http_port": ports.http,
        "sip_port": ports.sip,
        "carrier_port": ports.carrier_sip,
        "cdr": log / "cdr-custom" / "tongdai-cdr.csv",
        "cel": log / "cel-custom" / "tongdai-cel.csv",
    }


def _gateway(ports: Ports) -> dict[str, object]:
    return {
        "name": "kannel",
        "kind": "kannel",
        "url": f"http://127.0.0.1:{ports.sendsms}/cgi-bin/sendsms",
        "username": "tongdai",
        "password": secrets.token_urlsafe(18),
    }


def _hotline(hotline: str, name: str, title: str, number: str, voice: str) -> dict[str, object]:
    brandname, sender, portal = _SENDERS[hotline]
    national = number.removeprefix("0")
    return {
        "id": hotline,
        "name": name,
        "title": title,
        "number": number,
        "aliases": [f"+84{national}", f"84{national}", national],
        "voice": voice,
        "brandname": brandname,
        "sender_name": sender,
        "portal": portal,
    }


def _table(name: str, values: dict[str, object]) -> str:
    if not values:
        return ""
    lines = [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
        case _:
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{text}"'
