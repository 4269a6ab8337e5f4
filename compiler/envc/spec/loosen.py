"""A spec without the versions that it asks for: what it would get if it took any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from envc.spec.matchspec import split_matchspec
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["loosen"]


def loosen(spec: EnvSpec, document: Document) -> tuple[EnvSpec, Document]:
    """Return a spec and its document without limits on versions.

    Names, channels, builds, extras, markers, addresses and overrides stay, and so do Python's own
    version, the date and the platforms: they say what is wanted, not how new.
    """
    conda = spec.conda.model_copy(
        update={"packages": _loosen_all(spec.conda.packages, _loosen_matchspec), "constraints": ()}
    )
    pip = spec.pip.model_copy(
        update={"packages": _loosen_all(spec.pip.packages, _loosen_requirement), "constraints": ()}
    )
    data = dict(document.data)
    for block, change in (("conda", _loosen_matchspec), ("pip", _loosen_requirement)):
        if block in data:
            data[block] = _loosen_block(data[block], change)
    return spec.model_copy(update={"conda": conda, "pip": pip}), replace(document, data=data)


_Change = Callable[[str], str]


def _loosen_all(packages: tuple[Any, ...], change: _Change) -> tuple[Any, ...]:
    return tuple(
        change(one)
        if isinstance(one, str)
        else one.model_copy(update={"package": change(one.package)})
        for one in packages
    )


def _loosen_block(block: Any, change: _Change) -> Any:
    if isinstance(block, list):
        return [_loosen_entry(entry, change) for entry in block]
    loosened = {key: value for key, value in block.items() if key != "constraints"}
    if "packages" in block:
        loosened["packages"] = [_loosen_entry(entry, change) for entry in block["packages"]]
    return loosened


def _loosen_entry(entry: Any, change: _Change) -> Any:
    if isinstance(entry, str):
        return change(entry)
    return {**entry, "package": change(entry["package"])}


def _loosen_matchspec(text: str) -> str:
    """Return a MatchSpec that any version fits; one with brackets stays, since they may mean more.

    >>> _loosen_matchspec("conda-forge::numpy >=1.26,<2"), _loosen_matchspec("torch 2.4.* cuda*")
    ('conda-forge::numpy', 'torch * cuda*')
    """
    parts = split_matchspec(text)
    if parts is None or parts.bracket or parts.name.lower() == "python":
        return text
    name = f"{parts.channel}::{parts.name}" if parts.channel else parts.name
    return f"{name} * {parts.build}" if parts.build else name


def _loosen_requirement(text: str) -> str:
    """Return a requirement that any version fits; one with an address stays.

    >>> _loosen_requirement("rich[jupyter] ==14.* ; python_version < '3.13'")
    'rich[jupyter]; python_version < "3.13"'
    """
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    requirement = Requirement(text)
    if requirement.url is not None:
        return text
    requirement.specifier = SpecifierSet()
    return str(requirement)
