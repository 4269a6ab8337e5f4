"""Registries asked: a reference and a platform become a manifest, or a diagnostic that says why not."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from envc.errors import InputError, ToolError
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.registry.asked import (
    Asked,
    explain_answer,
    explain_failure,
    explain_missing,
    explain_platform,
    mirror_reference,
)
from envc.registry.exchange import Answer, Exchange
from envc.registry.manifest import (
    ACCEPT,
    Found,
    Manifest,
    is_index,
    is_manifest,
    list_platforms,
    load,
    select,
    total_size,
)
from envc.source import Span

__all__ = ["Registry"]

_HTTP_OK, _NOT_FOUND = 200, 404
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')


class Registry:
    """OCI registries under their canonical names, asked directly or through mirrors.

    Answers are kept for the life of the object, so that a reference is asked once per platform.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        mirrors: MirrorMap | None = None,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Remember how to ask; nothing is loaded or asked yet.

        Args:
            environment: Says where Docker's credentials lie, and names proxies and certificates.
            mirrors: From canonical to reachable names, such as `docker.io` to `localhost:5000`.
            sleep: Waits between attempts.
            tell: Told why it waits, each time.
        """
        self.mirrors = mirrors if mirrors is not None else MirrorMap()
        self._exchange = Exchange(
            environment=environment, timeout_s=timeout_s, sleep=sleep, tell=tell
        )
        self._manifests: dict[tuple[ImageReference, str], Manifest] = {}

    def resolve(
        self, reference: ImageReference, platform: Platform, *, span: Span | None = None
    ) -> Manifest:
        """Return the platform's manifest of an image: two requests, or three where there is an index.

        Args:
            span: Where the image is named, for diagnostics.

        Raises:
            InputError: There is no such image (E370), or none for this platform (E371).
            ToolError: The registry wants other credentials (E380), cannot be reached (E382), is
                overloaded or broken (E383), or answers what is not a manifest (E384).
        """
        key = (reference, platform.name)
        if key not in self._manifests:
            self._manifests[key] = self._resolve(self._question(reference, span), platform)
        return self._manifests[key]

    def find(self, reference: ImageReference, *, span: Span | None = None) -> Found:
        """Return what a reference names, an index or one platform's manifest: one request.

        Raises:
            InputError: There is no such image (E370).
            ToolError: As `resolve`.
        """
        return self._find(self._question(reference, span))

    def fetch(self, reference: ImageReference, path: str) -> bytes:
        """Return the bytes of a manifest or of a small blob of an image's repository, as they are.

        Args:
            path: `manifests/DIGEST` or `blobs/DIGEST`.

        Raises:
            InputError: There is no such thing (E370).
            ToolError: As `resolve`; or its bytes are others (E384).
        """
        asked = self._question(reference, None)
        accept = ACCEPT if path.startswith("manifests/") else "*/*"
        body = self._get(asked, path, accept=accept).body
        actual, digest = f"sha256:{hashlib.sha256(body).hexdigest()}", path.rpartition("/")[2]
        if actual != digest:
            reason = f"its bytes are {actual} and should be {digest}"
            raise ToolError([explain_answer(asked, reason)])
        return body

    def download(
        self, reference: ImageReference, digest: str, write: Callable[[bytes], object]
    ) -> int:
        """Hand on a blob of an image's repository while it comes, not verified; return its bytes.

        Raises:
            ToolError: As `resolve`.
        """
        asked = self._question(reference, None)
        return self._exchange.download(asked, f"blobs/{digest}", write)

    def tags(self, repository: ImageReference) -> tuple[str, ...]:
        """Return the tags of a repository, sorted: a request a page; of one that is not there, none.

        https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags

        Raises:
            ToolError: As `resolve`.
        """
        asked = self._question(repository, None)
        found: set[str] = set()
        path: str | None = "tags/list?n=1000"
        while path is not None:
            answer = self._exchange.send(asked, "GET", path, headers={"Accept": "application/json"})
            if answer.status == _NOT_FOUND:
                break
            if answer.status != _HTTP_OK:
                raise ToolError([explain_failure(asked, answer.status)])
            try:
                listed = load(answer.body).get("tags") or ()
            except ValueError as error:
                raise ToolError([explain_answer(asked, f"its tags are {error}")]) from error
            found.update(map(str, listed))
            following = _NEXT.search(answer.headers.get("link", ""))
            here = self._exchange.address(asked, "tags/list")
            path = urljoin(here, following[1]) if following and listed else None
        return tuple(sorted(found))

    def _question(self, reference: ImageReference, span: Span | None) -> Asked:
        source = mirror_reference(reference, self.mirrors)
        return Asked(reference=reference, source=source, span=span)

    def _resolve(self, asked: Asked, platform: Platform) -> Manifest:
        found = self._find(asked)
        index: str | None = None
        offered: tuple[str, ...] = (platform.name,)
        if is_index(found.media_type):
            index, offered = found.digest, list_platforms(found.document)
            chosen = select(found.document, platform)
            if chosen is None:
                raise InputError([explain_platform(asked, platform, offered)])
            found = self._manifest(asked, chosen, chosen)
        config = found.document.get("config")
        if not is_manifest(found.media_type) or not isinstance(config, dict):
            raise ToolError([explain_answer(asked, f"its media type is `{found.media_type}`")])
        blob = str(config.get("digest"))
        body = self._get(asked, f"blobs/{blob}", accept="*/*").body
        manifest = Manifest(
            digest=found.digest,
            media_type=found.media_type,
            config=_verify(asked, body, blob),
            index=index,
            platforms=offered,
            size_bytes=total_size(found.document),
        )
        own = f"{manifest.config.get('os')}/{manifest.config.get('architecture')}"
        if own != platform.name:
            raise InputError([explain_platform(asked, platform, (own,))])
        return manifest

    def _find(self, asked: Asked) -> Found:
        wanted = asked.source.digest or asked.source.tag or "latest"
        return self._manifest(asked, wanted, asked.source.digest)

    def _manifest(self, asked: Asked, wanted: str, digest: str | None) -> Found:
        """Return a manifest or an index, its bytes checked."""
        answer = self._get(asked, f"manifests/{wanted}", accept=ACCEPT)
        expected = digest or answer.headers.get("docker-content-digest")
        expected = expected or f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        document = _verify(asked, answer.body, expected)
        stated = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Found(
            digest=expected,
            media_type=str(document.get("mediaType") or stated),
            size=len(answer.body),
            document=document,
        )

    def _get(self, asked: Asked, path: str, *, accept: str) -> Answer:
        answer = self._exchange.send(asked, "GET", path, headers={"Accept": accept})
        if answer.status == _NOT_FOUND:
            raise InputError([explain_missing(asked)])
        if answer.status != _HTTP_OK:
            raise ToolError([explain_failure(asked, answer.status)])
        return answer


def _verify(asked: Asked, body: bytes, digest: str) -> dict[str, Any]:
    actual = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if digest != actual:
        reason = f"its bytes are {actual} and should be {digest}"
        raise ToolError([explain_answer(asked, reason)])
    try:
        return load(body)
    except ValueError as error:
        raise ToolError([explain_answer(asked, str(error))]) from error
