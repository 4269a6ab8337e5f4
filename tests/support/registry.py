"""A registry on the loopback: manifests, indexes, three kinds of login, and failures on demand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from support.http_server import LoopbackServer, QuietHandler

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
USER, PASSWORD, TOKEN, IDENTITY_TOKEN = "ada", "hunter2-secret", "granted", "identity-secret"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    authorization: str
    form: Mapping[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An answer that stands in for the next real one."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeRegistry:
    """Serves what was put in; use it in a `with` block.

    Attributes:
        login: `none`, `basic`, `bearer` (an anonymous token will do), `bearer-login` or
            `bearer-identity`.
        realm: Where tokens are, in place of this server.
        failures: Taken one by one before real answers.
        seen: All requests, in order.
        extra: Headers of each real answer.
    """

    def __init__(self) -> None:
        self.login = "none"
        self.realm: str | None = None
        self.failures: list[Failure] = []
        self.seen: list[Seen] = []
        self.bodies: dict[str, tuple[str, bytes]] = {}
        self.extra: Mapping[str, str] = {}
        self._server = LoopbackServer(_handler(self))

    def __enter__(self) -> FakeRegistry:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        """The host and port that image references name."""
        return self._server.host

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [seen.path for seen in self.seen]

    def add_image(
        self,
        repository: str,
        tag: str | None,
        *,
        platform: str = "linux/amd64",
        variables: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        onbuild: Sequence[str] = (),
        layers: Mapping[str, int] | None = None,
    ) -> str:
        """Put in one platform's image and return its digest.

        Args:
            layers: The size of each layer, which is not there itself, by its name.
        """
        system, architecture = platform.split("/")
        config = _encode(
            {
                "os": system,
                "architecture": architecture,
                "config": {
                    "Env": list(variables),
                    "Labels": dict(labels or {}),
                    "OnBuild": list(onbuild),
                },
                **_describe_layers(layers or {}),
            }
        )
        self.bodies[f"{repository}/blobs/{_digest(config)}"] = ("application/octet-stream", config)
        manifest = _encode(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {"digest": _digest(config), "size": len(config)},
                "layers": [
                    {"digest": _digest(name.encode()), "size": size}
                    for name, size in (layers or {}).items()
                ],
            }
        )
        return self.put_manifest(repository, tag, OCI_MANIFEST, manifest)

    def add_index(self, repository: str, tag: str, manifests: Mapping[str, str]) -> str:
        """Put in an index of manifests by platform, which may have a variant, and return its digest."""
        entries = []
        for platform, digest in manifests.items():
            names = ("os", "architecture", "variant")
            entries.append(
                {"digest": digest, "platform": dict(zip(names, platform.split("/"), strict=False))}
            )
        index = _encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
        return self.put_manifest(repository, tag, OCI_INDEX, index)

    def put_manifest(self, repository: str, tag: str | None, media_type: str, body: bytes) -> str:
        """Put in bytes as a manifest and return their digest."""
        for name in filter(None, (tag, _digest(body))):
            self.bodies[f"{repository}/manifests/{name}"] = (media_type, body)
        return _digest(body)

    def answer(self, seen: Seen) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body for a request."""
        self.seen.append(seen)
        if self.failures:
            failure = self.failures.pop(0)
            return failure.status, failure.headers, b""
        if seen.path == "/token":
            return (200 if self._grants(seen) else 401), {}, _encode({"token": TOKEN})
        if not self._is_authorized(seen.authorization):
            return 401, {"WWW-Authenticate": self._challenge()}, b""
        media_type, body = self.bodies.get(seen.path.removeprefix("/v2/"), ("", b""))
        return (200, {"Content-Type": media_type, **self.extra}, body) if body else (404, {}, b"{}")

    def _challenge(self) -> str:
        if self.login == "basic":
            return 'Basic realm="fake"'
        realm = self.realm or f"http://{self.host}/token"
        return f'Bearer realm="{realm}",service="fake",scope="repository:pets:pull"'

    def _is_authorized(self, authorization: str) -> bool:
        if self.login == "none":
            return True
        return authorization == (_basic() if self.login == "basic" else f"Bearer {TOKEN}")

    def _grants(self, seen: Seen) -> bool:
        if self.login == "bearer-login":
            return seen.authorization == _basic()
        if self.login == "bearer-identity":
            return seen.form.get("refresh_token") == [IDENTITY_TOKEN]
        return True


def _handler(registry: FakeRegistry) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Seen(
                method=self.command,
                path=urlsplit(self.path).path,
                authorization=self.headers.get("Authorization") or "",
                form=parse_qs(self.rfile.read(length).decode()),
            )
            self.reply(*registry.answer(seen))

        do_POST = do_GET

    return Handler


def _describe_layers(layers: Mapping[str, int]) -> dict[str, object]:
    if not layers:
        return {}
    made: list[dict[str, object]] = [{"created_by": f"COPY {name}"} for name in layers]
    return {
        "rootfs": {"type": "layers", "diff_ids": [_digest(name.encode()) for name in layers]},
        "history": [*made, {"created_by": "LABEL", "empty_layer": True}],
    }


def _encode(data: object) -> bytes:
    return json.dumps(data, sort_keys=True).encode()


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _basic() -> str:
    return f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
