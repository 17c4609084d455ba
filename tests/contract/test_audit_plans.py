"""Each way of finding recordings walks an index from its first page on, at any size (SQLite)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tickets.tables import Posting, Vocable
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables
from web.audit import finding
from web.audit.finding import Asked
from web.audit.meaning import meaning

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HERE = ("can-tho", "gia-lai")
WAYS = {
    "all": (Asked(hotlines=HERE), {"recording"}),
    "kind": (Asked(hotlines=HERE, kind="message"), {"recording"}),
    "period": (Asked(hotlines=HERE, since=NOW), {"recording"}),
    "number": (Asked(hotlines=HERE, meaning=meaning("0912345678")), {"call", "ticket"}),
    "tail": (Asked(hotlines=HERE, meaning=meaning("5678"), since=NOW), {"call"}),
    "ticket": (Asked(hotlines=HERE, meaning=meaning("2026-000007")), {"ticket"}),
    "operator": (Asked(hotlines=HERE, operator="o"), {"call"}),
    "unit": (Asked(hotlines=HERE, unit="u"), {"ticket"}),
    "length": (Asked(hotlines=HERE, shortest=60, longest=90), {"recording"}),
    "operator and length": (Asked(hotlines=HERE, operator="o", longest=9), {"recording"}),
    "words": (Asked(hotlines=HERE, meaning=meaning("den duong")), {"search_posting"}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_asked_for_leads_and_nothing_is_scanned(tmp_path: Path, way: str) -> None:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/plans.db", HandClock(NOW), Bus())
    await db.create_all()
    async with db.write() as tx:
        for word in ("den", "duong"):
            tx.session.add(Vocable(scope="ticket:can-tho", word=word))
            tx.session.add(Posting(scope="ticket:can-tho", word=word, at=NOW, ref="x"))
    asked, leads = WAYS[way]
    async with db.read() as session:
        for part in await finding._parts(session, asked):
            for before in (None, (NOW, "x")):
                query = finding._page_of(part, asked, 31, before, weighs=False)
                bound = query.compile(
                    dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
                )
                words = "EXPLAIN QUERY PLAN " + str(bound).replace(":", "\\:")
                plan = [str(row[3]) for row in await session.execute(text(words))]
                assert plan[0].startswith("SEARCH "), plan
                assert plan[0].split()[1] in leads, plan
                assert not any(step.startswith(("SCAN", "MULTI-INDEX")) for step in plan), plan
    await db.close()
