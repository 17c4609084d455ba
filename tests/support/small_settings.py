"""Settings of two hotlines and one PBX, for tests that need no file."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tongdai.ids import HotlineId
from tongdai.settings import HotlineTable, PbxTable, PromptsTable, SeatsTable, Settings


def hotline(hotline_id: str, number: str, **changes: Any) -> HotlineTable:
    return HotlineTable(
        id=HotlineId(hotline_id),
        name=hotline_id,
        title=f"Tổng đài 1022 {hotline_id}",
        number=number,
        sender_name="UBND",
        brandname="1022",
        **changes,
    )


def small_settings(
    folder: Path = Path("/tmp"), *, pbxs: tuple[str, ...] = ("main",), **changes: Any
) -> Settings:
    return Settings(
        pbx=tuple(
            PbxTable(name=name, secret=SecretStr("secret"), spool=folder / "spool" / name)
            for name in pbxs
        ),
        seats=SeatsTable(key=SecretStr("key")),
        prompts=PromptsTable(folder=folder),
        hotline=(
            hotline("can-tho", "02921022", **changes),
            hotline("tay-ninh", "02761022", **changes),
        ),
    )
