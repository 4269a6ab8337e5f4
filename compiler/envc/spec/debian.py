"""What a Debian package in a spec may be: a name, and perhaps its version."""

from __future__ import annotations

import re

from envc.spec.field import FieldError, line

__all__ = ["DEBIAN", "debian_package", "normal_debian", "split_debian"]

# https://www.debian.org/doc/debian-policy/ch-controlfields.html, 5.6.1 and 5.6.12; a name has two
# characters at least.
_NAME = r"[a-z0-9][a-z0-9+.-]+"
_VERSION = r"(?:[0-9]+:)?[0-9](?:[A-Za-z0-9.+~-]|:(?=.))*"
DEBIAN = re.compile(rf"({_NAME})(?:=({_VERSION}))?")


def debian_package(text: str) -> str:
    """Refuse what is neither NAME nor NAME=VERSION."""
    if DEBIAN.fullmatch(line(text)):
        return text
    name, sign, rest = re.fullmatch(r"\s*([^\s=<>!~:]*)\s*(:|[=<>!~]*)\s*(.*?)\s*", text).groups()  # type: ignore[union-attr]
    message = f"`{text.strip()}` is not a Debian package"
    hint = "write NAME or NAME=VERSION, such as `git` or `libfuse-dev=3.10.5-1`"
    if re.fullmatch(_NAME, name) and sign == ":":
        message = f"`{text.strip()}` names an architecture"
        hint = f"write `{name}`, with `on linux/amd64` where it is for one platform only"
    elif re.fullmatch(_NAME, name) and sign in {"=", "=="} and re.fullmatch(_VERSION, rest):
        hint = f"write `{name}={rest}`"
    elif re.fullmatch(_NAME, name) and (sign or rest.startswith("(")):
        hint = f"name one version, as in `{name}=1.2-1`, or none: apt takes no ranges"
    elif re.fullmatch(_NAME, name.lower()) and not sign and not rest:
        hint = f"write `{name.lower()}`"
    elif (re.fullmatch(_NAME, name) and not sign and rest) or ";" in text:
        hint = "write each package by itself, with a comma or a line end between two"
    raise FieldError("E263", message, hint=hint)


def split_debian(text: str) -> tuple[str, str]:
    """Return a package's name and version; the version may be empty.

    >>> split_debian("libfuse-dev=3.10.5-1"), split_debian("git")
    (('libfuse-dev', '3.10.5-1'), ('git', ''))
    """
    name, _, version = text.partition("=")
    return name.strip(), version.strip()


def normal_debian(text: str) -> str:
    """Return the normal form of a package: NAME or NAME=VERSION, without white space."""
    name, version = split_debian(text)
    return f"{name}={version}" if version else name
