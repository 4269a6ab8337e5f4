"""apt.txt and runtime.txt of repo2docker as a spec: its Debian packages, its Python."""

from __future__ import annotations

import posixpath
import re

from envc.interop.gathered import Gathered, Load
from envc.source import Source, Span

__all__ = ["gather"]

_PYTHON = re.compile(r"python-([0-9]+\.[0-9]+(?:\.[0-9]+)?)")
_R = re.compile(r"r-(?:([0-9]+\.[0-9]+(?:\.[0-9]+)?)-)?[0-9]{4}-[0-9]{2}-[0-9]{2}")


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take what one of the two asks for; what lies beside it has an import of its own.

    https://repo2docker.readthedocs.io/en/latest/configuration/
    """
    is_runtime = posixpath.basename(source.name) == "runtime.txt"
    for number in range(1, source.line_count + 1):
        text, span = source.line(number).partition("#")[0].strip(), source.line_span(number)
        if not text:
            continue
        if is_runtime:
            _gather_runtime(text, span, gathered)
        else:
            gathered.add(("system", "packages"), text, span)


def _gather_runtime(text: str, span: Span, gathered: Gathered) -> None:
    python, r = _PYTHON.fullmatch(text), _R.fullmatch(text)
    if python is not None:
        gathered.put(("python",), python[1], span, text)
    elif r is not None:
        series = f" {r[1]}" if r[1] else ""
        hint = f"ask for it as the Conda package `r-base{series}` of the channel `conda-forge`"
        gathered.leave_out(text, "R is no Python", span, hint)
    else:
        hint = "say which Python the environment is to have, as in `python 3.12`"
        gathered.leave_out(text, "it names no series of Python", span, hint)
