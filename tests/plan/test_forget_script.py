"""What the build takes out of files that Debian packages made as they were installed, or makes constant."""

from __future__ import annotations

import hashlib
import py_compile
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.installed_system import InstalledSystem

SCRIPT = Path(__file__).parents[2] / "templates/scripts/forget.pl"
pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="there is no perl")

CERTIFICATES = ((b"debian:one.pem", b"1" * 300), (b"debian:two.pem", b"22"))


def make_keystore(
    time: int,
    *,
    password: str = "changeit",
    tag: int = 2,
    certificates: Sequence[tuple[bytes, bytes]] = CERTIFICATES,
) -> bytes:
    """Return a keystore of certificates as Java writes it (`sun.security.provider.JavaKeyStore`)."""
    body = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for alias, certificate in certificates:
        body += struct.pack(">IH", tag, len(alias)) + alias + struct.pack(">Q", time)
        body += struct.pack(">H", 5) + b"X.509" + struct.pack(">I", len(certificate)) + certificate
    salt = password.encode("utf-16-be") + b"Mighty Aphrodite"
    return body + hashlib.sha1(salt + body).digest()


def forget(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    subprocess.run(["perl", str(SCRIPT), str(path)], check=True)
    return path.read_bytes()


def test_a_keystore_says_nothing_of_when_it_was_made(tmp_path: Path) -> None:
    made = [forget(tmp_path / "cacerts", make_keystore(time)) for time in (1_700_000_000_000, 5)]

    assert made == [make_keystore(0)] * 2


def test_a_keystore_has_one_order(tmp_path: Path) -> None:
    other = make_keystore(5, certificates=CERTIFICATES[::-1])

    assert forget(tmp_path / "cacerts", other) == make_keystore(0)


def test_a_slim_debian_has_the_perl_that_it_needs() -> None:
    """`perl-base` is essential; `Digest::SHA` and most others are in `perl`, which is not."""
    used = re.findall(r"^use ([\w:]+)", SCRIPT.read_text(), re.MULTILINE)

    assert used == ["strict", "warnings", "IPC::Open2"]


@pytest.mark.parametrize(
    "content",
    [
        make_keystore(7, password="another"),
        make_keystore(7, tag=1),
        make_keystore(7)[:-1],
        make_keystore(7)[:9],
        b"",
        b"\xfe\xed\xfe\xed" + b"\0" * 90,
    ],
    ids=["another password", "a private key", "cut short", "its head alone", "empty", "zeros"],
)
def test_a_keystore_of_another_form_stays(tmp_path: Path, content: bytes) -> None:
    assert forget(tmp_path / "cacerts", content) == content


def test_a_list_of_tex_has_one_order(tmp_path: Path) -> None:
    head = "% ls-R -- filename database for kpathsea; do not change this line.\n\n"
    first = f"{head}./:\n.:\nweb2c\nfonts\n\n./web2c:\nb.fmt\na.fmt\n\n./fonts:\nmap\n\n"
    second = f"{head}./:\n.:\nfonts\nweb2c\n\n./fonts:\nmap\n\n./web2c:\na.fmt\nb.fmt\n"

    made = {forget(tmp_path / "ls-R", text.encode()) for text in (first, second)}

    assert made == {second.encode()}


KEY = "-----BEGIN PRIVATE KEY-----\n"


@pytest.fixture
def system(tmp_path: Path) -> InstalledSystem:
    return InstalledSystem(tmp_path)


def test_keys_that_were_made_go_with_their_other_halves(system: InstalledSystem) -> None:
    system.make("/etc/a b/server.key", f"Bag Attributes\n{KEY}")
    system.make("/etc/a b/server.crt", "-----BEGIN CERTIFICATE-----\n")
    system.make("/etc/ssl/certs/server.pem", "-----BEGIN CERTIFICATE-----\n")
    system.place("/etc/ssl/certs/0a1b.0").symlink_to("server.pem")
    system.make("/etc/ssh/key", "-----BEGIN OPENSSH PRIVATE KEY-----\n")
    system.make("/etc/ssh/key.pub")
    system.make("/root/.gnupg/own.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n")
    system.make("/etc/many.pem", "# of another machine\n" * 10_000 + KEY)

    system.forget()

    assert system.left("/etc", "/root") == []


def test_what_is_no_key_that_was_made_stays(system: InstalledSystem) -> None:
    system.have("/etc/base.key", KEY)
    system.make("/etc/base.key", KEY)
    system.make("/etc/base.crt")
    system.ship("/usr/share/doc/example.key", KEY)
    system.make("/usr/lib/code.pyc", f"code\0\n{KEY}")
    system.make("/etc/text", f"the first line of a key is {KEY}")
    system.make("/run/secrets/key", KEY)
    system.place("/etc/link.key").symlink_to("base.key")
    system.make("/etc/munge/own.key")
    system.place("/etc/munge/munge.key").symlink_to("own.key")

    before = system.left("/etc", "/run", "/usr")
    system.forget()

    assert system.left("/etc", "/run", "/usr") == before


@pytest.mark.parametrize(
    ("mark", "folder"),
    [
        ("/etc/ldap/slapd.d/cn=config.ldif", "/etc/ldap/slapd.d"),
        ("/etc/ldap/slapd.d/cn=config.ldif", "/var/lib/ldap"),
        ("/var/lib/mysql/ibdata1", "/var/lib/mysql"),
        ("/var/lib/postgresql/15/main/PG_VERSION", "/var/lib/postgresql/15"),
        ("/var/lib/postgresql/15/main/PG_VERSION", "/etc/postgresql/15"),
    ],
)
def test_a_database_that_was_made_goes_and_one_of_the_base_stays(
    system: InstalledSystem, mark: str, folder: str
) -> None:
    system.make(f"{folder}/main/with space/data")
    system.have(mark)

    system.forget()
    kept = system.left(folder)
    system.make(mark)
    system.forget()
    changed = system.left(folder)
    (system.place("/dev") / "envc-base").unlink()
    system.forget()

    assert f"{folder}/main/with space/data" in kept
    assert changed == kept
    assert system.place(folder).is_dir()
    assert system.left(folder) == []


@pytest.mark.parametrize(
    ("archive", "stays"),
    [
        ("java-8-openjdk-amd64/jre/lib/amd64", False),
        ("java-11-openjdk-amd64/lib", False),
        ("java-16-openjdk-amd64/lib", False),
        ("java-17-openjdk-amd64/lib", True),
        ("java-21-openjdk-amd64/lib", True),
    ],
)
def test_java_before_17_has_no_archive_of_classes(
    system: InstalledSystem, archive: str, stays: bool
) -> None:
    made = system.make(f"/usr/lib/jvm/{archive}/server/classes.jsa")

    system.forget()

    assert made.exists() == stays


@pytest.mark.parametrize("is_made", [True, False], ids=["made", "shipped"])
def test_a_keystore_that_was_made_has_no_time(system: InstalledSystem, is_made: bool) -> None:
    write = system.make if is_made else system.ship
    store = write("/etc/ssl/certs/java/cacerts", make_keystore(7))

    system.forget()

    assert store.read_bytes() == make_keystore(0 if is_made else 7)


def test_a_certificate_that_goes_is_in_no_keystore(system: InstalledSystem) -> None:
    kept, gone = CERTIFICATES
    system.make("/etc/ssl/private/Two.key", KEY)
    system.make("/etc/ssl/certs/Two.pem", "-----BEGIN CERTIFICATE-----\n")
    system.make("/etc/maker/one.key", KEY)
    system.make("/etc/maker/one.pem", "-----BEGIN CERTIFICATE-----\n")
    system.have("/etc/ssl/certs/one.pem")
    store = system.make("/etc/ssl/certs/java/cacerts", make_keystore(7, certificates=(gone, kept)))

    system.forget()

    assert store.read_bytes() == make_keystore(0, certificates=[kept])


@pytest.mark.parametrize(
    ("path", "made", "kept"),
    [
        ("/etc/machine-id", "0123456789abcdef\n", ""),
        (
            "/etc/iscsi/initiatorname.iscsi",
            "InitiatorName=iqn.1993-08.org.debian:01:1\n",
            "GenerateName=yes\n",
        ),
        (
            "/etc/mdadm/mdadm.conf",
            "MAILADDR root\n# This configuration was auto-generated on Sun by mkconf\nHOMEHOST x\n",
            "MAILADDR root\nHOMEHOST x\n",
        ),
        (
            "/usr/share/octave/octave_packages",
            "# Created by Octave 7.3.0, Sun Nov 22 <root@here>\n# name: a, b\n",
            "# Created by Octave 7.3.0\n# name: a, b\n",
        ),
    ],
)
def test_names_and_times_go_where_they_were_made(
    system: InstalledSystem, path: str, made: str, kept: str
) -> None:
    new = system.make(path, made)
    system.forget()
    left = new.read_text()
    old = system.ship(path, made)
    system.forget()

    assert left == kept
    assert old.read_text() == made


def write_python(system: InstalledSystem, version: str) -> None:
    """Write a Python of the base, which is the one that runs the tests."""
    script = f'note "{version} $PYTHONHASHSEED"\nexec {sys.executable} "$@"'
    system.program(f"/usr/bin/python{version}", script)


def test_byte_code_of_an_old_python_is_made_again(system: InstalledSystem, tmp_path: Path) -> None:
    tag = sys.implementation.cache_tag or ""
    folder = "/usr/lib/python3/dist-packages"
    source = system.ship(f"{folder}/a b.py", "x = {'a', 'b'}\n")
    system.ship(f"{folder}/shipped.py")
    made = system.make(f"{folder}/__pycache__/a b.{tag}.pyc", "made")
    others = [
        system.ship(f"{folder}/__pycache__/shipped.{tag}.pyc", "another"),
        system.make(f"{folder}/__pycache__/a b.{tag[:-1]}x.pyc", "another"),
        system.make(f"{folder}/__pycache__/gone.{tag}.pyc", "another"),
    ]
    write_python(system, "3.10")
    write_python(system, "3.11")
    system.have("/app/enum.py", "raise ImportError('a module of the base')\n")

    system.forget("/app")

    expected = py_compile.compile(
        str(source),
        str(tmp_path / "expected.pyc"),
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )
    assert system.log == ("3.10 0",)
    assert made.read_bytes() == Path(str(expected)).read_bytes()
    assert [one.read_text() for one in others] == ["another"] * 3


TEX = "/var/lib/texmf"
LIST_HEAD = "% ls-R -- filename database for kpathsea; do not change this line.\n"


@pytest.fixture
def tex(system: InstalledSystem) -> InstalledSystem:
    """A system with TeX's own two programs, as far as its lists and formats go."""
    system.program(
        "/usr/bin/mktexlsr",
        f"""note mktexlsr "$@"
        cd "$root{TEX}"
        for list in ls-R ls-R-TEXMFMAIN; do
            {{ printf '%s\\n./:\\n' '{LIST_HEAD}'; ls -r web2c/*/* 2>/dev/null || :; }} >$list
        done""",
    )
    system.program(
        "/usr/bin/fmtutil-sys",
        f"""if [ "$1" = --listcfg ]; then
            for engine in xetex pdftex tex luatex luahbtex pdftex; do
                echo "a format (engine=$engine) enabled"
            done
            echo "ptex (engine=euptex) disabled"
            exit
        fi
        note fmtutil-sys "$@" "$FORCE_SOURCE_DATE $SOURCE_DATE_EPOCH"
        for engine; do :; done
        mkdir -p "$root{TEX}/web2c/$engine"
        : >"$root{TEX}/web2c/$engine/made.fmt"
        : >"$root{TEX}/web2c/$engine/made.log"
        : >"$root{TEX}/web2c/fmtutil.log"
        """,
    )
    return system


def test_formats_of_tex_are_made_after_all_packages(tex: InstalledSystem) -> None:
    for engine in ("luahbtex", "luatex", "tex", "pdftex"):
        tex.have(f"{TEX}/web2c/{engine}/old.fmt")
    tex.make(f"{TEX}/ls-R")
    tex.make("/dev/envc-formats")

    tex.forget()

    options = "--strict --no-error-if-no-engine=mfluajit --byengine"
    formats = ["web2c/pdftex/made.fmt", "web2c/pdftex/old.fmt", "web2c/xetex/made.fmt"]
    assert tex.log == (
        "mktexlsr --quiet",
        f"fmtutil-sys {options} pdftex 1 946684800",
        f"fmtutil-sys {options} xetex 1 946684800",
        "mktexlsr --quiet",
    )
    assert tex.left(f"{TEX}/web2c") == [f"{TEX}/{path}" for path in formats]
    for name in ("ls-R", "ls-R-TEXMFMAIN"):
        listed = tex.place(f"{TEX}/{name}").read_text()
        assert listed == "\n".join([LIST_HEAD, "./:", *formats, ""])


def test_formats_of_tex_are_not_made_where_no_package_asks(tex: InstalledSystem) -> None:
    kept = [tex.have(f"{TEX}/web2c/{engine}/old.fmt") for engine in ("luahbtex", "pdftex")]
    tex.make(f"{TEX}/ls-R")

    tex.forget()

    assert tex.log == ("mktexlsr --quiet",)
    assert all(one.is_file() for one in kept)


def test_where_no_package_is_of_tex_its_lists_stay(tex: InstalledSystem) -> None:
    tex.have(f"{TEX}/ls-R")
    tex.make("/dev/envc-formats")

    tex.forget()

    assert tex.log == ()


def test_a_list_without_the_programs_of_tex_stays(system: InstalledSystem) -> None:
    listed = system.make(f"{TEX}/ls-R", LIST_HEAD)

    system.forget()

    assert listed.read_text() == LIST_HEAD


def test_a_format_that_fails_says_why(tex: InstalledSystem) -> None:
    tex.program(
        "/usr/bin/fmtutil-sys",
        """[ "$1" != --listcfg ] || { echo "a (engine=xetex) enabled"; exit; }
        echo "no hyphen.tex"
        exit 1""",
    )
    tex.make(f"{TEX}/ls-R")
    tex.make("/dev/envc-formats")

    tex.forget(exit_code=1)

    assert "\nno hyphen.tex\n" in tex.errors
