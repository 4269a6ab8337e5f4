"""Which layers of an image are as they were, and which are made anew: known from two trees and locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from envc.canonical import digest
from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.plan.assembly import ASSEMBLY, WHOLE
from envc.plan.layer import BUILT_LAYER, Kind, Layer, Package
from envc.plan.layout import python_tag
from envc.plan.node import Node

__all__ = ["LayerChange", "LayerState", "Pull", "compare_layers", "estimate_pull"]

LayerState: TypeAlias = Literal["reused", "rebuilt", "dropped"]
"""What becomes of a layer; `dropped` is one that only the old image has."""

_SYSTEM = ("base", "system", "unresolved", "user", "before", "before_variables")
"""The parts of an identity that decide what the environment's layers are put upon."""


@frozen
class LayerChange:
    """A layer, or several that one stage or step makes.

    Attributes:
        name: Of a package layer as the Dockerfile has it; `base`, `system`, `environment` (what joins
            the packages), or `step 1`.
        packages: How many lie in it.
        size_bytes: Of its packages as they are fetched; None where that is not known.
    """

    name: str
    state: LayerState
    packages: int = 0
    size_bytes: int | None = None


@frozen
class Pull:
    """What is to be pulled by somebody who has the old image.

    Attributes:
        size_bytes: Of packages as they are fetched: about what layers of them have, compressed.
        unknown: The layers among these whose size is not known.
    """

    size_bytes: int
    unknown: tuple[str, ...]


@frozen
class _Made:
    """A layer and all that its bytes depend on, as a digest."""

    name: str
    key: str
    packages: int = 0
    size_bytes: int | None = None


def compare_layers(
    old: tuple[PlatformLock, Node] | None, new: tuple[PlatformLock, Node] | None
) -> tuple[LayerChange, ...]:
    """Return what becomes of each layer, in the new image's order; dropped ones last.

    Layers of packages are the same wherever the same packages are laid out by the same tools; a step
    runs again where anything below it has changed, though what it leaves may be the same bytes.

    Args:
        old: A platform's lock and the tree of its identity, or the part of it that a lock decides.
    """
    before = list(_layers(*old)) if old is not None else []
    after = list(_layers(*new)) if new is not None else []
    known, kept = {made.key for made in before}, {made.key for made in after}
    changes = [_change(made, "reused" if made.key in known else "rebuilt") for made in after]
    names = {made.name for made in after}
    gone = (made for made in before if made.key not in kept and made.name not in names)
    return *changes, *(_change(made, "dropped") for made in gone)


def estimate_pull(layers: Iterable[LayerChange]) -> Pull:
    """Return what somebody has to pull who has all layers that are reused."""
    new = [layer for layer in layers if layer.state == "rebuilt"]
    return Pull(
        size_bytes=sum(layer.size_bytes or 0 for layer in new),
        unknown=tuple(layer.name for layer in new if layer.size_bytes is None),
    )


def _change(made: _Made, state: LayerState) -> LayerChange:
    return LayerChange(
        name=made.name, state=state, packages=made.packages, size_bytes=made.size_bytes
    )


def _layers(locked: PlatformLock, root: Node) -> Iterator[_Made]:
    parts = {child.name: child.digest for child in root.children}
    base = [parts.get("base"), _recipe(root)]
    yield _Made(name="base", key=digest(["base", *base]))
    system = digest(["system", *base, *(parts.get(name) for name in _SYSTEM)])
    yield _Made(
        name="system",
        key=system,
        packages=len(locked.system),
        # What else is done there leaves next to nothing.
        size_bytes=None if locked.unresolved else sum(one.size for one in locked.system),
    )
    made = list(_packages(locked, root, parts, system))
    keys = [layer.key for layer in made]
    joined = digest(["environment", *keys])
    if root.find(WHOLE) is not None:
        sizes = [layer.size_bytes for layer in made]
        yield _Made(
            name=WHOLE,
            key=digest([WHOLE, *keys]),
            packages=sum(layer.packages for layer in made),
            size_bytes=None if None in sizes else sum(size or 0 for size in sizes),
        )
    elif made:
        yield from made
        yield _Made(name=ASSEMBLY, key=joined, size_bytes=0)
    yield from _steps(root, [system, joined])


def _packages(
    locked: PlatformLock, root: Node, parts: Mapping[str, str], system: str
) -> Iterator[_Made]:
    """Yield the layers of packages as the identity has them: what a lock does not know decides, too."""
    packages: Mapping[Kind, Mapping[str, Package]] = {
        "conda": {package.name: package for package in locked.conda},
        "pip": {package.name: package for package in locked.pip},
    }
    listed = root.find("layers")
    for node in listed.children if listed is not None else ():
        kind: Kind = "conda" if node.name.startswith("conda-") else "pip"
        own = tuple(packages[kind][child.name] for child in node.children)
        layer = Layer(name=node.name, kind=kind, packages=own)
        yield _Made(
            name=layer.name,
            key=digest([node.digest, *_compiling(locked, parts)]),
            packages=len(own),
            size_bytes=layer.size,
        )
    if locked.sources:
        python = locked.python.version if locked.python is not None else None
        tools = _tools(locked, parts)
        yield _Made(
            name=BUILT_LAYER,
            key=digest(["built", system, python, parts.get("built"), *tools]),
            packages=len(locked.sources),
        )


def _recipe(root: Node) -> str | None:
    """Return the digest of what the base is built from; None where it is an image."""
    recipe = root.find("recipe")
    return recipe.digest if recipe is not None else None


def _tools(locked: PlatformLock, parts: Mapping[str, str]) -> list[str | None]:
    return [parts.get("contract"), parts.get("tools"), python_tag(locked)]


def _compiling(locked: PlatformLock, parts: Mapping[str, str]) -> list[str | None]:
    """Return what the bytes of a package layer depend on besides its packages.

    Args:
        parts: The digests of the identity's parts, by name.
    """
    tools = _tools(locked, parts)
    if locked.python is not None and locked.tools.series != python_tag(locked):
        # The environment's own Python makes the byte code then.
        tools += [locked.python.version, parts.get("base")]
    return tools


def _steps(root: Node, below: Sequence[str]) -> Iterator[_Made]:
    steps, config = root.find("steps"), root.find("config")
    if steps is None or config is None:
        return
    seen = {name: config.find(name) for name in ("variables", "workdir")}
    key = digest([*below, *(node.digest if node is not None else None for node in seen.values())])
    for step in steps.children:
        key = digest([key, step.digest])
        yield _Made(name=f"step {step.name}", key=key)
