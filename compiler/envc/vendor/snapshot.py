"""Debian packages that have left their archive, sought where Debian keeps everything it ever published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from envc.lock.package import SystemPackage
from envc.mirror import MirrorMap
from envc.registry.transport import proxies_for

if TYPE_CHECKING:
    import requests

__all__ = ["seek"]

_SNAPSHOT = "http://snapshot.debian.org"
_TIMEOUT_S = 30.0


def seek(
    package: SystemPackage,
    session: requests.Session,
    mirrors: MirrorMap,
    environment: Mapping[str, str],
) -> str | None:
    """Return where a package of this version lies at snapshot.debian.org; None where it does not.

    What lies there is found by name, version and architecture, and told by SHA-1
    (https://salsa.debian.org/snapshot-team/snapshot/blob/master/API); whoever fetches it verifies it
    by the lock's SHA-256.
    """
    version = quote(package.version, safe="")
    path = f"/mr/binary/{quote(package.name, safe='')}/{version}/binfiles"
    url = mirrors.to_mirror(f"{_SNAPSHOT}{path}")
    import requests

    try:
        answer = session.get(url, proxies=proxies_for(url, environment), timeout=_TIMEOUT_S)
        rows: Any = answer.json().get("result", []) if answer.ok else []
    except (requests.exceptions.RequestException, ValueError, AttributeError):
        return None
    for row in rows:
        if row.get("architecture") in {package.architecture, "all"} and row.get("hash"):
            return f"{_SNAPSHOT}/file/{row['hash']}"
    return None
