"""The greeting: whose hotline it is, and that the call is recorded; then back to the dialplan.

The dialplan plays the same prompt itself when this is away, or did not come to its end
(TONGDAI_GREETED): nobody is recorded who was not told.
"""

import structlog
from panoramisk.fast_agi import Request

from ivr.agi import Route
from tongdai.settings import Settings

log = structlog.get_logger()

GREETED = "TONGDAI_GREETED"


def greeting(settings: Settings) -> Route:
    """Return what answers agi://.../greeting: it plays the prompt of the hotline that is called."""
    folder = settings.prompts.folder.resolve()

    async def greet(request: Request) -> None:
        hotline = settings.hotline_by_id(str(request.headers.get("agi_extension", "")))
        if hotline is None:
            log.warning("greeting.unknown_hotline")
            return
        path = folder / hotline.id / "greeting"
        said = await request.send_command(f'STREAM FILE "{path}" ""')
        played = int(said.get("endpos", ("0", ""))[0] or 0) > 0
        if "error" in said or not played:
            log.info("greeting.not_played", hotline=hotline.id, said=said.get("msg", ""))
            return
        await request.send_command(f"SET VARIABLE {GREETED} 1")
        log.info("greeting.played", hotline=hotline.id)

    return greet
