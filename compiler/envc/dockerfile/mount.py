"""A mount that whoever builds has to hold something for: a secret, or an agent of SSH."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Literal, TypeAlias

from envc.frozen import frozen
from envc.source import Span

__all__ = ["AGENT", "HELD_KINDS", "Held", "HeldKind", "MountError", "read_held"]

HeldKind: TypeAlias = Literal["secret", "ssh"]
HELD_KINDS: Mapping[str, HeldKind] = {"secret": "secret", "ssh": "ssh"}
AGENT = "default"
"""The id that BuildKit gives a mount of an agent which names none."""

_TRUE, _FALSE = frozenset({"1", "t", "true", ""}), frozenset({"0", "f", "false"})


class MountError(Exception):
    """A mount cannot be taken over: what is wrong with it, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Take both as a diagnostic has them."""
        super().__init__(message)
        self.message = message
        self.hint = hint


@frozen
class Held:
    """What a step needs of whoever builds.

    Attributes:
        id: The name that the step asks for it by.
        required: Whether it cannot do without; only a step that says `required=false` can.
        span: The step.
    """

    kind: HeldKind
    id: str
    required: bool
    span: Span


def read_held(options: Mapping[str, str], span: Span) -> Held | None:
    """Return what a mount needs, given its fields; None where it is of another kind.

    As BuildKit reads them: https://docs.docker.com/reference/dockerfile/#run---mounttypesecret. But a
    secret that is not there is an error, unless the mount says that it need not be.

    Raises:
        MountError: What it needs cannot be told from its text.
    """
    kind = HELD_KINDS.get(options.get("type", ""))
    if kind is None:
        return None
    find = _id_of_secret if kind == "secret" else _id_of_agent
    name, required = find(options), options.get("required")
    if "$" in name or "$" in (required or ""):
        message = f"a {kind} mount depends on a variable, and what it needs has to be known before"
        raise MountError(message, "write out its `id`, and `required`")
    lowered = (required if required is not None else "true").lower()
    if lowered not in _TRUE | _FALSE:
        raise MountError(f"`required={required}` says neither yes nor no", "write `required=true`")
    if kind == "ssh" and name != AGENT:
        message = (
            f"a step of the base asks for the SSH agent `{name}`, and builds pass on one agent"
        )
        raise MountError(message, f"leave `id` out: the agent of SSH_AUTH_SOCK is `{AGENT}`")
    return Held(kind=kind, id=name, required=lowered in _TRUE, span=span)


def _id_of_secret(options: Mapping[str, str]) -> str:
    named = options.get("source") or options.get("src") or options.get("id")
    if named:
        return named
    target = options.get("target") or options.get("dst") or options.get("destination") or ""
    if not posixpath.basename(target):
        raise MountError("a secret mount says neither which secret nor where", "give it an `id`")
    return posixpath.basename(target)


def _id_of_agent(options: Mapping[str, str]) -> str:
    return options.get("id") or AGENT
