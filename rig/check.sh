#!/bin/bash
# The fast inner loop: style, types, arrows of import, and every test that needs no other program.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python -m tongdai.locale check
.venv/bin/pytest -q -n "${WORKERS:-2}" \
    -m "not slow and not asterisk and not browser and not gateway" "$@"
