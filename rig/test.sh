#!/bin/bash
# Everything: style, types (also of the pages' programs), arrows of import, and every test with the real programs.
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

.venv/bin/mypy &
TYPES=$!
.venv/bin/lint-imports
.venv/bin/npm run --silent check
.venv/bin/python -m tongdai.locale check
wait $TYPES

REAL="asterisk or browser or gateway"
EAR="tests/asterisk/test_menu_paths.py"
THERE=(tests/asterisk tests/browser tests/gateway tests/whole)
# Two hundred calls at once whose sound is listened to: beside other calls there would be gaps in it.
# What needs no real program gives way to them.
.venv/bin/pytest --basetemp "$TMPDIR/e" "$EAR" >"$TMPDIR/ear.log" 2>&1 &
HEARD=$!
nice -n 15 .venv/bin/pytest --basetemp "$TMPDIR/t" -n "${WORKERS:-2}" -m "not ($REAL)"
wait $HEARD || { cat "$TMPDIR/ear.log"; exit 1; }
tail -n 1 "$TMPDIR/ear.log"
# Real telephones and browsers mostly wait: five files at a time keep two cores busy, the longest
# first (tests/conftest.py).
.venv/bin/pytest --basetemp "$TMPDIR/t" -n "${REAL_WORKERS:-5}" --dist loadfile \
    --no-loadscope-reorder -m "$REAL" --ignore "$EAR" "${THERE[@]}"
