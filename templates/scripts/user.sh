#!/bin/sh
# Makes the user and the group that the image runs as, where the base has none of these numbers,
# and the folders that belong to them; by hand, because not every base has useradd.
# Arguments: uid gid name home folder...
set -eu
uid=$1 gid=$2 name=$3 home=$4
shift 4
grep -q "^[^:]*:[^:]*:$gid:" /etc/group || echo "$name:x:$gid:" >>/etc/group
grep -q "^[^:]*:[^:]*:$uid:" /etc/passwd || echo "$name:x:$uid:$gid::$home:/bin/sh" >>/etc/passwd
for folder in "$home" "$@"; do
    [ -d "$folder" ] || { mkdir -p "$folder" && chown "$uid:$gid" "$folder" && chmod 755 "$folder"; }
done
