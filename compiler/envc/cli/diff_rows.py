"""What a comparison tells its reader, as rows: the same on several platforms is told once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from envc.cli.size import format_size
from envc.cli.summary import group_changes, tell_growth, tell_move, tell_versions
from envc.diff.difference import Difference, PlatformDifference
from envc.diff.layer import LayerChange, Pull
from envc.diff.leaf import LeafChange
from envc.frozen import frozen
from envc.lock.change import Change
from envc.plan.node import Node

__all__ = [
    "LayerRow",
    "PackageRow",
    "PartRow",
    "layer_rows",
    "package_rows",
    "part_rows",
    "tell_assumption",
    "tell_layers",
    "tell_pull",
    "tell_reused",
]

_Item = TypeVar("_Item")
_FILES_SHOWN = 20
_MANY = ("before", "steps", "built")


@frozen
class PackageRow:
    """A package that moved; `where` is empty where it did so everywhere."""

    move: str
    kind: str
    name: str
    versions: str
    growth: str
    place: str
    where: str


@frozen
class PartRow:
    """Another part of the identity that is not the same; `where` as in `PackageRow`."""

    move: str
    name: str
    old: str | None
    new: str | None
    place: str
    where: str


@frozen
class LayerRow:
    """A layer that is not reused; `where` as in `PackageRow`."""

    state: str
    name: str
    packages: str
    size: str
    where: str


def package_rows(difference: Difference) -> list[PackageRow]:
    """Return the packages that came, went and moved, with the places that ask for them."""
    changed = _changed(difference)
    rows = []
    pairs = [(one, change) for one in changed for change in one.packages]
    owners = {id(change): one for one, change in pairs}
    for group in group_changes([change for _, change in pairs]):
        first = group[0]
        owner = owners[id(first)]
        rows.append(
            PackageRow(
                move=tell_move(first),
                kind=first.kind,
                name=first.name,
                versions=tell_versions(first),
                growth=tell_growth(group),
                place=_place_of(owner.leaves, first),
                where=_tell_where([owners[id(one)].where for one in group], changed),
            )
        )
    return rows


def part_rows(difference: Difference) -> list[PartRow]:
    """Return the other parts that differ, of a step's files only the first."""
    changed = _changed(difference)
    found = ((one.where, leaf) for one in changed for leaf in _parts(one))
    rows = []
    for group in _group(
        found, lambda leaf: (leaf.path, leaf.move, _text(leaf.old), _text(leaf.new))
    ):
        leaf = group[0][1]
        rows.append(
            PartRow(
                move=leaf.move,
                name=" ".join(leaf.path),
                old=_text(leaf.old),
                new=_text(leaf.new),
                place=_tell_places(leaf.node),
                where=_tell_where([where for where, _ in group], changed),
            )
        )
    return list(_abridge(rows))


def layer_rows(difference: Difference) -> list[LayerRow]:
    """Return the layers that are made anew or dropped."""
    changed = _changed(difference)
    found = (
        (one.where, layer) for one in changed for layer in one.layers if layer.state != "reused"
    )
    rows = []
    for group in _group(found, lambda layer: (layer.state, layer.name)):
        layers = [layer for _, layer in group]
        counts = sorted({layer.packages for layer in layers})
        rows.append(
            LayerRow(
                state=layers[0].state,
                name=layers[0].name,
                packages=_count_packages(counts),
                size=_tell_sizes(layers),
                where=_tell_where([where for where, _ in group], changed),
            )
        )
    return sorted(rows, key=lambda row: row.state == "dropped")


def tell_layers(layers: Sequence[LayerChange], pull: Pull | None) -> str:
    """Return how many layers are made anew, and how much is to be pulled."""
    own = [layer for layer in layers if layer.state != "dropped"]
    new = [layer for layer in own if layer.state == "rebuilt"]
    what = f"{len(new)} of {len(own)} layers new"
    return f"{what}, {tell_pull(pull)}" if pull is not None else what


def tell_pull(pull: Pull) -> str:
    """Return how much is to be pulled, which is an estimate."""
    if not pull.size_bytes and not pull.unknown:
        return "next to nothing to pull"
    others = _list(_count_steps(pull.unknown)) if pull.unknown else ""
    if not pull.size_bytes:
        return f"{others} to pull, of unknown size"
    text = f"about {format_size(pull.size_bytes)} to pull"
    return f"{text}, not counting {others}" if others else text


