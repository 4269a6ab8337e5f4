"""A question to a registry, and what can be wrong with its answer, told as diagnostics."""

from __future__ import annotations

from dataclasses import replace

from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.registry.handshake import explain_handshake
from envc.registry.transport import root_cause
from envc.source import Span

__all__ = [
    "Asked",
    "explain_answer",
    "explain_certificate",
    "explain_deletion",
    "explain_failure",
    "explain_missing",
    "explain_platform",
    "explain_push",
    "explain_refusal",
    "explain_unreachable",
    "mirror_reference",
]

_UNAUTHORIZED, _TOO_MANY = 401, 429
_SHOWN_BYTES = 300


def mirror_reference(reference: ImageReference, mirrors: MirrorMap) -> ImageReference:
    """Return where to fetch an image from: the reference itself where no mirror stands for it.

    >>> mirrors = MirrorMap.parse(["docker.io=localhost:5000"])
    >>> str(mirror_reference(ImageReference.parse("python:3.12"), mirrors))
    'localhost:5000/library/python:3.12'
    """
    name = mirrors.to_mirror(f"{reference.registry}/{reference.repository}")
    registry, _, repository = name.partition("/")
    return replace(reference, registry=registry, repository=repository)


@frozen
class Asked:
    """One question: the canonical reference for the user, the mirrored one for the wire.

    Attributes:
        span: Where the image is named, for diagnostics.
        actions: What the answer needs to be allowed: `pull`, or `pull,push`.
        token_server: The host that is asked for a token, which is another one than the registry's;
            None where the registry itself is asked.
    """

    reference: ImageReference
    source: ImageReference
    span: Span | None = None
    actions: str = "pull"
    token_server: str | None = None

    @property
    def whom(self) -> str:
        """Who is asked, as diagnostics say it."""
        own = f"the registry `{self.source.registry}`"
        return f"the token server `{self.token_server}` of {own}" if self.token_server else own

    @property
    def scope(self) -> str:
        """What is asked of a token server."""
        return f"repository:{self.source.repository}:{self.actions}"

    def diagnose(self, code: str, message: str, *, hint: str, notes: tuple[str, ...]) -> Diagnostic:
        """Return a diagnostic at the image's place; it tells of a mirror where there is one."""
        labels = (Label(span=self.span),) if self.span is not None else ()
        via = (f"asked {self.source}",) if self.source != self.reference else ()
        return Diagnostic(code=code, message=message, labels=labels, notes=via + notes, hint=hint)


def explain_missing(asked: Asked) -> Diagnostic:
    """Return the diagnostic for an image that is not there (E370)."""
    image = asked.reference.familiar
    hint = f"look at the tags that `{asked.reference.registry}` has, or check the spelling"
    return asked.diagnose("E370", f"there is no image `{image}`", hint=hint, notes=())


def explain_platform(asked: Asked, platform: Platform, offered: tuple[str, ...]) -> Diagnostic:
    """Return the diagnostic for an image that is not for a platform (E371)."""
    image = asked.reference.familiar
    names = ", ".join(offered) if offered else "none"
    return asked.diagnose(
        "E371",
        f"the image `{image}` does not exist for `{platform.name}`",
        notes=(f"it exists for: {names}",),
        hint=f"take another base, or leave `{platform.name}` out of `platforms`",
    )


def explain_refusal(asked: Asked, status: int) -> Diagnostic:
    """Return the diagnostic for credentials that are refused (E380)."""
    registry = asked.source.registry
    what = "wants other credentials" if status == _UNAUTHORIZED else "forbids access"
    return asked.diagnose(
        "E380",
        f"`{registry}` {what} for the image `{asked.reference.familiar}`",
        hint=f"run `docker login {registry}`; some registries answer so for an image that does not exist",
        notes=(f"it answered with status {status}",),
    )


def explain_unreachable(asked: Asked, error: Exception) -> Diagnostic:
    """Return the diagnostic for a registry that cannot be reached (E382)."""
    return asked.diagnose(
        "E382",
        f"{asked.whom} cannot be reached",
        hint="check the network and the proxy, or name a mirror",
        notes=(root_cause(error),),
    )


def explain_certificate(asked: Asked, error: Exception) -> Diagnostic:
    """Return the diagnostic for a certificate that is not trusted, or a host without one (E382)."""
    found = explain_handshake(error)
    message = f"{asked.whom} cannot be reached: no secure connection can be made"
    if found.is_distrust:
        message = f"the certificate of {asked.whom} is not trusted"
    return asked.diagnose("E382", message, hint=found.hint, notes=(found.note,))


def explain_failure(asked: Asked, status: int) -> Diagnostic:
    """Return the diagnostic for a registry that is overloaded or broken (E383)."""
    registry = asked.source.registry
    if status == _TOO_MANY:
        message = f"{asked.whom} allows no more requests for now"
        hint = f"wait, run `docker login {registry}` for a higher limit, or name a mirror"
    else:
        message = f"{asked.whom} failed with status {status}"
        hint = "try again later, or name a mirror"
    return asked.diagnose("E383", message, hint=hint, notes=())


def explain_answer(asked: Asked, reason: str) -> Diagnostic:
    """Return the diagnostic for an answer that is not what was asked for (E384)."""
    registry = asked.source.registry
    return asked.diagnose(
        "E384",
        f"the registry `{registry}` did not answer with `{asked.reference.familiar}`",
        hint="something between here and the registry changes its answers: check proxy and mirror",
        notes=(reason,),
    )


def explain_push(asked: Asked, status: int, body: bytes) -> Diagnostic:
    """Return the diagnostic for a registry that does not take what is pushed (E385)."""
    said = body[:_SHOWN_BYTES].decode("utf-8", "replace").strip()
    return asked.diagnose(
        "E385",
        f"the registry `{asked.source.registry}` does not take what is pushed to "
        f"`{asked.source.repository}`",
        hint="see that it is no read-only mirror, and that it has room",
        notes=(f"it answered with status {status}{f': {said}' if said else ''}",),
    )


def explain_deletion(asked: Asked, status: int) -> Diagnostic:
    """Return the diagnostic for a registry that deletes nothing (E675)."""
    registry = asked.source.registry
    return asked.diagnose(
        "E675",
        f"the registry `{registry}` does not delete images",
        hint="allow it there (`REGISTRY_STORAGE_DELETE_ENABLED=true` of Distribution), or use the "
        "registry's own rules for what it keeps",
        notes=(f"it answered with status {status}",),
    )
