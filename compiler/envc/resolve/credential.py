"""What a secret of the spec holds: from the environment, from a netrc file, or from a keyring."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from envc.process import ProgramMissingError, run

__all__ = ["borrow", "find_secret", "find_secrets"]

_KEYRING_S = 60.0
_USER_AND_PASSWORD = 2
# Whoever publishes there has credentials that nobody needs for reading.
_PUBLIC = frozenset({"pypi.org", "test.pypi.org", "conda.anaconda.org", "repo.anaconda.com"})


def find_secret(name: str, url: str, environment: Mapping[str, str]) -> str | None:
    """Return what a secret holds: `user:password` or a token; None where nobody knows it.

    The environment variable of its name comes first. Then what the netrc file (`$NETRC`, or `.netrc`
    in the home) has for the address's host, its `default` apart, which is meant for no host in
    particular; then what `keyring` has for the address or its host, where that program is installed
    (https://github.com/jaraco/keyring).
    """
    if value := environment.get(name):
        return value
    return _ask_netrc(url, environment) or _ask_keyring(url, environment)


def find_secrets(
    secrets: Mapping[str, str], names: Iterable[str], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what secrets hold, by name; those that nobody knows are left out.

    Args:
        secrets: The names of secrets by the addresses that want them.
        names: Those that are wanted.
    """
    found: dict[str, str] = {}
    wanted = frozenset(names)
    for url, name in sorted(secrets.items()):
        if name in wanted and name not in found and (value := find_secret(name, url, environment)):
            found[name] = value
    return found


def borrow(url: str, environment: Mapping[str, str]) -> str | None:
    """Return what a netrc file has for an address that names no secret, or None.

    Of public hosts it has only what their authors publish with, and nothing is needed there.
    """
    return None if _host(url) in _PUBLIC else _ask_netrc(url, environment)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _ask_netrc(url: str, environment: Mapping[str, str]) -> str | None:
    path = _netrc_path(environment)
    if path is None or not path.is_file():
        return None
    import netrc

    try:
        hosts = netrc.netrc(str(path)).hosts
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
        # Whoever needs it is told that the secret is not set; others have no use for the file.
        return None
    login, _, password = hosts.get(_host(url), ("", "", ""))
    return f"{login}:{password}" if login and password else password or None


def _netrc_path(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get("NETRC"):
        return Path(named)
    home = environment.get("HOME")
    return Path(home, ".netrc") if home else None


def _ask_keyring(url: str, environment: Mapping[str, str]) -> str | None:
    program = _find_keyring(environment)
    if program is None:
        return None
    for service in (url, _host(url)):
        try:
            done = run(
                [program, "get", "--mode", "creds", service],
                environment=environment,
                timeout_s=_KEYRING_S,
            )
        except (ProgramMissingError, PermissionError, TimeoutError):
            return None
        lines = done.stdout.splitlines()
        if done.returncode == 0 and len(lines) == _USER_AND_PASSWORD and lines[1]:
            return ":".join(lines) if lines[0] else lines[1]
    return None


def _find_keyring(environment: Mapping[str, str]) -> str | None:
    """Return the program, on `PATH` or beside the Python that runs envc."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("keyring", path=os.pathsep.join([environment.get("PATH", ""), beside]))
