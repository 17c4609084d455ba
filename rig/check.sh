#!/bin/bash
# The fast inner loop, under a minute: style, types, arrows of import, and the unit tests on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
# Databases sync at every commit: in memory they do not wait for a disk that others use, too. The
# names are short, for the path of Asterisk's own socket may be 107 bytes long.
where=${TMPDIR:-/tmp}
[ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && where=/dev/shm
TMPDIR=$(mktemp -d "$where/XXXXXX")
export TMPDIR
export PATH="$PWD/.venv/bin:$PATH"
trap 'rm -rf "$TMPDIR"' EXIT
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/npm run --silent check
.venv/bin/python -m tongdai.locale check
.venv/bin/pytest --basetemp "$TMPDIR/t" -q -n "${WORKERS:-2}" tests/unit \
    -m "not slow and not asterisk and not browser and not gateway" -k "not postgresql" "$@"
