"""Debian packages that make something for one machine as they are installed, and what becomes of it.

Found by installing some 2,500 packages twice and comparing (docs/decisions/0013-machine-made.md). What can be
made when a container starts, the build takes out (`templates/scripts/forget.sh`); the rest makes two builds
differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.frozen import frozen

__all__ = ["TAKEN_OUT", "MachineMade", "differs", "taken_out"]


@frozen
class MachineMade:
    """What an image lacks that an installed package has.

    Attributes:
        what: In words.
        command: What makes it in a container, or as a step of the spec.
    """

    what: str
    command: str


TAKEN_OUT: Mapping[str, MachineMade] = {
    "bind9": MachineMade(what="its control key", command="rndc-confgen -a -u bind"),
    "dropbear": MachineMade(what="its host keys", command="dropbear -R"),
    "dropbear-initramfs": MachineMade(
        what="its host keys", command="dpkg-reconfigure dropbear-initramfs"
    ),
    "mariadb-server": MachineMade(
        what="the database of the system", command="mariadb-install-db --user=mysql"
    ),
    "munge": MachineMade(what="its key", command="su munge -s /bin/sh -c 'mungekey --create'"),
    "nsd": MachineMade(what="its control keys", command="nsd-control-setup"),
    "openssh-server": MachineMade(what="its host keys", command="ssh-keygen -A"),
    "slapd": MachineMade(what="its configuration and database", command="dpkg-reconfigure slapd"),
    "ssl-cert": MachineMade(
        what="the certificate `snakeoil` and its key",
        command="make-ssl-cert generate-default-snakeoil",
    ),
    "xrdp": MachineMade(what="its key", command="xrdp-keygen xrdp auto"),
}
"""By the package's name; those of PostgreSQL and MySQL, which have a version in theirs, are beside it."""
_CLUSTER = re.compile(r"postgresql-([0-9]+)")
_MYSQL = re.compile(r"mysql-server-[0-9.]+")
_DIFFER = re.compile(
    r"bacula-.*|certmonger|context|courier-base|freeradius|gridengine-master|heimdal-kdc|ircd-hybrid"
    r"|mailman3|openvswitch-pki|phpmyadmin|popularity-contest|redmine|roundcube-core|tripwire"
)


def taken_out(name: str) -> MachineMade | None:
    """Return what the build takes out of what a package makes; None where that is nothing one misses."""
    cluster = _CLUSTER.fullmatch(name)
    if cluster is not None:
        return MachineMade(what="the cluster `main`", command=f"pg_createcluster {cluster[1]} main")
    if _MYSQL.fullmatch(name):
        return MachineMade(
            what="the database of the system",
            command="mysqld --initialize-insecure --user=mysql",
        )
    return TAKEN_OUT.get(name)


def differs(name: str) -> bool:
    """Say whether a package leaves something in the image that is another one each time."""
    return _DIFFER.fullmatch(name) is not None
