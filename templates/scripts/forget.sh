#!/bin/sh
# Takes out of the system what its Debian packages made for one machine alone as they were installed:
# keys, passwords, databases with ids of their own. All who have the image would share them, and no
# two images would be alike. A container makes its own when it starts, as docs/bases.md says.
# Times in what is kept, and orders that hang on the disk, are made constant.
# Argument: forget.pl, which puts the files right that are to stay
set -eu
rewrite=$1
# Python looks for its modules in this folder first: that of the base may have others of these names.
cd /
# What is not newer than this came with the base or in a package.
start=/dev/envc-start
# What the base has stays, also where a package has changed it: a database that was upgraded.
base=/dev/envc-base
# Paths of what is no longer there.
: >/dev/envc-gone

is_new() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$1" -nt "$start" ]; }
is_made() { is_new "$1" && ! grep -qxF -e "$1" "$base"; }
drop() { for path; do ! is_made "$path" || { rm -f -- "$path"; echo "$path" >>/dev/envc-gone; }; done; }

# A file of a package has the package's time: what is newer was made here. Only a text is a key: byte code
# holds those of tests.
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /mnt -o -path /run/secrets \) -prune \
    -o -type f -newer "$start" \
    -exec grep -lIE '^-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----' {} + >/dev/envc-keys || :
while IFS= read -r key; do
    is_made "$key" || continue
    name=${key##*/}
    name=${name%.*}
    # With a key goes what only its owner can use: the public half, or the certificate.
    drop "$key.pub"
    for half in "${key%/*}/$name" "/etc/ssl/certs/$name"; do
        drop "$half.pem" "$half.crt" "$half.cert"
    done
    rm -f -- "$key"
done </dev/envc-keys
find /etc/ssl/certs -xtype l -newer "$start" -delete 2>/dev/null || :

# Keys and passwords of another form, and what has the machine's name and the time in it.
drop /etc/aliases.db /etc/bind/rndc.key /etc/munge/munge.key /etc/mysql/debian.cnf /etc/varnish/secret \
    /etc/dropbear/dropbear_*_host_key /etc/dropbear/dropbear_*_host_key.pub \
    /etc/dropbear/initramfs/dropbear_*_host_key /etc/xrdp/rsakeys.ini \
    /var/lib/rabbitmq/.erlang.cookie /root/.rnd

# Databases with an id, times and at times a password: whoever wants one makes it.
if is_made /etc/ldap/slapd.d/cn=config.ldif; then
    rm -rf /etc/ldap/slapd.d/* /var/lib/ldap/*
fi
if is_made /var/lib/mysql/ibdata1; then
    find /var/lib/mysql -mindepth 1 -delete
fi
for mark in /var/lib/postgresql/*/main/PG_VERSION; do
    if is_made "$mark"; then
        version=${mark#/var/lib/postgresql/}
        rm -rf "${mark%/*}" "/etc/postgresql/${version%%/*}/main"
    fi
done

# A machine's own names; for these, their programs make a name where there is none.
! is_new /etc/machine-id || : >/etc/machine-id
drop /var/lib/dbus/machine-id
! is_made /etc/iscsi/initiatorname.iscsi || echo GenerateName=yes >/etc/iscsi/initiatorname.iscsi

# When it was made.
mdadm=/etc/mdadm/mdadm.conf
! is_new "$mdadm" || sed -i '/^# This configuration was auto-generated on /d' "$mdadm"
octave=/usr/share/octave/octave_packages
! is_new "$octave" || sed -i '1s/^\(# Created by Octave [^,]*\), .*/\1/' "$octave"
if is_new /etc/ssl/certs/java/cacerts; then
    sed -n 's|^/etc/ssl/certs/||p' /dev/envc-gone >/dev/envc-certificates
    perl "$rewrite" /etc/ssl/certs/java/cacerts /dev/envc-certificates
fi

# Python before 3.11 writes sets into byte code in an order that hangs on a seed, which Debian's own
# compilation takes from nobody.
find /usr -xdev -type f -name '*.pyc' -newer "$start" >/dev/envc-code
for python in /usr/bin/python3.[6-9] /usr/bin/python3.10; do
    [ ! -x "$python" ] || PYTHONHASHSEED=0 "$python" -S -c '
import os, py_compile, sys
end = "." + sys.implementation.cache_tag + ".pyc"
for code in sys.stdin.read().splitlines():
    folder, name = os.path.split(code)
    source = os.path.join(os.path.dirname(folder), name[: -len(end)] + ".py")
    if name.endswith(end) and os.path.isfile(source):
        py_compile.compile(source, code, doraise=True)
' </dev/envc-code
done

# Java before 17 writes its archive of classes another way each time, and starts without one, too.
drop /usr/lib/jvm/java-1[0-6]-*/lib/server/classes.jsa /usr/lib/jvm/java-8-*/jre/lib/*/server/classes.jsa

# TeX's formats, from lists in one order: TeX takes the first file of a name. The formats of LuaTeX have
# an order of their own each time, and that of Knuth's TeX has the time, whatever it is told: these
# are made when somebody first wants them.
list_tex() {
    mktexlsr --quiet
    for list in /var/lib/texmf/ls-R*; do
        perl "$rewrite" "$list"
    done
}
make_formats() {
    for engine in $(fmtutil-sys --listcfg 2>/dev/null | sed -n 's/.*(engine=\(.*\)) enabled$/\1/p' | sort -u); do
        case $engine in tex | lua*) continue ;; esac
        fmtutil-sys --strict --no-error-if-no-engine=mfluajit --byengine "$engine" >/dev/envc-log 2>&1 || {
            cat /dev/envc-log >&2
            exit 1
        }
    done
    # Those of the base are from what was there before.
    rm -f /var/lib/texmf/web2c/lua*/*.fmt /var/lib/texmf/web2c/tex/*.fmt
    rm -f /var/lib/texmf/web2c/*.log /var/lib/texmf/web2c/*/*.log
}
if is_new /var/lib/texmf/ls-R && command -v fmtutil-sys >/dev/null; then
    export FORCE_SOURCE_DATE=1
    list_tex
    if [ -e /dev/envc-formats ]; then
        make_formats
        list_tex
    fi
fi
