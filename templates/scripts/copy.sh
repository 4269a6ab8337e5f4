#!/bin/sh
# Puts the files of /mnt/files into the image. Not COPY: that would bring today's times along, and
# reset the modes of folders that are there already. Modes are normalised because checkouts differ.
# Arguments, where an owner or a mode is wanted: the path of what is copied, without its first slash;
# its owner; its mode, which a folder gets with execute permission for whoever may read it. Neither
# is for the folders above it. A name of the owner's is looked up in the image, with its own group.
set -eu

extract() {
    # /lib may be a link to /usr/lib: tar would put a folder in its place.
    tar -C / -x --no-overwrite-dir --keep-directory-symlink
}

# tar would put a file in the place of an empty folder, or of a link to any, and some would put a
# folder in that of a file.
cd /mnt/files
find . -exec /bin/sh -c '
    for path; do
        place=/${path#./}
        if [ -d "$path" ] && [ ! -L "$path" ]; then
            [ -d "$place" ] || [ ! -e "$place" ] || {
                printf "%s is a file in the image, and a folder in what is copied\n" "$place" >&2
                exit 1
            }
        elif [ -d "$place" ] && ! { [ -L "$path" ] && [ -L "$place" ]; }; then
            printf "%s is a folder in the image, and a file in what is copied\n" "$place" >&2
            exit 1
        fi
    done' sh {} +

if [ $# -eq 0 ]; then
    tar -C /mnt/files -c --mode=u=rwX,go=rX --owner=0 --group=0 --numeric-owner . | extract
    exit
fi

path=$1 owner=$2 files=${3-u=rwX,go=rX} folders=u=rwX,go=rX
[ $# -lt 3 ] || folders=$(printf %o $(((0$3 | (0$3 & 0444) >> 2) & 0777)))

# chown knows all that an owner can be; /dev is never part of the image.
probe=/dev/envc-owner
touch "$probe"
case $owner in *:*) group= ;; *) group=:$(id -g -- "$owner") ;; esac
chown "$owner$group" "$probe"
uid=$(stat -c %u "$probe") gid=$(stat -c %g "$probe")

archive() {
    mode=$1
    shift
    find "./$path" "$@" -print0 | tar -c --null --no-recursion --files-from=- --mode="$mode" \
        --owner="$uid" --group="$gid" --numeric-owner
}

umask 022
mkdir -p "/$(dirname "$path")"
archive "$folders" -type d | extract
archive "$files" ! -type d | extract
