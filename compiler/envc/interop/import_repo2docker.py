"""apt.txt and runtime.txt of repo2docker as a spec: its Debian packages, its Python."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from envc.errors import InputError
from envc.interop.gathered import Gathered, Load
from envc.source import Source, Span

__all__ = ["gather", "remark_beside"]

_PYTHON = re.compile(r"python-([0-9]+\.[0-9]+(?:\.[0-9]+)?)")
_R = re.compile(r"r-(?:([0-9]+\.[0-9]+(?:\.[0-9]+)?)-)?[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BESIDE = {
    "apt.txt": ("it lists Debian packages", "add the `system` block of `envc import {path}`"),
    "runtime.txt": ("it names the Python", "add what `envc import {path}` says"),
    "postBuild": (
        "repo2docker runs it in the image, after the packages",
        "write what it does as steps: `copy` brings files, `run` a command",
    ),
    "start": (
        "repo2docker has it start every command",
        'bring it with a `copy` step, and name it as `entrypoint ["/start"]`',
    ),
}


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what one of the two asks for; what lies beside it is remarked on, or has an import of its own.

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
    remark_beside(("postBuild", "start"), load, gathered)


def remark_beside(names: Iterable[str], load: Load, gathered: Gathered) -> None:
    """Note which of repo2docker's other files are there: each says more of the environment."""
    for name in names:
        try:
            found = load(name)
        except InputError:
            continue
        why, hint = _BESIDE[name]
        gathered.leave_out(name, why, hint=hint.format(path=found.name))


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
