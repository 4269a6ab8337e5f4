"""Secrets: the environment goes before a netrc file, and that before a keyring."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.resolve.credential import borrow, find_secret, find_secrets

URL = "https://pypi.example.com/simple"
KEYRING = """\
#!/bin/sh
[ "$1 $2 $3" = "get --mode creds" ] || exit 2
echo "$4" >> "$KEYRING_LOG"
[ "$4" = pypi.example.com ] && printf 'ring\\nword\\n'
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with a netrc file in its home, and a keyring on its path."""
    (tmp_path / ".netrc").write_text(
        "machine pypi.example.com login me password word\n"
        "machine pypi.org login __token__ password uploads\n"
        "default login anybody password else\n"
    )
    program = tmp_path / "bin" / "keyring"
    program.parent.mkdir()
    program.write_text(KEYRING)
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    return {"HOME": str(tmp_path), "PATH": path, "KEYRING_LOG": str(tmp_path / "asked")}


def test_a_variable_goes_before_all(environment: dict[str, str]) -> None:
    assert find_secret("TOKEN", URL, {**environment, "TOKEN": "a:b"}) == "a:b"


def test_a_netrc_file_goes_before_a_keyring(environment: dict[str, str], tmp_path: Path) -> None:
    assert find_secret("TOKEN", URL, environment) == "me:word"
    assert not (tmp_path / "asked").exists()


def test_a_netrc_file_may_lie_elsewhere(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "other").write_text("machine pypi.example.com login you password sesame\n")

    assert (
        find_secret("TOKEN", URL, {**environment, "NETRC": str(tmp_path / "other")}) == "you:sesame"
    )


@pytest.mark.parametrize("content", ["machine other.example login a password b", "machine a b c d"])
def test_a_keyring_is_asked_for_the_address_and_then_for_its_host(
    environment: dict[str, str], tmp_path: Path, content: str
) -> None:
    (tmp_path / ".netrc").write_text(content)

    assert find_secret("TOKEN", URL, environment) == "ring:word"
    assert (tmp_path / "asked").read_text().split() == [URL, "pypi.example.com"]


def test_what_nobody_knows_is_none(environment: dict[str, str]) -> None:
    assert find_secret("TOKEN", "https://elsewhere.example/simple", environment) is None
    assert find_secret("TOKEN", URL, {"PATH": "/usr/bin:/bin"}) is None


def test_what_a_default_entry_has_is_for_no_host(environment: dict[str, str]) -> None:
    assert borrow("https://elsewhere.example/simple", environment) is None


def test_nothing_is_borrowed_for_public_hosts(environment: dict[str, str]) -> None:
    assert borrow(URL, environment) == "me:word"
    assert borrow("https://pypi.org/simple", environment) is None


def test_secrets_of_a_build_are_found_by_their_names(environment: dict[str, str]) -> None:
    secrets = {URL: "PETS", "https://elsewhere.example/c": "TOYS", "https://x.example": "OTHER"}
    known = {**environment, "OTHER": "x:y"}

    assert find_secrets(secrets, ["PETS", "TOYS"], known) == {"PETS": "me:word"}
