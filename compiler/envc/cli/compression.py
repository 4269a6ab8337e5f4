"""`--compression`: how the layers of what is built are stored."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from envc import pipeline
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

__all__ = ["add_compression", "compression_of"]

_VARIABLE = "ENVC_COMPRESSION"
_DEFAULT = pipeline.COMPRESSIONS[0]


def add_compression(parser: argparse.ArgumentParser) -> None:
    """Describe how layers are stored."""
    parser.add_argument(
        "--compression",
        choices=pipeline.COMPRESSIONS,
        help="how the layers of what is built are stored: the manifest's digest depends on it, the env "
        f"id does not; default: {_VARIABLE}, else {_DEFAULT}, which everything reads",
    )


def compression_of(
    arguments: argparse.Namespace, environment: Mapping[str, str]
) -> pipeline.Compression:
    """Return how layers are to be stored.

    Raises:
        UsageError: The variable names nothing that there is (E683).
    """
    asked = arguments.compression or environment.get(_VARIABLE) or _DEFAULT
    for known in pipeline.COMPRESSIONS:
        if asked == known:
            return known
    names = " or ".join(f"`{name}`" for name in pipeline.COMPRESSIONS)
    problem = Diagnostic(
        code="E683",
        message=f"`{_VARIABLE}` is `{asked}`, and no layer can be stored so",
        hint=f"set it to {names}",
    )
    raise UsageError([problem])
