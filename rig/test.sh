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
# What failed beside others is tried once more by itself, for a busy machine makes telephones late;
# what fails twice has failed. A test that needs its second try is named above, and is to be mended.
tests() { # processes, marks
    .venv/bin/pytest -n "$1" -m "$2" && return
    printf '\n==> once more, alone, what failed\n'
    .venv/bin/pytest --last-failed --last-failed-no-failures none -m "$2"
}
tests "${WORKERS:-2}" "not ($REAL)"
# Real telephones and browsers keep time: one after the other, unless the machine has cores to spare.
tests "${REAL_WORKERS:-0}" "$REAL"
