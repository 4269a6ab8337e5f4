"""What a single value of a spec may be: each function takes a text and returns it, or says why not."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from envc.diagnostics import suggest
from envc.platform import PLATFORMS
from envc.syntax.form import NO, YES

__all__ = [
    "CONTROL",
    "ENVIRONMENT",
    "ENVIRONMENT_MAX",
    "GPUS",
    "LAYERS",
    "PYTHON",
    "SHM",
    "STAGE",
    "USER",
    "VARIABLE",
    "WORKERS",
    "FieldError",
    "boolean",
    "environment_name",
    "filled",
    "gpus",
    "layers",
    "line",
    "module_name",
    "non_empty",
    "platform",
    "program",
    "python_version",
    "script",
    "shm_size",
    "stage_name",
    "unmanaged",
    "user",
    "variable_name",
    "variable_value",
    "word",
    "workers",
]


_Item = TypeVar("_Item")
_Key = TypeVar("_Key")
_TRUTH = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)


class FieldError(ValueError):
    """A value that its field cannot have.

    Attributes:
        code: Of the diagnostic that reports it.
        message: As in Diagnostic.
        hint: As in Diagnostic.
        part: Start and end of the offending characters in the value; None means all of it.
    """

    def __init__(
        self, code: str, message: str, *, hint: str = "", part: tuple[int, int] | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.part = part
        super().__init__(message)


ENVIRONMENT = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
ENVIRONMENT_MAX = 128
_NUMBER = r"(?:0|[1-9][0-9]*)"
PYTHON = re.compile(rf"3(?:\.{_NUMBER}){{0,2}}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Numbers as in https://docs.docker.com/reference/dockerfile/#user, names as useradd(8) has them.
_USER_PART = r"(?:0|[1-9][0-9]{0,9}|[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?)"
USER = re.compile(rf"{_USER_PART}(?::{_USER_PART})?")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
SHM = re.compile(r"[1-9][0-9]*(?:[BbKkMmGg]|[KkMmGg][Bb])?")
GPUS = re.compile(r"all|[1-9][0-9]*")
# As https://github.com/moby/buildkit/blob/master/frontend/dockerfile/instructions/parse.go has it.
STAGE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
LAYERS = re.compile(r"[1-9][0-9]?|100")
WORKERS = re.compile(r"[1-9][0-9]{0,3}")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_PLATFORM_ALIASES = {
    "amd64": "linux/amd64",
    "arm64": "linux/arm64",
    "linux-64": "linux/amd64",
    "linux-aarch64": "linux/arm64",
    "aarch64": "linux/arm64",
    "x86_64": "linux/amd64",
    "linux/aarch64": "linux/arm64",
    "linux/arm64/v8": "linux/arm64",
    "linux/x86_64": "linux/amd64",
}


def line(text: str) -> str:
    """Refuse what is empty or has a line end or another control character in it; tabs are fine."""
    if not text.strip():
        raise FieldError("E205", "the value is empty", hint="fill it, or remove it")
    if found := CONTROL.search(text):
        raise FieldError(
            "E216",
            f"a {_name_control(found.group())} cannot stand here",
            hint="write it on one line, without control characters",
            part=found.span(),
        )
    return text


def script(text: str) -> str:
    """Refuse what is empty or has a NUL in it; line ends are fine."""
    if not text.strip():
        raise FieldError("E205", "the value is empty", hint="fill it, or remove it")
    return word(text)


def word(text: str) -> str:
    """Refuse a NUL, which ends every text for the system; an empty word is one."""
    if (place := text.find("\0")) >= 0:
        raise FieldError(
            "E216",
            "a NUL character cannot stand here",
            hint="remove it",
            part=(place, place + 1),
        )
    return text


def non_empty(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Refuse a list without items."""
    if not items:
        raise FieldError("E205", "the list is empty", hint="fill it, or leave it out")
    return items


def filled(items: dict[_Key, _Item]) -> dict[_Key, _Item]:
    """Refuse a mapping without keys."""
    if not items:
        raise FieldError("E205", "the mapping is empty", hint="fill it, or leave it out")
    return items


def program(words: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a command without the name of a program at its head; no words are none."""
    if words and not words[0].strip():
        raise FieldError(
            "E205", "the first word, the program, is empty", hint="write the program's name"
        )
    return words


def variable_value(text: str) -> str:
    """Refuse line ends and NULs; an empty value is one."""
    if found := re.search(r"[\x00\r\n]", text):
        raise FieldError(
            "E216",
            f"the value of an environment variable cannot hold a {_name_control(found.group())}",
            hint="a Dockerfile's ENV has no way to say it; set the variable in a `run` step or in "
            "the program that needs it",
            part=found.span(),
        )
    return text


def boolean(value: Any) -> Any:
    """Return the truth value that `true` and `yes`, or `false` and `no`, stand for."""
    if not isinstance(value, str):
        return value
    if value not in _TRUTH:
        raise FieldError(
            "E222", f"`{value}` is neither `true` nor `false`", hint="write `true` or `false`"
        )
    return _TRUTH[value]


def unmanaged(value: bool) -> bool:
    """Refuse to say that envc manages Python: a version says so."""
    if value:
        raise FieldError(
            "E259",
            "a Python that envc manages is named by its version",
            hint="write the version, such as `python 3.12` (in YAML `python: 3.12`)",
        )
    return value


def environment_name(text: str) -> str:
    """Refuse what could not be a part of an image's name."""
    if ENVIRONMENT.fullmatch(line(text)) and len(text) <= ENVIRONMENT_MAX:
        return text
    better = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:ENVIRONMENT_MAX].strip("-")
    raise FieldError(
        "E206",
        f"`{text}` cannot be an environment's name",
        hint=(f"write `{better}`: " if better else "")
        + "a name has small letters and digits, single `-`, `_` or `.` between them, and at most "
        f"{ENVIRONMENT_MAX} characters",
    )


