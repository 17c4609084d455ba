"""The built files of web/static: known at start-up, served with their hash in the address."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tongdai.errors import NotFound
from web.auth.access import public

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Assets:
    """What `npm run build` made."""

    files: dict[str, tuple[Path, str]]

    @classmethod
    def read(cls, folder: Path = STATIC) -> "Assets":
        """Read the folder; a missing one is an empty one (pages then come without style)."""
        found = {
            str(path.relative_to(folder)): (path, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".map"
        }
        return cls(found)

    def url(self, name: str) -> str:
        """Return the address of a file; the hash makes an old copy useless."""
        known = self.files.get(name)
        return f"/static/{name}?v={known[1][:12]}" if known else f"/static/{name}"


def routes(assets: Assets) -> web.RouteTableDef:
    """Serve exactly the files that are in `assets`."""
    table = web.RouteTableDef()

    @table.get("/static/{name:[A-Za-z0-9_./-]+}")
    @public
    async def static(request: web.Request) -> web.StreamResponse:
        known = assets.files.get(request.match_info["name"])
        if known is None:
            raise NotFound
        fresh = request.query.get("v") == known[1][:12]
        age = "public, max-age=31536000, immutable" if fresh else "no-cache"
        return web.FileResponse(known[0], headers={"Cache-Control": age})

    return table
