"""Images pulled and pushed by the engine, with the credentials that `docker login` stored."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.engine.failure import translated
from envc.errors import ToolError
from envc.platform import Platform
from envc.reference import ImageReference
from envc.registry.credential import load_credentials

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["PushRefusedError", "follow_push", "pull", "push"]

_REFUSAL = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|denied|\b40[13]\b",
    re.IGNORECASE,
)
_FINAL = re.compile(r"\b4(?!08|29)\d\d\b|HTTP response to HTTPS client|x509|tag is immutable")
_BEFORE = frozenset({"Preparing", "Waiting"})
# A registry that is there takes a layer's first bytes at once; to store a large one takes minutes.
_FIRST_PATIENCE_S, _PATIENCE_S = 60.0, 600.0
_PUSHED = re.compile(r"^\S+: digest: (sha256:[0-9a-f]{64}) size: ")


class PushRefusedError(Exception):
    """The engine could not push; its text is the engine's reason.

    Attributes:
        is_refusal: Whether the registry wants other credentials.
        is_final: Whether trying again would be of no use.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        """Judge a reason; one that is final for other reasons than its words is so in any case."""
        super().__init__(reason)
        self.is_refusal = bool(_REFUSAL.search(reason))
        self.is_final = is_final or self.is_refusal or bool(_FINAL.search(reason))


def pull(
    client: DockerClient,
    reference: ImageReference,
    platform: Platform,
    environment: Mapping[str, str],
) -> None:
    """Have the engine fetch an image: by its digest, where the reference has one.

    Raises:
        ToolError: The engine cannot (E604).
    """
    from docker.errors import APIError

    try:
        with translated(f"pull `{reference.familiar}`"):
            for line in client.api.pull(
                f"{reference.registry}/{reference.repository}",
                tag=reference.digest or reference.tag,
                platform=platform.name,
                auth_config=_credentials(reference.registry, environment),
                stream=True,
                decode=True,
            ):
                if "error" in line:
                    raise ToolError([_explain_pull(reference, str(line["error"]))])
    except ToolError as error:
        if isinstance(error.__cause__, APIError):
            reason = str(error.__cause__.explanation or error.__cause__)
            raise ToolError([_explain_pull(reference, reason)]) from error
        raise


def push(
    client: DockerClient,
    reference: ImageReference,
    environment: Mapping[str, str],
    tell: Callable[[str, int, int], None],
) -> str:
    """Have the engine send the image that has this name, and return its digest in the registry.

    Args:
        tell: Told of each layer's name, how many bytes of it are there, and of how many.

    Raises:
        PushRefusedError: The registry does not take it, or cannot be reached.
        ToolError: The engine went away (E601).
    """
    from docker.errors import APIError

    send: Callable[..., Iterator[Mapping[str, Any]]] = client.api.push
    try:
        with translated(f"push `{reference.familiar}`"):
            lines = send(
                f"{reference.registry}/{reference.repository}",
                tag=reference.tag,
                auth_config=_credentials(reference.registry, environment),
                stream=True,
                decode=True,
            )
            digest = follow_push(lines, tell)
    except ToolError as error:
        if isinstance(error.__cause__, APIError):
            reason = str(error.__cause__.explanation or error.__cause__)
            raise PushRefusedError(reason) from error
        raise
    if digest is None:
        raise PushRefusedError("the engine does not say that it was pushed")
    return digest


def follow_push(
    lines: Iterable[Mapping[str, Any]],
    tell: Callable[[str, int, int], None],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> str | None:
    """Return the digest under which an image lies in its registry now, or None where nobody says.

    Args:
        lines: What the engine answers, one object after the other.
        tell: Told of each layer's name, how many bytes of it are there, and of how many.

    Raises:
        PushRefusedError: It could not be pushed, or nothing has moved for too long.
    """
    digest = None
    states: dict[str, tuple[object, ...]] = {}
    has_begun, moved = False, clock()
    for line in lines:
        if "error" in line:
            raise PushRefusedError(str(line["error"]).strip())
        # An engine that waits for a registry says so again and again.
        patience_s = _PATIENCE_S if has_begun else _FIRST_PATIENCE_S
        if _is_news(line, states):
            is_sent = "id" in line and line.get("status") not in _BEFORE
            has_begun, moved = has_begun or is_sent, clock()
        elif clock() - moved > patience_s:
            reason = f"the registry has let the engine wait for {patience_s:.0f} s"
            raise PushRefusedError(reason, is_final=True)
        detail = line.get("progressDetail") or {}
        if line.get("id") and detail.get("total"):
            tell(str(line["id"]), int(detail.get("current") or 0), int(detail["total"]))
        # Engines that keep manifests say it in words, the others in a field.
        said = _PUSHED.search(str(line.get("status", "")))
        pushed = said[1] if said else (line.get("aux") or {}).get("Digest")
        digest = str(pushed) if pushed else digest
    return digest


def _is_news(line: Mapping[str, Any], states: dict[str, tuple[object, ...]]) -> bool:
    """Say whether a line says something else of its layer than the one before, and remember it."""
    name = str(line.get("id", ""))
    state = (line.get("status"), (line.get("progressDetail") or {}).get("current"))
    before, states[name] = states.get(name), state
    return before != state


def _credentials(registry: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what `docker login` stored for a registry, as the engine takes it."""
    stored = load_credentials(registry, environment)
    if stored is None:
        return {}
    if stored.identity_token:
        return {"identitytoken": stored.identity_token}
    return {"username": stored.username, "password": stored.password}


def _explain_pull(reference: ImageReference, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E604",
        message=f"the Docker engine cannot pull `{reference.familiar}`",
        notes=(reason,),
        hint=f"check the engine's network and proxy, or run `docker login {reference.registry}`",
    )
