"""Direct references (PEP 508): what the address in `pets @ https://…` leads to, and whether it can."""

from __future__ import annotations

import posixpath
import re
from typing import Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from envc.spec.field import FieldError
from envc.spec.repository import complain_on_git
from envc.spec.requirement import PipRequirement, normal_name

__all__ = ["Kind", "complain_on_address", "direct_kind"]

Kind: TypeAlias = Literal["wheel", "sdist", "git"]

_SDIST = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")
_GIT = re.compile(r"git\+(?:https|http|ssh|file)://")


def direct_kind(url: str) -> Kind | None:
    """Return what an address leads to, by its form; None where nothing can be fetched by it.

    >>> direct_kind("https://a.example/pets-1.0-py3-none-any.whl#sha256=00")
    'wheel'
    """
    if _GIT.match(url):
        return "git"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    if parts.path.endswith(".whl"):
        return "wheel"
    return "sdist" if parts.path.endswith(_SDIST) else None


def complain_on_address(requirement: PipRequirement) -> FieldError | None:
    """Return what is wrong with the address of a requirement that has one, or None.

    The problem's `part` is that of the address.
    """
    try:
        kind = direct_kind(requirement.url)
    except ValueError:
        kind = None
    if kind is None:
        return FieldError(
            "E232",
            f"the address of `{requirement.name}` leads to no package",
            hint="write the `https://` address of a wheel, or name the distribution and add its "
            "index; a wheel's file beside the spec is a wheel",
        )
    if kind == "wheel":
        return _complain_on_wheel(requirement)
    if kind == "git":
        return complain_on_git(requirement)
    return None


def _complain_on_wheel(requirement: PipRequirement) -> FieldError | None:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    file = posixpath.basename(unquote(urlsplit(requirement.url).path))
    try:
        name = normal_name(parse_wheel_filename(file)[0])
    except InvalidWheelFilename:
        return FieldError(
            "E232",
            f"`{file}` is not the name of a wheel",
            hint="write the whole address: NAME-VERSION-PYTHON-ABI-PLATFORM.whl at its end",
        )
    if name != requirement.name:
        return FieldError(
            "E232",
            f"`{file}` is a wheel of `{name}`, not of `{requirement.name}`",
            hint=f"write `{name} @ ` before the address",
        )
    return None
