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

# Everything is run, also when something before it failed; what failed is named at the very end.
# `beside NAME COMMAND...` begins what runs beside that which follows, until `ended NAME`.
declare -A PIDS
FAILED=()
export COLUMNS=300 # as long as a reason may be in that list
run() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$TMPDIR/$name.log" || FAILED+=("$name")
}
beside() {
    local name=$1
    shift
    "$@" >"$TMPDIR/$name.log" 2>&1 &
    PIDS[$name]=$!
}
ended() {
    wait "${PIDS[$1]}" || FAILED+=("$1")
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

# Two hundred calls at once whose sound is listened to: beside other calls there would be gaps in
# it, and what waits for an answer by the clock would wait in vain. Checks can wait.
beside "types, imports, words" nice -n 15 bash -c checks
run "every path by ear" .venv/bin/pytest --basetemp "$TMPDIR/e" "$EAR"
ended "types, imports, words"
run "no real program" .venv/bin/pytest --basetemp "$TMPDIR/t" -n "${WORKERS:-2}" -m "not ($REAL)"
# Real telephones and browsers mostly wait: some at a time keep two cores busy, what lasts longest
# first (tests/conftest.py).
run "real programs" .venv/bin/pytest --basetemp "$TMPDIR/r" -n "${REAL_WORKERS:-5}" \
    --dist loadscope --no-loadscope-reorder -m "$REAL" --ignore "$EAR" "${THERE[@]}"

[ ${#FAILED[@]} = 0 ] && exit
printf '\n== failed\n'
for name in "${FAILED[@]}"; do
    printf '%s\n' "$name"
    grep -hE '^(FAILED|ERROR) tests/' "$TMPDIR/$name.log" || true
done
exit 1
