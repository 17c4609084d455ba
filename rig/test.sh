#!/bin/bash
# Everything: style, types, arrows of import, and every test with the real programs.
set -euo pipefail
cd "$(dirname "$0")/.."
# Databases sync at every commit: in memory they do not wait for a disk that others use, too. The
# names are short, for the path of Asterisk's own socket may be 107 bytes long.
where=${TMPDIR:-/tmp}
[ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && where=/dev/shm
TMPDIR=$(mktemp -d "$where/XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
.venv/bin/ruff check .
.venv/bin/ruff format --check .

REAL="asterisk or browser or gateway"
THERE=(tests/asterisk tests/browser tests/gateway tests/whole)

quick() {
    .venv/bin/mypy
    .venv/bin/lint-imports
    .venv/bin/python -m tongdai.locale check
    .venv/bin/pytest --basetemp "$TMPDIR/q" -n "${WORKERS:-2}" -m "not ($REAL)"
}

# Real telephones and browsers mostly wait: all else has the processors meanwhile, what they leave
# of them. Its output comes at the end. (A process group of its own, to be ended with this script.)
set -m
(
    renice -n 10 -p "$BASHPID" >/dev/null
    quick
) >"$TMPDIR/quick.log" 2>&1 &
QUICK=$!
set +m
trap 'kill -- -$QUICK 2>/dev/null || true; rm -rf "$TMPDIR"' EXIT
status=0
.venv/bin/pytest --basetemp "$TMPDIR/r" -n "${REAL_WORKERS:-4}" --dist loadgroup \
    --no-loadscope-reorder -m "$REAL" "${THERE[@]}" || status=$?
echo "now what ran beside it:"
wait $QUICK || status=$?
cat "$TMPDIR/quick.log"
exit $status
