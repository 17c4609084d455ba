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
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$TMPDIR"' EXIT
.venv/bin/ruff check .
.venv/bin/ruff format --check .

REAL="asterisk or browser or gateway"
EAR="tests/asterisk/test_menu_paths.py"
THERE=(tests/asterisk tests/browser tests/gateway tests/whole)

# What is begun by `beside NAME COMMAND...` runs beside all that follows; `ended NAME` waits for it
# and shows what it said.
declare -A PIDS
FAILED=0
beside() {
    local name=$1
    shift
    "$@" >"$TMPDIR/$name.log" 2>&1 &
    PIDS[$name]=$!
}
ended() {
    wait "${PIDS[$1]}" || FAILED=1
    printf '\n== %s\n' "$1"
    cat "$TMPDIR/$1.log"
}
checks() {
    set -e
    .venv/bin/lint-imports
    .venv/bin/npm run --silent check
    .venv/bin/python -m tongdai.locale check
    .venv/bin/mypy
}
export -f checks

# Two hundred calls at once whose sound is listened to: beside other calls there would be gaps in it.
# What needs no real program gives way to them; it keeps both cores busy, so no telephone and no
# browser shares them with it.
beside "types, imports, words" nice -n 10 bash -c checks
beside "every path by ear" .venv/bin/pytest --basetemp "$TMPDIR/e" "$EAR"
nice -n 15 .venv/bin/pytest --basetemp "$TMPDIR/t" -n "${WORKERS:-2}" -m "not ($REAL)" || FAILED=1
ended "types, imports, words"
ended "every path by ear"
# Real telephones and browsers mostly wait: some at a time keep two cores busy, what lasts longest
# first (tests/conftest.py).
.venv/bin/pytest --basetemp "$TMPDIR/r" -n "${REAL_WORKERS:-5}" --dist loadscope \
    --no-loadscope-reorder -m "$REAL" --ignore "$EAR" "${THERE[@]}" || FAILED=1
exit $FAILED
