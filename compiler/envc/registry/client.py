"""Registries asked: a reference and a platform become a manifest, or a diagnostic that says why not."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError, ToolError
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.registry.authorization import Challenge, authorize
from envc.registry.credential import load_credentials
from envc.registry.manifest import (
    ACCEPT,
    Manifest,
    is_index,
    is_manifest,
    list_platforms,
    load,
    select,
)
from envc.registry.transport import is_loopback, open_session, proxies_for, root_cause
from envc.source import Span

if TYPE_CHECKING:
    import requests

__all__ = ["Registry", "mirror_reference"]

# The OCI distribution specification asks registries to take manifests of 4 MiB; none need be larger.
_MAX_BYTES = 4 * 1024 * 1024
_ATTEMPTS, _ATTEMPTS_UNREACHABLE = 4, 2
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 20.0
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_HTTP_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 401, 403, 404, 429
_PASSING = frozenset({_TOO_MANY, 500, 502, 503, 504})


def mirror_reference(reference: ImageReference, mirrors: MirrorMap) -> ImageReference:
    """Return where to fetch an image from: the reference itself where no mirror stands for it.

    >>> mirrors = MirrorMap.parse(["docker.io=localhost:5000"])
    >>> str(mirror_reference(ImageReference.parse("python:3.12"), mirrors))
    'localhost:5000/library/python:3.12'
    """
    name = mirrors.to_mirror(f"{reference.registry}/{reference.repository}")
    registry, _, repository = name.partition("/")
    return replace(reference, registry=registry, repository=repository)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One question: the canonical reference for the user, the mirrored one for the wire."""

    reference: ImageReference
    source: ImageReference
    span: Span | None

    def diagnose(self, code: str, message: str, *, hint: str, notes: tuple[str, ...]) -> Diagnostic:
        labels = (Label(span=self.span),) if self.span is not None else ()
        via = (f"asked {self.source}",) if self.source != self.reference else ()
        return Diagnostic(code=code, message=message, labels=labels, notes=via + notes, hint=hint)


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
    ) -> None:
        """Remember how to ask; nothing is loaded or asked yet.

        Args:
            environment: Says where Docker's credentials lie, and names proxies and certificates.
            mirrors: From canonical to reachable names, such as `docker.io` to `localhost:5000`.
            sleep: Waits between attempts.
        """
        self.mirrors = mirrors if mirrors is not None else MirrorMap()
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._opened: requests.Session | None = None
        self._authorizations: dict[tuple[str, str], str] = {}
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
            source = mirror_reference(reference, self.mirrors)
            asked = _Asked(reference=reference, source=source, span=span)
            self._manifests[key] = self._resolve(asked, platform)
        return self._manifests[key]

    def _resolve(self, asked: _Asked, platform: Platform) -> Manifest:
        wanted = asked.source.digest or asked.source.tag or "latest"
        digest, media_type, document = self._manifest(asked, wanted, asked.source.digest)
        if is_index(media_type):
            chosen = select(document, platform)
            if chosen is None:
                raise InputError([_explain_platform(asked, platform, list_platforms(document))])
            digest, media_type, document = self._manifest(asked, chosen, chosen)
        config = document.get("config")
        if not is_manifest(media_type) or not isinstance(config, dict):
            raise ToolError([_explain_answer(asked, f"its media type is `{media_type}`")])
        blob = str(config.get("digest"))
        body, _ = self._get(asked, f"blobs/{blob}", accept="*/*")
        manifest = Manifest(digest=digest, media_type=media_type, config=_verify(asked, body, blob))
        offered = f"{manifest.config.get('os')}/{manifest.config.get('architecture')}"
        if offered != platform.name:
            raise InputError([_explain_platform(asked, platform, (offered,))])
        return manifest

    def _manifest(
        self, asked: _Asked, wanted: str, digest: str | None
    ) -> tuple[str, str, dict[str, Any]]:
        """Return a manifest's digest, media type and content, its bytes checked."""
        body, headers = self._get(asked, f"manifests/{wanted}", accept=ACCEPT)
        expected = digest or headers.get("docker-content-digest")
        expected = expected or f"sha256:{hashlib.sha256(body).hexdigest()}"
        document = _verify(asked, body, expected)
        stated = headers.get("content-type", "").partition(";")[0].strip()
        return expected, str(document.get("mediaType") or stated), document

    def _get(self, asked: _Asked, path: str, *, accept: str) -> tuple[bytes, Mapping[str, str]]:
        """Return a body and its headers; keys of the latter are in lower case."""
        source = asked.source
        host = _HUB_HOST if source.registry == _HUB else source.registry
        scheme = "http" if is_loopback(source.registry) else "https"
        url = f"{scheme}://{host}/v2/{source.repository}/{path}"
        key = (source.registry, source.repository)
        headers = {"Accept": accept}
        if key in self._authorizations:
            headers["Authorization"] = self._authorizations[key]
        status, body, answer = self._ask(asked, "GET", url, headers=headers)
        if status == _UNAUTHORIZED and "www-authenticate" in answer:
            authorization = self._authorize(asked, answer["www-authenticate"])
            if authorization is not None:
                self._authorizations[key] = authorization
                headers["Authorization"] = authorization
                status, body, answer = self._ask(asked, "GET", url, headers=headers)
        if status == _NOT_FOUND:
            raise InputError([_explain_missing(asked)])
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            raise ToolError([_explain_refusal(asked, status)])
        if status != _HTTP_OK:
            raise ToolError([_explain_failure(asked, status)])
        return body, answer

    def _authorize(self, asked: _Asked, header: str) -> str | None:
        def ask(
            method: str,
            url: str,
            *,
            headers: Mapping[str, str],
            query: Mapping[str, str] | None,
            form: Mapping[str, str] | None,
        ) -> dict[str, Any]:
            status, body, _ = self._ask(asked, method, url, headers=headers, query=query, form=form)
            if status in (_UNAUTHORIZED, _FORBIDDEN):
                raise ToolError([_explain_refusal(asked, status)])
            if status != _HTTP_OK:
                raise ToolError([_explain_failure(asked, status)])
            try:
                return load(body)
            except ValueError as error:
                reason = f"its token server's answer is {error}"
                raise ToolError([_explain_answer(asked, reason)]) from error

        credentials = load_credentials(asked.source.registry, self._environment)
        scope = f"repository:{asked.source.repository}:pull"
        return authorize(Challenge.parse(header), credentials, scope, ask)

    def _ask(
        self,
        asked: _Asked,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send a request until it is answered, or has failed too often to be worth another try."""
        import requests

        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._session.request(
                    method,
                    url,
                    headers=dict(headers),
                    params=query,
                    data=form,
                    proxies=proxies_for(url, self._environment),
                    timeout=self._timeout_s,
                    stream=True,
                ) as response:
                    body = _read(asked, response)
            except requests.exceptions.SSLError as error:
                raise ToolError([_explain_certificate(asked, error)]) from error
            except requests.exceptions.RequestException as error:
                if attempt >= _ATTEMPTS_UNREACHABLE:
                    raise ToolError([_explain_unreachable(asked, error)]) from error
                wait_s = pause_s
            else:
                answer = {name.lower(): value for name, value in response.headers.items()}
                if response.status_code not in _PASSING or attempt == _ATTEMPTS:
                    return response.status_code, body, answer
                wait_s = max(pause_s, _retry_after(answer))
            self._sleep(min(wait_s, _LONGEST_PAUSE_S))
            pause_s *= 2
        raise AssertionError("the last attempt returns or raises")

    @property
    def _session(self) -> requests.Session:
        if self._opened is None:
            self._opened = open_session(self._environment)
        return self._opened


def _read(asked: _Asked, response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise ToolError([_explain_answer(asked, f"it is longer than {_MAX_BYTES} bytes")])
    return bytes(body)


def _retry_after(answer: Mapping[str, str]) -> float:
    text = answer.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0


def _verify(asked: _Asked, body: bytes, digest: str) -> dict[str, Any]:
    actual = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if digest != actual:
        reason = f"its bytes are {actual} and should be {digest}"
        raise ToolError([_explain_answer(asked, reason)])
    try:
        return load(body)
    except ValueError as error:
        raise ToolError([_explain_answer(asked, str(error))]) from error


def _explain_missing(asked: _Asked) -> Diagnostic:
    image = asked.reference.familiar
    hint = f"look at the tags that `{asked.reference.registry}` has, or check the spelling"
    return asked.diagnose("E370", f"there is no image `{image}`", hint=hint, notes=())


def _explain_platform(asked: _Asked, platform: Platform, offered: tuple[str, ...]) -> Diagnostic:
    image = asked.reference.familiar
    names = ", ".join(offered) if offered else "none"
    return asked.diagnose(
        "E371",
        f"the image `{image}` does not exist for `{platform.name}`",
        notes=(f"it exists for: {names}",),
        hint=f"take another base, or leave `{platform.name}` out of `platforms`",
    )


def _explain_refusal(asked: _Asked, status: int) -> Diagnostic:
    registry = asked.source.registry
    what = "wants other credentials" if status == _UNAUTHORIZED else "forbids access"
    return asked.diagnose(
        "E380",
        f"`{registry}` {what} for the image `{asked.reference.familiar}`",
        hint=f"run `docker login {registry}`; some registries answer so for an image that does not exist",
        notes=(f"it answered with status {status}",),
    )


def _explain_unreachable(asked: _Asked, error: Exception) -> Diagnostic:
    registry = asked.source.registry
    return asked.diagnose(
        "E382",
        f"the registry `{registry}` cannot be reached",
        hint="check the network and the proxy, or name a mirror",
        notes=(root_cause(error),),
    )


def _explain_certificate(asked: _Asked, error: Exception) -> Diagnostic:
    registry = asked.source.registry
    return asked.diagnose(
        "E382",
        f"the certificate of the registry `{registry}` is not trusted",
        hint="let `REQUESTS_CA_BUNDLE` or `SSL_CERT_FILE` name a file with its authority",
        notes=(root_cause(error),),
    )


def _explain_failure(asked: _Asked, status: int) -> Diagnostic:
    registry = asked.source.registry
    if status == _TOO_MANY:
        message = f"the registry `{registry}` allows no more requests for now"
        hint = f"wait, run `docker login {registry}` for a higher limit, or name a mirror"
    else:
        message = f"the registry `{registry}` failed with status {status}"
        hint = "try again later, or name a mirror"
    return asked.diagnose("E383", message, hint=hint, notes=())


def _explain_answer(asked: _Asked, reason: str) -> Diagnostic:
    registry = asked.source.registry
    return asked.diagnose(
        "E384",
        f"the registry `{registry}` did not answer with `{asked.reference.familiar}`",
        hint="something between here and the registry changes its answers: check proxy and mirror",
        notes=(reason,),
    )
