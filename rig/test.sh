#!/bin/bash
# Everything: style, types, arrows of import, and every test with the real programs.
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

REAL="asterisk or browser or gateway"
.venv/bin/pytest -n "${WORKERS:-2}" -m "not ($REAL)"
# Real telephones and browsers mostly wait: three files at a time keep two cores busy.
.venv/bin/pytest -n "${REAL_WORKERS:-3}" --dist loadfile -m "$REAL"
