"""python -m tests.torture --part calls [--seed N] [--seconds S]."""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
from pathlib import Path

from tests.torture.calls import Calls

PARTS = {"calls": Calls}


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
    return 1 if findings["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
