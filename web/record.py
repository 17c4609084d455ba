"""The history of the administration, for what writes into it through the pages."""

from typing import Any

from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx


async def record(tx: Tx, subject: str, kind: str, by: Viewer, data: dict[str, Any]) -> None:
    """Write a line into the history of the administration."""
    await audit.append(
        tx, chain=audit.ADMINISTRATION, subject=subject, kind=kind, actor=by.id, data=data
    )
