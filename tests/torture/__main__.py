"""python -m tests.torture --part calls|deadlines|ivr|recordings|sms [--seed N] [--seconds S]."""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.torture.calls import Calls
from tests.torture.crowd import Crowd
from tests.torture.deadlines import Deadlines
from tests.torture.menus import Menus
from tests.torture.messages import Messages
from tests.torture.nodes import Nodes
from tests.torture.recordings import Recordings


class Part(Protocol):
    """What is tortured; `problems` of what it found says what was lost or doubled."""

    async def run(self) -> dict[str, Any]: ...


class Both:
    """Two runs, one after the other, with one list of problems."""

    def __init__(self, first: Part, name: str, second: Part) -> None:
        """Take both; `name` is the second's in what is found."""
        self._first, self._name, self._second = first, name, second

    async def run(self) -> dict[str, Any]:
        """Run both."""
        found, more = await self._first.run(), await self._second.run()
        return found | {self._name: more, "problems": found["problems"] + more["problems"]}


PARTS: dict[str, Callable[[Path, int, float], Part]] = {
    "calls": Calls,
    "deadlines": lambda folder, seed, _: Deadlines(folder, seed),
    "ivr": lambda folder, seed, _: Both(
        Menus(folder / "killed", seed), "crowd", Crowd(folder / "crowd", seed)
    ),
    "recordings": lambda folder, seed, _: Recordings(folder, seed, operators=14),
    "sms": lambda folder, seed, _: Both(
        Messages(folder / "killed", seed), "nodes", Nodes(folder / "nodes")
    ),
}


def main() -> int:
    """Run one part; 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--part", choices=sorted(PARTS), default="calls")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--seconds", type=float, default=240, help="how long calls are placed")
    asked = parser.parse_args()
    print(f"PART={asked.part} SEED={asked.seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        part = PARTS[asked.part](Path(folder), asked.seed, asked.seconds)
        findings = asyncio.run(part.run())
    print(json.dumps(findings, indent=1, ensure_ascii=False))  # noqa: T201
    problems = len(findings["problems"])
    print(f"PART={asked.part} SEED={asked.seed}: {problems or 'no'} problems")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
