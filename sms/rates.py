"""A gateway's rate for all nodes together: one row that every claim locks (PostgreSQL only).

SQLite has one node, whose own pace is the rate. Time is the database's: the nodes' clocks differ.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from sms.tables import GatewayRate
from tongdai.db import Tx


class Allowance:
    """What may go now, while this transaction holds the rows."""

    def __init__(self, rows: Mapping[str, GatewayRate], limits: Mapping[str, float]) -> None:
        self._rows = rows
        self._limits = limits

    def take(self, gateway: str) -> bool:
        """Take one message's room at a gateway; say whether there was any."""
        row = self._rows.get(gateway)
        if row is None:
            return True
        if row.room < 1.0:
            return False
        row.room -= 1.0
        return True

    def wait_seconds(self) -> float:
        """Return after how many seconds a gateway without room has some again; 0: none is."""
        waits = [
            (1.0 - row.room) / self._limits[name]
            for name, row in self._rows.items()
            if row.room < 1.0
        ]
        return min(waits, default=0.0)


async def allowance(tx: Tx, limits: Mapping[str, float]) -> Allowance:
    """Lock the gateways' rows and say what may go now.

    Args:
        tx: The claim's transaction, on PostgreSQL; nobody else claims until it ends.
        limits: Gateway -> the most messages a second from all nodes.
    """
    rows = await _locked(tx, limits)
    if len(rows) < len(limits):
        fresh = [
            {"gateway": name, "room": max(rate, 1.0), "at": tx.now}
            for name, rate in limits.items()
            if name not in rows
        ]
        await tx.session.execute(insert(GatewayRate).values(fresh).on_conflict_do_nothing())
        rows = await _locked(tx, limits)
    moment: datetime = (await tx.session.execute(select(func.clock_timestamp()))).scalar_one()
    for name, row in rows.items():
        passed = max(0.0, (moment - row.at).total_seconds())
        row.room = min(max(limits[name], 1.0), row.room + passed * limits[name])
        row.at = moment
    return Allowance(rows, limits)


async def _locked(tx: Tx, limits: Mapping[str, float]) -> dict[str, GatewayRate]:
    query = (
        select(GatewayRate)
        .where(col(GatewayRate.gateway).in_(limits))
        .order_by(col(GatewayRate.gateway))
        .with_for_update()
    )
    return {row.gateway: row for row in (await tx.session.execute(query)).scalars()}
