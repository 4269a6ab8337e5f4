#!/bin/sh
# Installs the Debian packages that lie in the folders of a folder, without a network; dpkg's own triggers
# run. Where it is empty text, the packages that are named, from the archives: what nobody could pin.
# Arguments: folder [package...]
# What tells of the day goes: logs, caches, backups. Services are not started: this is no machine.
set -eu
folder=$1
shift

# What is newer than this file was made here, for `forget.sh`, too; /dev is never part of the image.
touch /dev/envc-start
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /mnt \) -prune \
    -o -type f -print >/dev/envc-base

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
# TeX's formats are made once, when all that they are made from is there: `forget.sh` does where a package asks.
mkdir -p /dev/envc-bin
printf '#!/bin/sh\n: >/dev/envc-formats\n' >/dev/envc-bin/fmtutil
chmod 755 /dev/envc-bin/fmtutil

set -- -qq -y --no-install-recommends --allow-downgrades -o APT::Sandbox::User=root \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o Dpkg::Options::=--force-unsafe-io -o DPkg::Path=/dev/envc-bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
# What dpkg says of each package is of use only where it fails.
quietly() {
    "$@" >/dev/envc-log 2>&1 </dev/null || { code=$?; cat /dev/envc-log >&2; exit $code; }
}
if [ -n "$folder" ]; then
    # apt knows the order in which packages need each other; the archives' own lists are not asked.
    quietly apt-get install -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null \
        "$@" "$folder"/*/*.deb
else
    [ ! -f /run/secrets/ca-bundle ] || set -- -o Acquire::https::CAInfo=/run/secrets/ca-bundle "$@"
    quietly apt-get update -qq
    quietly apt-get install "$@"
fi

find /var/log /var/cache/man /var/cache/fontconfig -type f -cnewer /dev/envc-start -delete 2>/dev/null ||
    true
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt \
    /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old \
    /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-
find /tmp /var/tmp -mindepth 1 -newer /dev/envc-start -delete 2>/dev/null || true