def platform(text: str) -> str:
    """Refuse what is no platform that images are built for."""
    if text in PLATFORMS:
        return text
    meant = _PLATFORM_ALIASES.get(text.lower())
    if meant is None and text.lower().startswith("linux"):
        meant = suggest(text, PLATFORMS)
    known = " and ".join(f"`{name}`" for name in sorted(PLATFORMS))
    raise FieldError(
        "E207",
        f"`{text}` is not a platform that envc builds for",
        hint=f"write `{meant}`" if meant else f"there are {known}",
    )


def python_version(text: str) -> str:
    """Refuse what is not one, two or three numbers of Python 3."""
    if PYTHON.fullmatch(line(text)):
        return text
    if text == "2" or text.startswith("2."):
        raise FieldError(
            "E209", f"Python {text} is not supported", hint="write `3.12` or another Python 3"
        )
    digits = re.search(rf"3\.{_NUMBER}", text)
    series = digits.group() if digits else "3.12"
    raise FieldError(
        "E209",
        f"`{text}` is not a version of Python",
        hint=f"write numbers only: `{series}` means the newest {series}",
    )


def variable_name(text: str) -> str:
    """Refuse what could not be the name of an environment variable."""
    if not VARIABLE.fullmatch(text):
        raise FieldError(
            "E215",
            f"`{text}` cannot be the name of an environment variable",
            hint="a name has letters, digits and `_`, and does not start with a digit",
        )
    return text


def user(text: str) -> str:
    """Refuse what is not a user, with or without a group."""
    if not USER.fullmatch(line(text)):
        raise FieldError(
            "E217",
            f"`{text}` is not a user",
            hint="write `UID`, `UID:GID`, `NAME` or `NAME:GROUP`, such as `1000:1000`",
        )
    return text


def module_name(text: str) -> str:
    """Refuse what Python could not import."""
    if not _MODULE.fullmatch(line(text)):
        if len(words := re.split(r"[\s;]+", text.strip("; "))) > 1 and all(
            map(_MODULE.fullmatch, words)
        ):
            raise FieldError(
                "E226",
                f"`{text}` cannot be the name of a Python module",
                hint=f"separate names by commas: {', '.join(words)}; a command goes into `run`",
            )
        better = text.replace("-", "_")
        raise FieldError(
            "E226",
            f"`{text}` cannot be the name of a Python module",
            hint=f"write `{better}`, if that is how it is imported"
            if _MODULE.fullmatch(better)
            else "write the name that `import` takes; commands go into `run`",
        )
    return text


def shm_size(text: str) -> str:
    """Refuse what is not a size."""
    if not SHM.fullmatch(text):
        raise FieldError(
            "E223",
            f"`{text}` is not a size",
            hint="write a number of bytes, or one with `k`, `m` or `g`, such as `2g`",
        )
    return text


def stage_name(text: str) -> str:
    """Refuse what is not the name of a Dockerfile's stage."""
    if not STAGE.fullmatch(text):
        raise FieldError(
            "E270",
            f"`{text}` is not the name of a stage",
            hint="write what stands behind `AS` in the Dockerfile: letters, digits, `-`, `_` and `.`",
        )
    return text


def gpus(text: str) -> str:
    """Refuse what is neither `all` nor a number of GPUs."""
    if not GPUS.fullmatch(text):
        raise FieldError(
            "E224",
            f"`{text}` is not a number of GPUs",
            hint="write `all` or a number from 1; for none, leave `gpus` out",
        )
    return text


def layers(text: str) -> str:
    """Refuse what is not a number of layers that an image can have beside those of its base."""
    if not LAYERS.fullmatch(text):
        raise FieldError(
            "E272",
            f"`{text}` is not a number of layers",
            hint="write a number from 1 to 100, such as `20`",
        )
    return text


def workers(text: str) -> str:
    """Refuse what is not a number of processes."""
    if not WORKERS.fullmatch(text):
        raise FieldError(
            "E267",
            f"`{text}` is not a number of workers",
            hint="write a number from 1 to 9999, such as `2`",
        )
    return text


def _name_control(char: str) -> str:
    names = {"\n": "line end", "\r": "line end", "\0": "NUL character"}
    return names.get(char, "control character")
