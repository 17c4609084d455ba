"""What is built of the settings: every PBX and every gateway has its line on /healthz."""

from pathlib import Path

import pytest

from tests.support.small_settings import small_settings
from tongdai.compose import build_service
from tongdai.settings import DatabaseTable, Settings, SmsGatewayTable, SmsTable

PARTS = {
    "archive",
    "pbx:north",
    "pbx:south",
    "agi",
    "spool",
    "scheduler",
    "sms:first",
    "sms:second",
}


def settings(folder: Path, url: str) -> Settings:
    gateways = tuple(
        SmsGatewayTable(name=name, kind="log", file=folder / "sms.log")
        for name in ("first", "second")
    )
    small = small_settings(folder, pbxs=("north", "south"))
    return small.model_copy(
        update={"database": DatabaseTable(url=url), "sms": SmsTable(gateway=gateways)}
    )


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///{}/t.db", "postgresql+asyncpg://x@y/z"])
async def test_every_pbx_and_every_gateway_is_named_before_it_has_ever_answered(
    tmp_path: Path, url: str
) -> None:
    service = build_service(settings(tmp_path, url.format(tmp_path)))
    assert set(service.health) == PARTS | {"database"}
    await service.db.close()


async def test_a_node_of_pages_asks_the_others_how_their_parts_are(tmp_path: Path) -> None:
    found = settings(tmp_path, "postgresql+asyncpg://x@y/z")
    service = build_service(found, parts={"web"})
    assert set(service.health) == {"database", "nodes"}
    told = await service.health["nodes"].health()
    assert {name: part.state for name, part in told.items()} == dict.fromkeys(PARTS, "down")
    await service.db.close()
