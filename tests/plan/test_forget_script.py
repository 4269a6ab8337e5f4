"""What the build makes constant in files that Debian packages made as they were installed."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "templates/scripts/forget.pl"
pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="there is no perl")


CERTIFICATES = ((b"debian:one.pem", b"1" * 300), (b"debian:two.pem", b"22"))


def make_keystore(
    time: int,
    *,
    password: str = "changeit",
    tag: int = 2,
    certificates: Iterable[tuple[bytes, bytes]] = CERTIFICATES,
) -> bytes:
    """Return a keystore of two certificates as Java writes it (`sun.security.provider.JavaKeyStore`)."""
    body = struct.pack(">III", 0xFEEDFEED, 2, 2)
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
    other = make_keystore(5, certificates=reversed(CERTIFICATES))

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
