"""What only credentials can fetch: packages of channels and indexes with secrets, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from envc.canonical import Json
from envc.lock.package import CondaPackage, PipPackage
from envc.mirror import MirrorMap

__all__ = ["is_private", "private_row", "secret_of"]


def secret_of(package: CondaPackage | PipPackage, secrets: Mapping[str, str]) -> str | None:
    """Return the name of the secret of a package's channel or index; None where it has none."""
    return secrets.get(_source(package))


def is_private(package: CondaPackage | PipPackage, secrets: Mapping[str, str]) -> bool:
    """Say whether only credentials can fetch a package.

    A channel or an index may offer files of another host, which must not see its credentials.

    Args:
        secrets: The names of the secrets of channels and indexes, by their addresses.
    """
    is_open = secret_of(package, secrets) is None
    return not is_open and _host(package.url) == _host(_source(package))


def private_row(
    package: CondaPackage | PipPackage, secrets: Mapping[str, str], mirrors: MirrorMap
) -> dict[str, Json]:
    """Return what `fetch.py` has to know of a private package: channels log in in ways of their own."""
    return {
        "file": package.filename,
        "from": "channel" if isinstance(package, CondaPackage) else "index",
        "secret": secrets[_source(package)],
        "sha256": package.sha256,
        "url": mirrors.to_mirror(package.url or ""),
    }


def _source(package: CondaPackage | PipPackage) -> str:
    return package.channel if isinstance(package, CondaPackage) else package.index or ""


def _host(url: str | None) -> tuple[str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc
