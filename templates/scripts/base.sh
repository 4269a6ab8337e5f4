#!/bin/sh
# Makes sure that a base which was built from a Dockerfile still has the C library that the packages
# were chosen for, or a newer one. Argument: its version.
set -eu
found=$(getconf GNU_LIBC_VERSION 2>/dev/null) || found="glibc none"
found=${found#glibc }
printf '%s\n%s\n' "$1" "$found" | sort -V -C || {
    echo "the base has glibc $found, but the lock says $1: lock again" >&2
    exit 1
}
