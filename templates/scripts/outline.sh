#!/bin/sh
# Copies what later stages look at of the base, with its folders and links, to a place of its own: where the
# base itself is mounted, BuildKit reads all of it to see whether it has changed.
# Arguments: series interpreter path...; the series of the base's Python, and where it is, or empty texts
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
outline=/envc/outline
series=$1 interpreter=$2
shift 2

# Copies what a path names, each folder on its way without what is in it, and what its links lead to.
take() {
    place='' rest=$1 links=0
    while [ -n "$rest" ]; do
        part=${rest%%/*}
        case $rest in
            */*) rest=${rest#*/} ;;
            *) rest= ;;
        esac
        case $part in
            '' | .) continue ;;
            ..)
                place=${place%/*}
                continue
                ;;
        esac
        if [ -L "$place/$part" ]; then
            [ -L "$outline$place/$part" ] || cp -P "$place/$part" "$outline$place/$part"
            links=$((links + 1))
            [ "$links" -le 40 ] || return 0
            to=$(readlink "$place/$part")
            rest=$to/$rest
            case $to in /*) place='' ;; esac
            continue
        fi
        place=$place/$part
        if [ -d "$place" ]; then
            [ -d "$outline$place" ] || {
                mkdir "$outline$place"
                chown "$(stat -c %u:%g "$place")" "$outline$place"
                chmod "$(stat -c %a "$place")" "$outline$place"
            }
        else
            [ ! -f "$place" ] || [ -e "$outline$place" ] || cp -p "$place" "$outline$place"
            return 0
        fi
    done
}

mkdir -p "$outline"
for path in "$@"; do take "$path"; done
[ -n "$series" ] || exit 0
set -- "$interpreter"
[ -n "$interpreter" ] || set -- /usr/local/sbin/python3 /usr/local/bin/python3 /usr/sbin/python3 \
    /usr/bin/python3 /sbin/python3 /bin/python3
for program in "$@"; do
    take "$program"
    for place in "$program" "$(readlink -f "$program" || :)"; do
        prefix=${place%/*/*}
        for path in "$prefix"/lib*/"python$series"/os.py "$prefix"/lib*/"libpython$series"*.so* \
            "$prefix"/lib*/*/"libpython$series"*.so*; do
            [ ! -e "$path" ] || take "$path"
        done
    done
done
