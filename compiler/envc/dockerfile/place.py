"""The `--platform` of a FROM as what a stage's programs run on."""

from __future__ import annotations

from collections.abc import Mapping

from envc.dockerfile.word import WordError, expand

__all__ = ["BUILDER", "read_place"]

BUILDER = "linux/builder"
"""Stands for the platform of whoever builds, which nobody knows when a Dockerfile is read."""

_SYSTEM, _, _ARCHITECTURE = BUILDER.partition("/")
_BUILDERS = {
    "BUILDPLATFORM": BUILDER,
    "BUILDOS": _SYSTEM,
    "BUILDARCH": _ARCHITECTURE,
    "BUILDVARIANT": "",
}


def read_place(option: str, variables: Mapping[str, str | None]) -> str | None:
    """Return the platform that an option says; None where it says none, or nothing clear.

    Args:
        variables: Those of the Dockerfile, and those that BuildKit sets of the target's platform.

    >>> read_place("linux/$BUILDARCH", {}), read_place("arm64/v8", {}), read_place("$X", {})
    ('linux/builder', 'linux/arm64', None)
    """
    try:
        text = expand(option, {**variables, **_BUILDERS}.get)
    except WordError:
        return None
    # https://github.com/containerd/platforms: a system may stand first, and a variant last.
    parts = [part for part in text.split("/") if part]
    if parts and parts[0] != _SYSTEM:
        parts.insert(0, _SYSTEM)
    return "/".join(parts[:2]) if len(parts) > 1 else None
