"""What the commands do; `tongdai.cli` says how they are called.

The modules are imported when their command is: `tongdai token create` needs no web server.
"""

from importlib import import_module
from typing import Any

from tongdai import collector

_HOMES = {
    "serve": "running",
    "init": "running",
    "migrate": "running",
    "doctor": "running",
    "asterisk_render": "running",
    "calls": "listing",
    "calls_sum": "summing",
    "tickets": "listing",
    "token_create": "tokens",
    "audit_verify": "proof",
    "recordings_reconcile": "reconciling",
    "recordings_retry": "reconciling",
    "recordings_verify": "archive",
    "package_verify": "packages",
    "recordings_keygen": "archive",
    "recordings_head": "archive",
    "recordings_rekey": "archive",
    "replay": "proof",
    "deadline": "law",
    "timeline": "law",
    "procedures_check": "law",
    "clock_show": "development",
    "clock_set": "development",
    "clock_advance": "development",
    "sms_send": "messages",
    "ivr_check": "menus",
    "ivr_try": "menus",
}


def names() -> list[str]:
    """Return the names of all commands."""
    return list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    with collector.away():  # what is imported stays
        home = import_module(f"tongdai.commands.{_HOMES[name]}")
    return getattr(home, name)
