"""What a value that steers the choice of packages may be: CUDA, virtual packages, the channels' priority."""

from __future__ import annotations

import re

from envc.diagnostics import suggest
from envc.spec.field import FieldError, line
from envc.spec.requirement import NAME

__all__ = [
    "CHANNEL_PRIORITIES",
    "CONDA_PACKAGE",
    "CUDA",
    "DISTRIBUTION",
    "TEXT_FOR_NONE",
    "VIRTUAL_PACKAGE",
    "VIRTUAL_VERSION",
    "channel_priority",
    "conda_package",
    "cuda",
    "distribution",
    "virtual_package",
    "virtual_version",
]

CHANNEL_PRIORITIES = ("strict", "disabled")
TEXT_FOR_NONE = "none"
_NUMBER = r"(?:0|[1-9][0-9]*)"
CUDA = re.compile(rf"[1-9][0-9]*\.{_NUMBER}|{TEXT_FOR_NONE}")
# https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html
VIRTUAL_PACKAGE = re.compile(r"__[a-z0-9][a-z0-9_.-]*")
_ELSEWHERE = frozenset({"__osx", "__win"})
_ARCHITECTURE = "__archspec"
VIRTUAL_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+!-]*")
CONDA_PACKAGE = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
DISTRIBUTION = re.compile(NAME)


def cuda(text: str) -> str:
    """Refuse what is neither a version of CUDA nor `none`."""
    if CUDA.fullmatch(text):
        return text
    hint = "write two numbers, such as `12.4`, or `none`"
    if number := re.fullmatch(
        rf"(?i:cuda|cu)?[-_ =v]*([1-9][0-9]?)(?:(\.{_NUMBER})(?:\..*)?)?", text
    ):
        hint = f"write `{number[1]}{number[2] or '.0'}`: two numbers"
    elif number := re.fullmatch(r"(?i:cuda|cu)[-_ ]*([1-9][0-9])([0-9])", text):
        hint = f"write `{number[1]}.{number[2]}`"
    elif text.casefold() in {"no", "false", "off", "cpu", "null", "none"}:
        hint = f"write `{TEXT_FOR_NONE}`"
    raise FieldError("E255", f"`{text}` is not a version of CUDA", hint=hint)


def virtual_package(text: str) -> str:
    """Refuse what is not the name of a virtual package of Linux."""
    if not VIRTUAL_PACKAGE.fullmatch(text):
        better = f"__{text.strip('_').lower()}"
        raise FieldError(
            "E256",
            f"`{text}` is not the name of a virtual package",
            hint=f"write `{better}`"
            if VIRTUAL_PACKAGE.fullmatch(better)
            else "a name starts with `__`, such as `__glibc`",
        )
    if text in _ELSEWHERE:
        raise FieldError("E256", f"`{text}` is never there: images are Linux", hint="remove it")
    return text


def virtual_version(text: str) -> str:
    """Refuse what is no version of a virtual package, nor the name of a microarchitecture."""
    if not VIRTUAL_VERSION.fullmatch(line(text)):
        raise FieldError(
            "E256",
            f"`{text}` is not the version of a virtual package",
            hint="write one version, such as `2.28`: what the machine has, not what is asked for",
        )
    return text


def channel_priority(text: str) -> str:
    """Refuse what is not one of the two ways to choose between channels."""
    if text in CHANNEL_PRIORITIES:
        return text
    meant = suggest(text, CHANNEL_PRIORITIES)
    hint = f"write `{meant}`" if meant else "write `strict` or `disabled`"
    if text.casefold() == "flexible":
        hint = (
            "write `strict`, or `disabled` where a package may come from any channel: "
            "with `flexible` a lower channel silently steps in"
        )
    raise FieldError("E258", f"`{text}` is not a priority of channels", hint=hint)


def conda_package(text: str) -> str:
    """Refuse what is not the bare name of a Conda package, in small letters (CEP 26)."""
    if CONDA_PACKAGE.fullmatch(text):
        return text
    bare = re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text.strip().rpartition("::")[2])
    raise FieldError(
        "E271",
        f"`{text}` is not the name of a Conda package",
        hint=f"write `{bare.group().lower()}`: a name alone, in small letters"
        if bare
        else "write the name that the channel has, such as `pytorch-gpu`",
    )


def distribution(text: str) -> str:
    """Refuse what is not the bare name of a distribution (PEP 503)."""
    if DISTRIBUTION.fullmatch(line(text)):
        return text
    bare = re.match(NAME, text.strip())
    raise FieldError(
        "E265",
        f"`{text}` is not the name of a distribution",
        hint=f"write `{bare.group()}`: the version belongs to `packages` or `constraints`"
        if bare
        else "write the name that the index has, such as `antlr4-python3-runtime`",
    )
