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
from tests.torture.deadlines import Deadlines
from tests.torture.menus import Menus
from tests.torture.messages import Messages
from tests.torture.nodes import Nodes
from tests.torture.recordings import Recordings


class Part(Protocol):
    """What is tortured; `problems` of what it found says what was lost or doubled."""

    async def run(self) -> dict[str, Any]: ...


class Outbox:
    """Kills while Kannel is unwell; then two nodes on PostgreSQL."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed

    async def run(self) -> dict[str, Any]:
        """Run both; one list of problems."""
        killed = await Messages(self._folder / "killed", self._seed).run()
        nodes = await Nodes(self._folder / "nodes").run()
        return killed | {"nodes": nodes, "problems": killed["problems"] + nodes["problems"]}


PARTS: dict[str, Callable[[Path, int, float], Part]] = {
    "calls": Calls,
    "deadlines": lambda folder, seed, _: Deadlines(folder, seed),
    "ivr": lambda folder, seed, _: Menus(folder, seed),
    "recordings": lambda folder, seed, _: Recordings(folder, seed, operators=11),
    "sms": lambda folder, seed, _: Outbox(folder, seed),
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
