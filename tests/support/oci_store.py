"""A registry on the loopback that takes pushes, with or without the referrers API, and fails on demand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["Entry", "OciStore"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a registry keeps under a name."""

    media_type: str
    content: bytes


@dataclass
class OciStore:
    """Takes blobs and manifests (OCI distribution-spec 1.1); use it in a `with` block.

    Attributes:
        has_referrers: Whether it has the referrers API.
        refusals: Statuses that answer the next requests of a method, in place of real answers.
        lost: How many writes of a tag are overwritten by somebody else's older state.
        seen: Methods and paths, in order.
    """

    has_referrers: bool = True
    refusals: dict[str, list[int]] = field(default_factory=dict)
    lost: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def __enter__(self) -> OciStore:
        self._server = LoopbackServer(_handler(self))
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        """The host and port that image references name."""
        return self._server.host

    def json(self, path: str) -> dict[str, Any]:
        """Return a manifest or an index, by `REPOSITORY/manifests/NAME`."""
        document = json.loads(self.entries[path].content)
        assert isinstance(document, dict)
        return document

    def answer(
        self, method: str, address: str, media_type: str, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for a request."""
        parts = urlsplit(address)
        path = parts.path.removeprefix("/v2/")
        self.seen.append(f"{method} {path}")
        if self.refusals.get(method):
            return self.refusals[method].pop(0), {}, b"no room"
        if method == "POST":
            return 202, {"Location": f"{parts.path}session?state=1"}, b""
        if method == "PUT":
            return self._put(path, parts.query, Entry(media_type=media_type, content=body))
        repository, kind, name = path.rsplit("/", 2)
        if kind == "tags":
            return self._list_tags(repository)
        if kind == "referrers":
            return self._list(repository, name)
        found = self.entries.get(path)
        if found is None:
            return 404, {}, b"{}"
        headers = {"Content-Type": found.media_type, "Docker-Content-Digest": digest(found.content)}
        return 200, headers, found.content

    def _put(self, path: str, query: str, entry: Entry) -> tuple[int, dict[str, str], bytes]:
        if "/blobs/uploads/" in path:
            (claimed,) = parse_qs(query)["digest"]
            if claimed != digest(entry.content):
                return 400, {}, b"digest invalid"
            self.entries[f"{path.partition('/blobs/')[0]}/blobs/{claimed}"] = entry
            return 201, {}, b""
        repository, _, name = path.rsplit("/", 2)
        if not name.startswith("sha256:") and self.lost:
            self.lost -= 1
            return 201, {}, b""
        self.entries[path] = entry
        self.entries[f"{repository}/manifests/{digest(entry.content)}"] = entry
        subject = json.loads(entry.content).get("subject")
        told = {"OCI-Subject": subject["digest"]} if subject and self.has_referrers else {}
        return 201, told, b""

    def _list_tags(self, repository: str) -> tuple[int, dict[str, str], bytes]:
        above = f"{repository}/manifests/"
        names = [path.removeprefix(above) for path in self.entries if path.startswith(above)]
        tags = sorted(name for name in names if ":" not in name)
        return 200, {}, json.dumps({"name": repository, "tags": tags}).encode()

    def put(self, repository: str, kind: str, content: bytes, tag: str = "") -> str:
        """Put in content by its digest, and a manifest by a tag too, and return the digest."""
        media_type = "application/vnd.oci.image.manifest.v1+json" if kind == "manifests" else ""
        for name in filter(None, (digest(content), tag)):
            self.entries[f"{repository}/{kind}/{name}"] = Entry(
                media_type=media_type, content=content
            )
        return digest(content)

    def _list(self, repository: str, subject: str) -> tuple[int, dict[str, str], bytes]:
        if not self.has_referrers:
            return 404, {}, b"page not found"
        found = []
        for path, entry in self.entries.items():
            if not path.startswith(f"{repository}/manifests/sha256:"):
                continue
            document = json.loads(entry.content)
            if document.get("subject", {}).get("digest") == subject:
                found.append(
                    {
                        "digest": path.rpartition("/")[2],
                        "artifactType": document["artifactType"],
                        "annotations": document["annotations"],
                    }
                )
        return 200, {}, json.dumps({"schemaVersion": 2, "manifests": found}).encode()


def digest(content: bytes) -> str:
    """Return what a registry calls content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _handler(store: OciStore) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            media_type = self.headers.get("Content-Type") or ""
            body = self.rfile.read(length)
            self.reply(*store.answer(self.command, self.path, media_type, body))

        do_POST = do_PUT = do_HEAD = do_GET

    return Handler
