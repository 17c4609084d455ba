#!/bin/bash
# The fast inner loop, under a minute: style, types, arrows of import, and the unit tests on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
# Databases sync at every commit: in memory they do not wait for a disk that others use, too.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ]; then
    TMPDIR=$(mktemp -d /dev/shm/tongdai-test.XXXXXX)
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
fi
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python -m tongdai.locale check
.venv/bin/pytest -q -n "${WORKERS:-2}" tests/unit \
    -m "not slow and not asterisk and not browser and not gateway" -k "not postgresql" "$@"
