#!/bin/sh
# enter.sh ROOT FOLDER... -- COMMAND...
#
# Runs COMMAND as user asterisk inside ROOT (a chroot, or / for the machine itself), with each FOLDER
# bind-mounted under its own name. The mounts live in a mount namespace of this process alone: when it
# ends, however it ends (kill -9 too), the kernel takes them away. Every step is an exec, so the
# process id stays; --pdeathsig ends the PBX with whoever started it.
set -eu
root=${1%/}
shift
# Recordings and call records are for the PBX's user and group alone.
umask 027
user="setpriv --reuid=asterisk --regid=asterisk --init-groups --pdeathsig=KILL"
if [ "${TONGDAI_RIG_INSIDE:-}" != 1 ]; then
    TONGDAI_RIG_INSIDE=1 exec unshare --mount --propagation private "$0" "${root:-/}" "$@"
fi
unset TONGDAI_RIG_INSIDE
while [ "$1" != "--" ]; do
    if [ -n "$root" ]; then
        (umask 022; mkdir -p "$root$1")
        above=$(dirname "$1")
        while [ "$above" != / ]; do # the chroot's own /root, for instance, lets nobody in
            chmod o+x "$root$above"
            above=$(dirname "$above")
        done
        mount --bind "$1" "$root$1"
    fi
    shift
done
shift
if [ -n "$root" ]; then
    mkdir -p "$root/proc"
    mount -t proc proc "$root/proc" 2>/dev/null || true
    exec chroot "$root" $user "$@"
fi
# On the machine itself the folders above are not ours to open: the user may look there, not write.
exec $user --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "$@"
