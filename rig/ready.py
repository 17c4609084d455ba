"""What `make run` tells when all is ready: `.run/ready.json` for programs, the same for people."""

import json
from pathlib import Path
from typing import Any

from tongdai.settings import Settings, seat_secret

PAGES = ("login", "console", "floor", "desk", "audit", "admin")
ROLES = {
    "operator": "Tổng đài viên",
    "supervisor": "Giám sát",
    "focal_point": "Đầu mối đơn vị",
    "unit_head": "Thủ trưởng đơn vị",
    "coordinator": "Điều phối",
    "one_stop": "Bộ phận một cửa",
    "city_office": "Văn phòng UBND",
    "leadership": "Lãnh đạo",
    "auditor": "Kiểm tra ghi âm",
    "administrator": "Quản trị",
}


def facts(
    settings: Settings, folder: Path, accounts: list[dict[str, Any]], *, carrier: bool
) -> dict[str, Any]:
    """Return what ready.json holds.

    Args:
        settings: The service's settings.
        folder: `.run/`.
        accounts: As `tongdai init --json` lists them: username, password, full_name, extension,
            roles (objects of hotline and role).
        carrier: Whether the simulated carrier runs.
    """
    base = settings.web.public_url
    pbx = settings.pbx[0]
    return {
        "pages": {"portal": f"{base}/", **{page: f"{base}/{page}" for page in PAGES}},
        "api": f"{base}/api/v1/openapi.json",
        "healthz": f"{base}/healthz",
        "accounts": by_hotline(accounts),
        "desk_phones": [
            {
                "name": f"desk-{extension}",
                "secret": seat_secret(settings, "desk", extension),
                "server": f"{pbx.sip_host}:{pbx.sip_port}",
                "extension": str(extension),
            }
            for extension in settings.seats.extensions
        ],
        "hotlines": [{"id": h.id, "title": h.title, "number": h.number} for h in settings.hotlines],
        "messages": {
            "sms": str(folder / "logs" / "smsc.log"),
            "mail": str(settings.mail.folder.resolve()),
        },
        "settings": str(folder / "tongdai.toml"),
        "logs": str(folder / "logs"),
        "carrier": f"{pbx.carrier_address}:{pbx.carrier_port}" if carrier else None,
    }


def by_hotline(accounts: list[dict[str, Any]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the accounts by hotline, then by role; one with several stands under each."""
    table: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for account in accounts:
        known = {key: value for key, value in account.items() if key != "roles"}
        for held in account["roles"]:
            table.setdefault(held["hotline"], {}).setdefault(held["role"], []).append(known)
    return table


def write(path: Path, what: dict[str, Any]) -> None:
    """Write the file in one step, for its owner alone: it holds (demonstration) passwords."""
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(what, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def people(what: dict[str, Any]) -> str:
    """Return the same for people to read."""
    phones = what["desk_phones"]
    pool = f"{phones[0]['name']} ... {phones[-1]['name']}"
    lines = ["", "Tổng đài 1022 đã sẵn sàng.", ""]
    lines += [f"  Mở {what['pages']['login']} và đăng nhập:", ""]
    titles = {h["id"]: f"{h['title']} ({h['number']})" for h in what["hotlines"]}
    for hotline, roles in what["accounts"].items():
        lines.append(f"  {titles.get(hotline, hotline)}")
        for role, accounts in roles.items():
            lines += [
                f"    {ROLES.get(role, role):<20} {account['username']:<28} {account['password']}"
                for account in accounts[:2]
            ]
        lines.append("")
    lines += [
        f"  Cổng công dân:       {what['pages']['portal']}",
        f"  Điện thoại bàn:      {pool}, mật khẩu trong ready.json",
        f"  Máy chủ SIP:         {phones[0]['server']}",
        f"  Tin nhắn SMS:        {what['messages']['sms']}",
        f"  Thư điện tử:         {what['messages']['mail']}/",
        f"  Cấu hình, nhật ký:   {what['settings']}, {what['logs']}/",
        f"  Đủ tất cả:           {Path(what['settings']).parent / 'ready.json'}",
        "",
    ]
    if what["carrier"]:
        lines += ["  Gọi thử từ cửa sổ lệnh khác:   make call HOTLINE=can-tho FROM=0912345678", ""]
    lines += ["  Dừng tất cả: Ctrl-C", ""]
    return "\n".join(lines)
