"""Caches of steps in registries: how buildx is told of them, and what is said where one is no use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envc.build.report.event import Failure
from envc.build.terms import Compression
from envc.diagnostics import Diagnostic
from envc.engine.option import join_fields

__all__ = ["cache_source", "cache_target", "explain_caches"]

_REFUSED = re.compile(r"401|403|authori[sz]ation|denied|insufficient_scope", re.IGNORECASE)
_IMPORT = "importing cache manifest from "


def cache_source(reference: str) -> str:
    """Return how buildx is told to look for finished steps in an image of a registry.

    >>> cache_source("localhost:5000/cache:pets")
    'type=registry,ref=localhost:5000/cache:pets'
    """
    return join_fields(("type", "registry"), ("ref", reference))


def cache_target(reference: str, compression: Compression = "gzip") -> str:
    """Return how buildx is told to put finished steps into an image of a registry.

    `max` keeps the steps of all stages: nearly all work is in those before the last. The image is one
    by OCI's rules, which every registry takes, and a registry that is away fails no build
    (https://docs.docker.com/build/cache/backends/registry/). Layers are stored there as in the image:
    otherwise each would be compressed twice.
    """
    chosen = () if compression == "gzip" else (("compression", compression),)
    return join_fields(
        ("type", "registry"),
        ("ref", reference),
        ("mode", "max"),
        ("image-manifest", "true"),
        ("oci-mediatypes", "true"),
        *chosen,
        ("ignore-error", "true"),
    )


def explain_caches(failures: Sequence[Failure]) -> tuple[Diagnostic, ...]:
    """Return a warning (W680) for each cache that could not be read or written.

    One that is not there yet is none: the first build makes it.
    """
    return tuple(_explain(one) for one in failures if not _is_first(one))


def _is_first(failure: Failure) -> bool:
    return failure.name.startswith(_IMPORT) and failure.error.endswith(": not found")


def _explain(failure: Failure) -> Diagnostic:
    if failure.name.startswith(_IMPORT):
        message = f"the cache `{failure.name.removeprefix(_IMPORT)}` cannot be read"
    else:
        message = "the cache of steps cannot be written to its registry"
    hint = "check that the registry runs and that the builder reaches it"
    if _REFUSED.search(failure.error):
        hint = "log in to the registry with `docker login`, as somebody who may write there"
    return Diagnostic(
        code="W680",
        message=message,
        notes=(failure.error, "the build went on without it"),
        hint=hint,
    )
