"""What an image says of itself: to a script that runs in it, in its configuration, or by its name."""

from __future__ import annotations

import re
from dataclasses import field

from envc.frozen import frozen
from envc.reference import ImageReference
from envc.registry.manifest import Manifest
from envc.resolve.image.fitness import FITNESS_PROBE, Fitness, read_fitness
from envc.resolve.image.glibc import look_up_glibc

__all__ = ["PROBE", "Facts", "read_manifest", "read_probe"]

# Ends with 0 whatever is missing: what it does not print is not there.
PROBE = (
    r"""
if command -v python3 >/dev/null 2>&1; then
  python3 -c 'import platform, sys
print("python=" + platform.python_version())
print("interpreter=" + sys.executable)'
fi
getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc /glibc=/'
for file in /lib/ld-musl-*; do test -e "$file" && echo musl=yes; done
ldd --version 2>/dev/null | sed -n '1s/.*[^0-9.]\([0-9][0-9.]*\)$/ldd=\1/p'
"""
    + FITNESS_PROBE
    + "exit 0\n"
)

_MUSL = re.compile(r"\b(?:alpine|musl)")


@frozen
class Facts:
    """What somebody said of an image.

    Attributes:
        python: Its version; None where there is none or `knows_python` is false.
        interpreter: Where it is; None where nobody knows.
        knows_python: Whether a missing `python` means that there is none.
        glibc: Its version, or None where nobody knows.
        is_musl: Whether its C library is another one.
    """

    python: str | None = None
    interpreter: str | None = None
    knows_python: bool = False
    glibc: str | None = None
    is_musl: bool = False
    fitness: Fitness = field(default_factory=Fitness)


def read_probe(output: str, triggers: tuple[str, ...]) -> Facts:
    """Return what the probe printed, in an image that sets off these instructions."""
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    glibc = found.get("glibc") or found.get("ldd")
    interpreter = found.get("interpreter", "")
    return Facts(
        python=found.get("python"),
        interpreter=interpreter if interpreter.startswith("/") else None,
        knows_python=True,
        glibc=_shorten_glibc(glibc) if glibc else None,
        is_musl="musl" in found and "glibc" not in found,
        fitness=read_fitness(found, triggers),
    )


def read_manifest(reference: ImageReference, manifest: Manifest | None) -> Facts:
    """Return what an image's configuration and its name give away."""
    variables = manifest.variables if manifest is not None else {}
    labels = manifest.labels if manifest is not None else {}
    python = variables.get("PYTHON_VERSION")
    return Facts(
        python=python if python and re.fullmatch(r"\d+\.\d+\.\d+\w*", python) else None,
        glibc=look_up_glibc(reference, labels),
        is_musl=_MUSL.search(f"{reference.repository}:{reference.tag}") is not None,
        fitness=Fitness(triggers=manifest.triggers if manifest is not None else ()),
    )


def _shorten_glibc(version: str) -> str:
    return ".".join(version.split(".")[:2])
