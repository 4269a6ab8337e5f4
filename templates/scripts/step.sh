#!/bin/sh
# Runs a step of the image: its arguments are the lines of one script, run by `sh -e` as root.
# Afterwards every file and folder that it made or changed gets one constant time, so that two
# builds give the same layer. Deletions stay deletions.
set -eu
file_time=946684800

for tool in find touch; do
    command -v "$tool" >/dev/null || { echo "there is no \`$tool\` on PATH, which is $PATH" >&2; exit 127; }
done

# /dev is never part of the image. The clock of a file system ticks every few ms: the second file
# is there to wait for the tick after the first, so that every later change is newer than it.
before=/dev/envc-before after=/dev/envc-after
touch "$before"
until touch "$after" && [ "$after" -nt "$before" ]; do :; done

if [ -f /run/secrets/ca-bundle ]; then
    export SSL_CERT_FILE=/run/secrets/ca-bundle CURL_CA_BUNDLE=/run/secrets/ca-bundle
    export REQUESTS_CA_BUNDLE=/run/secrets/ca-bundle PIP_CERT=/run/secrets/ca-bundle
fi

script=
for line in "$@"; do
    script="$script$line
"
done
# Tools that know SOURCE_DATE_EPOCH write no other time; Python's byte code then goes by content.
SOURCE_DATE_EPOCH=$file_time /bin/sh -ec "$script"

find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run/secrets \
    -o -path /mnt/envc -o -path /mnt/files \
    -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \) -prune \
    -o -cnewer "$before" -exec touch -h -d "@$file_time" {} +
