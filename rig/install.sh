#!/bin/bash
# rig/install.sh run|test|asterisk
#
# Brings what is missing, and only that: Debian/Ubuntu packages, .venv, the browser's files, Asterisk.
# Harmless when run again; stopped anywhere, the next run goes on. Needs root, or sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

RUN_PACKAGES=(ca-certificates espeak-ng fonts-dejavu-core kannel mount python3 python3-venv sox util-linux)
TEST_PACKAGES=(chromium openssh-server openssh-sftp-server postgresql sip-tester valgrind)
LEAST_ASTERISK=22
POLICY=/usr/sbin/policy-rc.d
MARK="# tongdai-1022: no service starts while packages are installed"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -E "$@"; fi; }

need_root() {
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "root is needed (or sudo): $*"
    command -v apt-get >/dev/null || fail "this needs Debian or Ubuntu (apt-get is not here)"
}

# --- Debian packages ------------------------------------------------------------------------------

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

# Nothing that apt installs here may start a service of its own (Asterisk's, Kannel's, PostgreSQL's).
hold_services() {
    if [ -e $POLICY ] && ! grep -qF "$MARK" $POLICY; then return; fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" | as_root tee $POLICY >/dev/null
    as_root chmod 755 $POLICY
}

release_services() {
    if [ -e $POLICY ] && grep -qF "$MARK" $POLICY; then as_root rm -f $POLICY; fi
}

apt_update() {
    [ -n "${APT_UPDATED:-}" ] && return
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    APT_UPDATED=1
}

packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} = 0 ] && return
    need_root "apt-get install ${missing[*]}"
    say "installing packages: ${missing[*]}"
    apt_update
    trap release_services EXIT
    hold_services
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}"
    release_services
    trap - EXIT
}

# --- Python ---------------------------------------------------------------------------------------

python_program() {
    local candidate
    for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or later is needed"
}

# $1: the lock file. A stamp says what .venv was made from.
virtual_environment() {
    local lock=$1 stamp=.venv/.installed want
    want=$(sha256sum "$lock" pyproject.toml | sha256sum)
    [ -e $stamp ] && grep -qxF "$want" $stamp && return
    if [ "$lock" = requirements.lock ]; then # what the tests need holds all that the service needs
        want=$(sha256sum requirements-dev.lock pyproject.toml | sha256sum)
        [ -e $stamp ] && grep -qxF "$want" $stamp && return
        want=$(sha256sum "$lock" pyproject.toml | sha256sum)
    fi
    say "making .venv from $lock"
    [ -x .venv/bin/pip ] || "$(python_program)" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e .
    printf '%s\n' "$want" >$stamp
}

# --- what the browser gets, and the translations --------------------------------------------------

web_files() {
    local stamp=web/static/.built want lock
    want=$(git ls-files -z -co --exclude-standard -- package-lock.json package.json web/assets \
        tongdai/locale | xargs -0 sha256sum 2>/dev/null | sha256sum)
    [ -e $stamp ] && grep -qxF "$want" $stamp && return
    say "building the browser's files"
    export PATH="$PWD/.venv/bin:$PATH"
    lock=$(sha256sum package-lock.json)
    if ! grep -qxF "$lock" node_modules/.installed 2>/dev/null; then
        .venv/bin/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
        printf '%s\n' "$lock" >node_modules/.installed
    fi
    .venv/bin/npm run --silent build
    .venv/bin/python -m tongdai.locale compile
    mkdir -p web/static
    printf '%s\n' "$want" >$stamp
}

# --- Asterisk -------------------------------------------------------------------------------------

major() { sed -E 's/^[0-9]+://; s/^([0-9]+).*/\1/' <<<"$1"; }

asterisk() {
    local program
    program=$(type -P asterisk || true)
    if [ -n "$program" ] &&
        [ "$("$program" -V | sed -E 's/^Asterisk ([0-9]+).*/\1/')" -ge $LEAST_ASTERISK ]; then
        return
    fi
    [ -x .asterisk/usr/sbin/asterisk ] && return
    need_root "to install Asterisk"
    local candidate
    candidate=$(apt-cache policy asterisk 2>/dev/null | sed -nE 's/^ *Candidate: *([0-9].*)/\1/p')
    if [ -z "$candidate" ] && [ -z "${APT_UPDATED:-}" ]; then
        apt_update
        candidate=$(apt-cache policy asterisk | sed -nE 's/^ *Candidate: *([0-9].*)/\1/p')
    fi
    if [ -n "$candidate" ] && [ "$(major "$candidate")" -ge $LEAST_ASTERISK ]; then
        # The distribution's own instance must not come up at the next start of the machine, either.
        command -v systemctl >/dev/null && as_root systemctl mask --quiet asterisk.service || true
        packages asterisk
        return
    fi
    chroot_asterisk
}

unmount_below() { # a run that was killed long ago may have left mounts
    local mount
    while read -r mount; do as_root umount -l "$mount"; done < <(
        awk -v below="$(readlink -f "$1")/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r)
}

own_mirror() { # the machine's own Debian mirror, when it is a Debian
    . /etc/os-release
    [ "${ID:-}" = debian ] || return 0
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
        2>/dev/null | grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '
}

chroot_asterisk() {
    packages mmdebstrap
    mkdir -p .test
    exec 9>.test/asterisk.lock
    flock 9
    [ -x .asterisk/usr/sbin/asterisk ] && return
    say "no Asterisk $LEAST_ASTERISK in apt: putting Debian sid's into .asterisk/ (about a minute)"
    local options=(--variant=minbase --include=asterisk --quiet
        --aptopt='Acquire::Check-Valid-Until "false"'
        --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/locale/*)
    local proxy mirror
    proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
    [ -n "$proxy" ] && options+=(--aptopt="Acquire::http::Proxy \"$proxy\"")
    mirror=$(own_mirror || true)
    # The machine's own mirror first; a frozen or partial one may lack it, then the tool's default.
    debootstrap_into .test/asterisk.partial "$mirror" || debootstrap_into .test/asterisk.partial "" ||
        fail "mmdebstrap could not make .asterisk/ (its messages are above)"
    as_root rm -rf --one-file-system .asterisk
    as_root mv .test/asterisk.partial .asterisk
    as_root mkdir -p .asterisk/proc
}

debootstrap_into() { # in a mount namespace of its own: killed, it leaves no mounts
    unmount_below "$1"
    as_root rm -rf --one-file-system "$1"
    as_root unshare --mount --propagation private \
        mmdebstrap "${options[@]}" sid "$1" ${2:+"$2"} && [ -x "$1/usr/sbin/asterisk" ]
}

# --------------------------------------------------------------------------------------------------

programs() { # $1: the lock file; Asterisk needs nothing of it, and comes meanwhile
    asterisk &
    local fetched=$!
    virtual_environment "$1"
    wait $fetched
    web_files
}

# An installation that was killed must not keep services from starting for ever.
release_services
case "${1:-}" in
asterisk)
    asterisk
    ;;
run)
    packages "${RUN_PACKAGES[@]}"
    programs requirements.lock
    ;;
test)
    packages "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
    programs requirements-dev.lock
    ;;
*)
    fail "usage: rig/install.sh run|test|asterisk"
    ;;
esac