def tell_reused(difference: Difference) -> str:
    """Return how many layers are reused, and how large they are; empty where there are none."""
    reused = [
        [layer for layer in one.layers if layer.state == "reused"] for one in _changed(difference)
    ]
    if not any(reused):
        return ""
    counts = _span([str(count) for count in sorted({len(layers) for layers in reused})])
    sizes = sorted({sum(layer.size_bytes or 0 for layer in layers) for layers in reused})
    if not any(sizes):
        return f"{counts} reused"
    return f"{counts} reused, {_span([format_size(size) for size in sizes])} of packages"


def tell_assumption(difference: Difference) -> str:
    """Return what the layers are told by that nobody has said; empty where nothing is assumed."""
    if difference.assumed_layers is None:
        return ""
    return (
        f"a lock does not say how many layers there may be: {difference.assumed_layers} are assumed"
    )


def _changed(difference: Difference) -> list[PlatformDifference]:
    return [one for one in difference.platforms if one.state == "changed"]


def _parts(one: PlatformDifference) -> Iterator[LeafChange]:
    """Yield the parts that are no packages: those are told with their sizes."""
    told = {(change.kind, change.name) for change in one.packages}
    for leaf in one.leaves:
        if leaf.move == "moved" or _package_of(leaf) in told:
            continue
        yield leaf


def _package_of(leaf: LeafChange) -> tuple[str, str] | None:
    match leaf.path:
        case ("layers", layer, name):
            return layer.partition("-")[0], name
        case ("system", name):
            return "system", name
        case ("built", name):
            return "source", name
    return None


def _place_of(leaves: Iterable[LeafChange], change: Change) -> str:
    key = change.kind, change.name
    return next((_tell_places(leaf.node) for leaf in leaves if _package_of(leaf) == key), "")


def _tell_places(node: Node) -> str:
    """Return the places of the spec; where it says nothing, whatever place there is."""
    written = [place for place in node.places if place.file is not None]
    asked = [place for place in written if place.origin != "lock"]
    return ", ".join(map(str, asked or written or node.places[:1]))


def _text(node: Node | None) -> str | None:
    return node.text if node is not None else None


def _group(
    found: Iterable[tuple[str, _Item]], key: Callable[[_Item], Hashable]
) -> list[list[tuple[str, _Item]]]:
    groups: dict[Hashable, list[tuple[str, _Item]]] = {}
    for where, item in found:
        groups.setdefault(key(item), []).append((where, item))
    return list(groups.values())


def _tell_where(own: Sequence[str], changed: Sequence[PlatformDifference]) -> str:
    everywhere = {one.where for one in changed}
    return "" if set(own) == everywhere else f"only {', '.join(dict.fromkeys(own))}"


def _count_packages(counts: Sequence[int]) -> str:
    if not counts[-1]:
        return ""
    span = _span([str(count) for count in counts])
    return f"{span} package{'' if span == '1' else 's'}"


def _tell_sizes(layers: Sequence[LayerChange]) -> str:
    """Return how large a layer is; empty for what has next to nothing in it."""
    sizes = [layer.size_bytes for layer in layers]
    if None in sizes:
        return "?"
    if not any(sizes):
        return ""
    return _span([format_size(size) for size in sorted({size or 0 for size in sizes})])


def _span(texts: Sequence[str]) -> str:
    return " to ".join(dict.fromkeys([texts[0], texts[-1]]))


def _list(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _count_steps(names: Sequence[str]) -> list[str]:
    """Return what layers are called in a sentence: steps are counted."""
    steps = sum(name.startswith("step ") for name in names)
    others = [f"the {name}" if name == "base" else name for name in names]
    found = [name for name in others if not name.startswith("step ")]
    return found + ([f"{steps} step{'s' if steps > 1 else ''}"] if steps else [])


def _abridge(rows: Sequence[PartRow]) -> Iterator[PartRow]:
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        words = row.name.split(" ")
        key = tuple(words[:2])
        counts[key] = counts.get(key, 0) + 1
        if words[0] not in _MANY or counts[key] <= _FILES_SHOWN:
            yield row
    for key, count in counts.items():
        if key[0] in _MANY and count > _FILES_SHOWN:
            more = f"and {count - _FILES_SHOWN} more"
            yield PartRow(
                move="changed", name=" ".join((*key, more)), old=None, new=None, place="", where=""
            )
