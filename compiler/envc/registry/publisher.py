"""Content pushed to registries: blobs and manifests, each by its digest."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from envc.errors import ToolError
from envc.frozen import frozen
from envc.reference import ImageReference
from envc.registry.asked import Asked, explain_deletion, explain_failure, explain_push
from envc.registry.exchange import Answer, Exchange

__all__ = ["Descriptor", "Publisher", "sha256_digest"]

_OK, _CREATED, _ACCEPTED, _NO_CONTENT, _NOT_FOUND = 200, 201, 202, 204, 404
_UNSUPPORTED = frozenset({400, 405, 501})
_TAKEN = frozenset({_OK, _CREATED, _ACCEPTED})


@frozen
class Descriptor:
    """What a manifest says of content (OCI image-spec, descriptor.md); `size` is in bytes."""

    media_type: str
    digest: str
    size: int

    def as_json(self) -> dict[str, Any]:
        """Return it as manifests have it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Publisher:
    """One repository of a registry, which content is pushed to.

    Every method raises ToolError where the registry wants other credentials (E380), cannot be
    reached (E382), fails (E383), or does not take what is pushed (E385).
    """

    def __init__(
        self,
        repository: ImageReference,
        *,
        environment: Mapping[str, str],
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Remember where to push; nothing is loaded or asked yet.

        Args:
            repository: Its tag and its digest do not count.
            environment: Says where Docker's credentials lie, and names proxies and certificates.
            sleep: Waits between attempts.
            tell: Told why it waits, each time.
        """
        self._exchange = Exchange(
            environment=environment, timeout_s=timeout_s, sleep=sleep, tell=tell
        )
        self._asked = Asked(reference=repository, source=repository, actions="pull,push")
        self._deleting = Asked(reference=repository, source=repository, actions="delete,pull")

    def get(self, path: str, *, accept: str) -> Answer | None:
        """Return what lies below the repository's address, or None where nothing does."""
        answer = self._exchange.send(self._asked, "GET", path, headers={"Accept": accept})
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise ToolError([explain_failure(self._asked, answer.status)])
        return answer

    def has(self, path: str, *, accept: str) -> bool:
        """Say whether something lies below the repository's address."""
        answer = self._exchange.send(self._asked, "HEAD", path, headers={"Accept": accept})
        if answer.status not in (_OK, _NOT_FOUND):
            raise ToolError([explain_failure(self._asked, answer.status)])
        return answer.status == _OK

    def push_blob(self, content: bytes, media_type: str) -> Descriptor:
        """Push content unless it is there, in one piece, and return what describes it.

        https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put
        """
        digest = sha256_digest(content)
        described = Descriptor(media_type=media_type, digest=digest, size=len(content))
        self._upload(digest, content)
        return described

    def push_file(self, file: Path, described: Descriptor) -> Descriptor:
        """Push what is in a file unless it is there, read while it is sent, and return what describes it.

        Args:
            file: Not empty.
            described: Its digest and size are known before.

        Raises:
            OSError: The file cannot be read.
        """
        self._upload(described.digest, file)
        return described

    def _upload(self, digest: str, content: bytes | Path) -> None:
        if self.has(f"blobs/{digest}", accept="*/*"):
            return
        begun = self._exchange.send(self._asked, "POST", "blobs/uploads/", headers={})
        location = begun.headers.get("location", "")
        if begun.status != _ACCEPTED or not location:
            raise ToolError([explain_push(self._asked, begun.status, begun.body)])
        whole = urljoin(self._exchange.address(self._asked, "blobs/uploads/"), location)
        place = f"{whole}{'&' if '?' in whole else '?'}digest={digest}"
        headers = {"Content-Type": "application/octet-stream"}
        done = self._exchange.send(self._asked, "PUT", place, headers=headers, body=content)
        if done.status not in _TAKEN:
            raise ToolError([explain_push(self._asked, done.status, done.body)])

    def push_manifest(self, name: str, content: bytes, media_type: str) -> Mapping[str, str]:
        """Push a manifest or an index under a tag or its digest, and return the answer's headers."""
        headers = {"Content-Type": media_type}
        done = self._exchange.send(
            self._asked, "PUT", f"manifests/{name}", headers=headers, body=content
        )
        if done.status not in _TAKEN:
            raise ToolError([explain_push(self._asked, done.status, done.body)])
        return done.headers

    def delete_manifest(self, digest: str) -> bool:
        """Delete a manifest with all tags that point at it, and say whether it was there.

        https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests

        Raises:
            ToolError: The registry deletes nothing (E675).
        """
        done = self._exchange.send(self._deleting, "DELETE", f"manifests/{digest}", headers={})
        if done.status in (_OK, _ACCEPTED, _NO_CONTENT):
            return True
        if done.status == _NOT_FOUND:
            return False
        if done.status in _UNSUPPORTED:
            raise ToolError([explain_deletion(self._asked, done.status)])
        raise ToolError([explain_failure(self._asked, done.status)])


def sha256_digest(content: bytes) -> str:
    """Return the digest of content as registries have it: `sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
