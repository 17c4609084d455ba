from pathlib import Path

import pytest

from tests.conftest import clone
from tongdai import migrate
from tongdai.ids import new_id


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/migrated.db"
    server: str = request.getfixturevalue("postgres_server")
    return await clone(server, None, f"migrated_{new_id()[:12]}")


async def test_a_migrated_database_is_what_the_models_say(url: str) -> None:
    assert await migrate.version(url) is None
    await migrate.upgrade(url)
    assert await migrate.version(url) == migrate.newest()
    assert await migrate.differences(url) == []
    await migrate.upgrade(url)  # harmless


async def test_a_migrated_sqlite_file_is_in_write_ahead_mode_before_anybody_connects(
    tmp_path: Path,
) -> None:
    """Two first connections that both switch it lock each other out, whatever their patience."""
    await migrate.upgrade(f"sqlite+aiosqlite:///{tmp_path}/new.db")
    header = (tmp_path / "new.db").read_bytes()[:20]
    assert header[18:20] == b"\x02\x02"  # https://sqlite.org/fileformat.html: 2 is WAL
