"""How what several files say of one thing becomes one: a table from the keys of a spec to rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TypeAlias

from envc.compose.tree import Node
from envc.frozen import frozen

__all__ = ["RULES", "Joined", "Keyed", "Listed", "Named", "Rule", "entry_text"]


@frozen
class Keyed:
    """A mapping: each key by itself.

    Attributes:
        rules: Of keys that are not one piece.
        short: The key that a list in the place of the mapping stands for; empty where none can.
        is_replaced: Whether an extending file replaces all of it.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    short: str = ""
    is_replaced: bool = False


@frozen
class Listed:
    """A list without repetition: what is further said is added."""


@frozen
class Joined:
    """A list in which everything happens, in order, as often as it is said."""


@frozen
class Named:
    """A list of packages: an extending file replaces those that it names.

    Attributes:
        name: Returns what an entry is called, in one spelling; empty where that cannot be told.
    """

    name: Callable[[str], str]


Rule: TypeAlias = Keyed | Listed | Joined | Named | None
"""None is one piece: replaced as a whole, and never said in two ways."""

_CONDA = re.compile(r"\s*(?:[^\s\[\]]*::\s*)?([A-Za-z0-9_.-]+)")
_PIP = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_DEBIAN = re.compile(r"\s*([A-Za-z0-9.+-]+)")


def entry_text(node: Node) -> str:
    """Return the text of an entry in a list of packages, in both of its shapes."""
    package = node.fields.get("package", node)
    return package.value if isinstance(package.value, str) else ""


def _conda_name(text: str) -> str:
    found = _CONDA.match(text)
    return found[1].lower() if found else ""


def _pip_name(text: str) -> str:
    found = _PIP.match(text)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def _debian_name(text: str) -> str:
    found = _DEBIAN.match(text)
    return found[1] if found else ""


_LIST = Listed()

RULES: Mapping[str, Rule] = {
    "base": Keyed(is_replaced=True),
    "virtual-packages": Keyed(),
    "distributions": Keyed(),
    "conda": Keyed(
        rules={"packages": Named(name=_conda_name), "constraints": Named(name=_conda_name)},
        short="packages",
    ),
    "pip": Keyed(
        rules={
            "indexes": _LIST,
            "find-links": _LIST,
            "packages": Named(name=_pip_name),
            "wheels": _LIST,
            "sources": _LIST,
            "sdists": _LIST,
            "constraints": Named(name=_pip_name),
            "overrides": Named(name=_pip_name),
        },
        short="packages",
    ),
    "system": Keyed(rules={"packages": Named(name=_debian_name)}, short="packages"),
    "variables": Keyed(),
    "build-variables": Keyed(),
    "before-packages": Joined(),
    "steps": Joined(),
    "labels": Keyed(),
    "ports": _LIST,
    "volumes": _LIST,
    "check": Keyed(rules={"import": _LIST, "run": _LIST}),
    "runtime": Keyed(rules={"mounts": _LIST}),
    "serve": Keyed(),
    "train": Keyed(),
}
"""Of every key that is not one piece."""
