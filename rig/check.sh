#!/bin/bash
# The fast inner loop, under a minute: style, types, arrows of import, and the unit tests on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python -m tongdai.locale check
.venv/bin/pytest -q -n "${WORKERS:-2}" tests/unit \
    -m "not slow and not asterisk and not browser and not gateway" -k "not postgresql" "$@"
