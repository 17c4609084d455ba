"""The service as a process of its own, on a world's settings: started, killed, asked."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from rig.child import Child
from rig.ready import by_hotline
from tests.support.wait import until
from tests.support.world import World

TONGDAI = Path(sys.executable).parent / "tongdai"


class Service:
    """`tongdai serve` on the settings of a world.

    async with World(tmp_path, parts={"asterisk", "carrier"}) as world, Service(world) as service:
        calls = await service.items("calls")
        service.kill(); await service.start()
    """

    def __init__(
        self, world: World, environment: Mapping[str, str] | None = None, only: str = ""
    ) -> None:
        self.world = world
        self.settings_file = world.folder / "tongdai.toml"
        self.base = world.settings.web.public_url
        self.accounts: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._environment = {"TONGDAI_CONFIG": str(self.settings_file), **(environment or {})}
        self._tokens: dict[tuple[str, str | None], str] = {}
        self.child = Child(
            "tongdai",
            [str(TONGDAI), "serve", *(("--only", only) if only else ())],
            world.folder / "logs" / f"tongdai{only and '-'}{only.replace(',', '-')}.log",
            environment=self._environment,
        )

    async def __aenter__(self) -> Self:
        self.accounts = by_hotline(json.loads(await self.command("init", "--json"))["accounts"])
        try:
            await self.start()
        except BaseException:
            self.child.kill()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.child.stop)

    async def start(self, within: float = 30) -> None:
        """Start it (again) and return when every part that the world runs is well."""
        self.child.start()
        expected = {"down"} if "asterisk" not in self.world.parts else set[str]()

        async def ready() -> bool:
            assert self.child.running, self.child.tail(40)
            health = await self.health()
            return health is not None and health["status"] not in {"down"} - expected

        await until(ready, within=within, every=0.1)

    async def restart(self, environment: Mapping[str, str]) -> None:
        """Stop it and start it with other settings from the environment than before."""
        await asyncio.to_thread(self.child.stop)
        named = {"TONGDAI_CONFIG": str(self.settings_file), **environment}
        self._environment = named
        self.child.environment = named
        await self.start()

    def kill(self) -> None:
        """`kill -9`."""
        self.child.kill()

    async def health(self) -> dict[str, Any] | None:
        """Return /healthz, or None when nothing answers."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.base}/healthz") as answer:
                return dict(await answer.json())
        except aiohttp.ClientError:
            return None

    async def command(
        self, *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run `tongdai ARGUMENTS`; return its standard output."""
        process = await asyncio.create_subprocess_exec(
            str(TONGDAI),
            *arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self._environment, **(environment or {})},
        )
        out, err = await process.communicate()
        assert process.returncode == status, f"tongdai {' '.join(arguments)}: {err.decode()}"
        return out.decode()

    async def token(self, role: str, hotline: str | None = None) -> str:
        """Return an API token of a role."""
        key = (role, hotline)
        if key not in self._tokens:
            only = ("--hotline", hotline) if hotline else ()
            made = await self.command("token", "create", "--role", role, *only)
            self._tokens[key] = made.strip()
        return self._tokens[key]

    @asynccontextmanager
    async def api(
        self, role: str = "administrator", hotline: str | None = None
    ) -> AsyncIterator[aiohttp.ClientSession]:
        """Give an HTTP client that carries a token of a role."""
        headers = {"Authorization": f"Bearer {await self.token(role, hotline)}"}
        async with aiohttp.ClientSession(self.base, headers=headers) as http:
            yield http

    async def items(
        self, what: str, role: str = "administrator", **filters: str
    ) -> list[dict[str, Any]]:
        """Return a whole list of the API: calls, tickets, recordings or messages."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        async with self.api(role) as http:
            while True:
                query = {**filters, **({"cursor": cursor} if cursor else {})}
                async with http.get(f"/api/v1/{what}", params=query) as answer:
                    assert answer.status == 200, await answer.text()
                    page = await answer.json()
                found += page["items"]
                cursor = page["next"]
                if cursor is None:
                    return found

    def account(self, hotline: str, role: str, number: int = 0) -> dict[str, Any]:
        """Return a sample account: username, password, full_name, extension."""
        return self.accounts[hotline][role][number]
