"""The service as a process of its own, on a world's settings: started, killed, asked."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from rig.child import Child
from rig.ready import by_hotline
from tests.support.loaded import Forked, loaded
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
        self,
        world: World,
        environment: Mapping[str, str] | None = None,
        only: str = "",
        *,
        from_disk: bool = False,
    ) -> None:
        """Name the process; nothing runs yet.

        Args:
            world: Whose settings it has.
            environment: Added to this process's own.
            only: Parts to run; all by default.
            from_disk: Start the program as it is installed, not a fork of one that is loaded.
        """
        self.world = world
        self.settings_file = world.folder / "tongdai.toml"
        self.base = world.settings.web.public_url
        self.accounts: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._environment = {"TONGDAI_CONFIG": str(self.settings_file), **(environment or {})}
        self._tokens: dict[tuple[str, str | None], str] = {}
        self._commands = itertools.count(1)
        self.child = self.node(only, from_disk=from_disk)

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

    def node(self, only: str = "", *, from_disk: bool = False) -> Child:
        """Return a `tongdai serve`, perhaps of some parts only, that is not yet started."""
        serve = ["serve", *(("--only", only) if only else ())]
        log = self.world.folder / "logs" / f"tongdai{only and '-'}{only.replace(',', '-')}.log"
        if from_disk:
            return Child("tongdai", [str(TONGDAI), *serve], log, environment=self._environment)
        return Forked("tongdai", serve, log, environment=self._environment)

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
        folder = self.world.folder / "logs" / "commands"
        folder.mkdir(parents=True, exist_ok=True)
        number = next(self._commands)
        out, errors = folder / f"{number}.out", folder / f"{number}.err"
        more = {**self._environment, **(environment or {})}
        pid = loaded().run(arguments, more, out, errors)
        ended: list[int] = []

        def over() -> bool:
            told = loaded().status(pid)
            ended.extend([] if told is None else [told])
            return bool(ended)

        await until(over, within=60)
        assert ended == [status], f"tongdai {' '.join(arguments)}: {errors.read_text()}"
        return out.read_text()

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
