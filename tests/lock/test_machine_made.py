"""What people are told of packages that make something for one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envc.lock.machine_made import TAKEN_OUT, differs, taken_out
from support.installed_system import InstalledSystem

PAGE = Path(__file__).parents[2] / "docs/bases.md"
ROWS = dict(re.findall(r"(?m)^\| `([a-z0-9.-]+)` \| .+? \| (.+) \|$", PAGE.read_text()))
QUIET = {"texlive-binaries"}
"""Who wants what these make has it made without asking."""
VERSIONED = {"mysql-server-8.0", "postgresql-15"}
KEY = "-----BEGIN PRIVATE KEY-----\n"
MADE = {
    "bind9": {"/etc/bind/rndc.key": ""},
    "dropbear": {
        "/etc/dropbear/dropbear_rsa_host_key": "",
        "/etc/dropbear/dropbear_rsa_host_key.pub": "",
    },
    "dropbear-initramfs": {"/etc/dropbear/initramfs/dropbear_rsa_host_key": ""},
    "mariadb-server": {"/var/lib/mysql/ibdata1": "", "/var/lib/mysql/sys/db.opt": ""},
    "munge": {"/etc/munge/munge.key": ""},
    "mysql-server-8.0": {"/var/lib/mysql/ibdata1": "", "/etc/mysql/debian.cnf": ""},
    "nsd": {"/etc/nsd/nsd_server.key": KEY, "/etc/nsd/nsd_server.pem": ""},
    "openssh-server": {"/etc/ssh/ssh_host_rsa_key": KEY, "/etc/ssh/ssh_host_rsa_key.pub": ""},
    "postgresql-15": {
        "/var/lib/postgresql/15/main/PG_VERSION": "",
        "/etc/postgresql/15/main/postgresql.conf": "",
    },
    "slapd": {"/etc/ldap/slapd.d/cn=config.ldif": "", "/var/lib/ldap/data.mdb": ""},
    "ssl-cert": {
        "/etc/ssl/private/ssl-cert-snakeoil.key": KEY,
        "/etc/ssl/certs/ssl-cert-snakeoil.pem": "",
    },
    "texlive-binaries": {
        "/var/lib/texmf/web2c/luahbtex/lualatex.fmt": "",
        "/var/lib/texmf/web2c/tex/tex.fmt": "",
    },
    "xrdp": {"/etc/xrdp/rsakeys.ini": "", "/etc/xrdp/key.pem": KEY},
}
"""What the packages of the page's table make that is in no image: paths with the content that matters."""
OTHERS = {
    "`machine-id`": ("/etc/machine-id", "/var/lib/dbus/machine-id"),
    "`open-iscsi`": ("/etc/iscsi/initiatorname.iscsi",),
    "`rabbitmq-server`": ("/var/lib/rabbitmq/.erlang.cookie",),
    "`varnish`": ("/etc/varnish/secret",),
    "OpenSSL (`/root/.rnd`)": ("/root/.rnd",),
    "`/etc/aliases.db`": ("/etc/aliases.db",),
    "Java's certificates": ("/etc/ssl/certs/java/cacerts",),
    "archive of classes": (
        "/usr/lib/jvm/java-8-openjdk-amd64/jre/lib/amd64/server/classes.jsa",
        "/usr/lib/jvm/java-11-openjdk-amd64/lib/server/classes.jsa",
    ),
    "TeX's lists": ("/var/lib/texmf/ls-R",),
    "Octave's list of packages": ("/usr/share/octave/octave_packages",),
    "`mdadm.conf`": ("/etc/mdadm/mdadm.conf",),
}
"""By the page's words: what else the build looks for by its name. Nobody misses it."""


@pytest.fixture
def system(tmp_path: Path) -> InstalledSystem:
    """A Debian whose TeX makes no lists and no formats of its own."""
    system = InstalledSystem(tmp_path)
    for program in ("mktexlsr", "fmtutil-sys"):
        system.program(f"/usr/bin/{program}", "")
    system.make("/var/lib/texmf/ls-R")
    system.make("/dev/envc-formats")
    return system


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_page_and_the_lock_say_the_same_command(name: str) -> None:
    made = taken_out(name)

    assert (made is None) == (name in QUIET)
    assert made is None or f"`{made.command}`" in ROWS[name]
    assert not differs(name)


@pytest.mark.parametrize(
    "name", ["git", "openssh-client", "postgresql-client-15", "mysql-server-core-8.0"]
)
def test_of_others_nothing_is_taken_out(name: str) -> None:
    assert taken_out(name) is None
    assert not differs(name)


def test_the_page_and_the_lock_know_the_same_packages() -> None:
    assert set(ROWS) == {*TAKEN_OUT, *VERSIONED, *QUIET}
    assert set(ROWS) == set(MADE)


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_build_takes_out_what_the_page_says(system: InstalledSystem, name: str) -> None:
    made = [system.make(path, content) for path, content in MADE[name].items()]

    system.forget()

    assert [place for place in made if place.exists()] == []


def test_the_page_says_what_the_build_takes_out(system: InstalledSystem) -> None:
    paths = {path for files in MADE.values() for path in files}
    paths |= {path for others in OTHERS.values() for path in others}
    for path in paths:
        system.make(path)

    looked_at = system.forget()

    assert looked_at <= paths
    text = " ".join(PAGE.read_text().split())
    assert [words for words in OTHERS if words not in text] == []


@pytest.mark.parametrize("words", sorted(OTHERS))
def test_the_build_looks_at_what_the_page_says_of_others(
    system: InstalledSystem, words: str
) -> None:
    for path in OTHERS[words]:
        system.make(path)

    assert system.forget() >= set(OTHERS[words])
