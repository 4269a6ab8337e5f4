"""Artefacts fetched side by side into a vendor folder: resumed, verified, and each only once."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, ToolError
from envc.files import sha256_of, unwritable
from envc.frozen import frozen
from envc.lock.package import SourcePackage
from envc.mirror import MirrorMap
from envc.registry.pace import read_pieces
from envc.registry.transport import open_session, proxies_for, root_cause
from envc.vendor.artefact import Artefact
from envc.vendor.folder import VendorFolder
from envc.vendor.snapshot import seek

if TYPE_CHECKING:
    import requests

__all__ = ["Downloads", "download"]

_SIDE_BY_SIDE = 8
_ATTEMPTS, _FIRST_PAUSE_S = 4, 0.5
_CONNECT_S = 15.0
_OK, _PARTIAL, _TOO_MANY, _BROKEN = 200, 206, 429, 500
_GONE = frozenset({404, 410})


@frozen
class Downloads:
    """How to fetch.

    Attributes:
        environment: Names proxies and certificates.
        mirrors: Where artefacts are fetched from instead.
        credentials: `user:password` or a token, by the names of secrets.
        get_commit: Returns a file that is the archive of a commit.
        sleep: Waits between attempts.
        silence_s: How long it may take until something more comes, or until it is clear that it comes
            too slowly.
        tell: Told why it waits before it asks again.
    """

    environment: Mapping[str, str]
    mirrors: MirrorMap
    credentials: Mapping[str, str]
    get_commit: Callable[[SourcePackage], Path]
    sleep: Callable[[float], None] = time.sleep
    silence_s: float = 60.0
    tell: Callable[[str], None] = lambda _: None


def download(
    folder: VendorFolder,
    artefacts: Sequence[Artefact],
    how: Downloads,
    report: Callable[[str], None],
) -> int:
    """Fetch what is not there yet, and return how many bytes came.

    What was fetched stays where another fails: the next call goes on from there.

    Args:
        report: Told of each artefact as it comes.

    Raises:
        ToolError: Artefacts cannot be fetched, or are not what the lock says (E471); or the folder
            cannot be written (E553).
    """
    missing = [one for one in artefacts if not folder.has(one.sha256, one.size)]
    if not missing:
        return 0
    done: list[int] = []
    problems: list[Diagnostic] = []
    with open_session(how.environment) as session, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        futures = {one.sha256: pool.submit(_fetch, folder, one, how, session) for one in missing}
        for number, one in enumerate(missing, start=1):
            try:
                done.append(futures[one.sha256].result())
            except EnvcError as error:
                problems += error.diagnostics
                continue
            report(f"{number:>{len(str(len(missing)))}}/{len(missing)}  {one.name}")
    if problems:
        raise ToolError(problems)
    return sum(done)


class _BrokenError(Exception):
    """An attempt has failed: whether another one is of no use, and whether there is no such file."""

    def __init__(self, reason: str, *, is_final: bool = False, is_gone: bool = False) -> None:
        self.reason, self.is_final, self.is_gone = reason, is_final, is_gone
        super().__init__(reason)


def _fetch(
    folder: VendorFolder, artefact: Artefact, how: Downloads, session: requests.Session
) -> int:
    if artefact.commit is not None:
        return _put_commit(folder, artefact.commit, how)
    part = folder.part(artefact.sha256)
    pause_s, reason = _FIRST_PAUSE_S, ""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            size = _attempt(part, artefact, how, session)
        except _BrokenError as error:
            reason = error.reason
            if error.is_gone and artefact.debian is not None:
                found = seek(artefact.debian, session, how.mirrors, how.environment)
                if found is not None:
                    kept = replace(artefact, url=found, debian=None)
                    return _fetch(folder, kept, how, session)
            if error.is_final or attempt == _ATTEMPTS:
                break
            how.tell(f"{artefact.name}: {reason}; asking again in {pause_s:.3g} s")
            how.sleep(pause_s)
            pause_s *= 2
        except OSError as error:
            raise unwritable(part, error) from error
        else:
            part.replace(folder.blob(artefact.sha256))
            return size
    raise ToolError([_explain(artefact, reason)])


def _put_commit(folder: VendorFolder, source: SourcePackage, how: Downloads) -> int:
    file = how.get_commit(source)
    try:
        with folder.writing(source.sha256) as target, file.open("rb") as archive:
            shutil.copyfileobj(archive, target)
    except OSError as error:
        raise unwritable(folder.blob(source.sha256), error) from error
    return file.stat().st_size


def _attempt(part: Path, artefact: Artefact, how: Downloads, session: requests.Session) -> int:
    """Fetch what is missing of a file, verify it, and return how many bytes came."""
    import requests

    url, opening = _authorized(artefact, how)
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", **opening}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        with session.get(
            url,
            headers=headers,
            proxies=proxies_for(url, how.environment),
            timeout=(_CONNECT_S, how.silence_s),
            stream=True,
        ) as response:
            status = response.status_code
            if status in {_OK, _PARTIAL}:
                with part.open("ab" if status == _PARTIAL else "wb") as file:
                    came = _copy(response, file, how.silence_s)
            else:
                # What there is may be all of it, or nonsense: the next attempt starts anew.
                part.unlink(missing_ok=True)
                is_passing = status >= _BROKEN or status == _TOO_MANY or start > 0
                gone = " (it is gone there)" if status in _GONE else ""
                raise _BrokenError(
                    f"status {status}{gone}", is_final=not is_passing, is_gone=bool(gone)
                )
    except requests.exceptions.RequestException as error:
        # A token may be part of the address, which errors tell.
        raise _BrokenError(root_cause(error).replace(url, artefact.url)) from error
    found = sha256_of(part)
    if found != artefact.sha256:
        part.unlink()
        raise _BrokenError(f"its bytes have the SHA-256 {found}", is_final=start == 0)
    part.chmod(0o644)
    return came


def _authorized(artefact: Artefact, how: Downloads) -> tuple[str, dict[str, str]]:
    """Return the address to ask, and the header that opens it, as channels and indexes take it.

    Both take `user:password`. A token alone is the password of `__token__` for an index, and a part
    of the address for a channel, which also takes `Bearer` and a token.
    """
    url = how.mirrors.to_mirror(artefact.url)
    value = how.credentials.get(artefact.secret or "")
    if (
        value is None
        or urlsplit(url).netloc != urlsplit(how.mirrors.to_mirror(artefact.source)).netloc
    ):
        return url, {}
    if artefact.is_channels and ":" not in value and " " not in value:
        parts = urlsplit(url)
        return parts._replace(path=f"/t/{value}{parts.path}").geturl(), {}
    if artefact.is_channels and value.startswith("Bearer "):
        return url, {"Authorization": value}
    pair = value if ":" in value else f"__token__:{value}"
    return url, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _copy(response: requests.Response, file: IO[bytes], patience_s: float) -> int:
    came = 0
    for piece in read_pieces(response, patience_s=patience_s):
        came += file.write(piece)
    return came


def _explain(artefact: Artefact, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E471",
        message=f"`{artefact.name}` cannot be fetched: {reason}",
        notes=(f"its address is {artefact.url}",),
        hint="try again, which goes on where this ended; or name a mirror, or lock anew",
    )
