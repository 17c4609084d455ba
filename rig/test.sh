#!/bin/bash
# Everything: style, types, arrows of import, and every test with the real programs.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python -m tongdai.locale check
.venv/bin/pytest -n "${WORKERS:-2}" -m "not asterisk and not browser and not gateway"
# Real telephones and browsers keep time: one after the other.
.venv/bin/pytest -m "asterisk or browser or gateway"
