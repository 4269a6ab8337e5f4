"""Two trees of identities become the parts in which they differ: never none where their digests differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, TypeAlias

from envc.frozen import frozen
from envc.plan.node import Node

__all__ = ["LeafChange", "LeafMove", "compare_trees"]

LeafMove: TypeAlias = Literal["removed", "added", "changed", "moved"]
"""What happened to a part; `moved` is a package whose bytes are the same, in another layer."""

_LAYERS = "layers"
_Pair: TypeAlias = tuple[Node | None, Node | None]


@frozen
class LeafChange:
    """A part of an identity that is not the same.

    Attributes:
        path: The names that lead to it; where both have it, in the new tree.
        old: None where there was none.
        new: None where there is none any more.
    """

    path: tuple[str, ...]
    old: Node | None
    new: Node | None

    @property
    def move(self) -> LeafMove:
        """What happened to it."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        return "moved" if self.old.digest == self.new.digest else "changed"

    @property
    def node(self) -> Node:
        """What it is now, or was."""
        found = self.new if self.new is not None else self.old
        assert found is not None  # noqa: S101  # one of both is there
        return found


def compare_trees(old: Node, new: Node) -> tuple[LeafChange, ...]:
    """Return how two trees differ, in the order of the new one; empty where their digests are equal.

    Children are the same where their names are; those of a sequence where their values or texts are.
    A package is the same in whatever layer it lies.
    """
    return tuple(_compare(old, new, ()))


def _compare(old: Node, new: Node, path: tuple[str, ...]) -> Iterator[LeafChange]:
    if old.digest == new.digest:
        return
    whole = LeafChange(path=path, old=old, new=new)
    if not _is_whole_of_parts(old, new):
        yield whole
        return
    if path == (_LAYERS,):
        found = list(_compare_layers(old, new))
    elif new.is_sequence:
        found = list(_compare_sequences(old, new, path))
    else:
        found = [change for pair in _pair_names(old, new) for change in _compare_pair(pair, path)]
    yield from found or [whole]


def _is_whole_of_parts(old: Node, new: Node) -> bool:
    """Say whether two nodes are best told by their children: each has some, or nothing at all."""
    return bool(old.children or new.children) and all(
        node.children or not node.value for node in (old, new)
    )


def _compare_pair(pair: _Pair, path: tuple[str, ...]) -> Iterator[LeafChange]:
    old, new = pair
    if old is not None and new is not None:
        yield from _compare(old, new, (*path, new.name))
        return
    name = (old or new or Node(name="", value=None)).name
    yield LeafChange(path=(*path, name), old=old, new=new)


def _pair_names(old: Node, new: Node) -> Iterator[_Pair]:
    for child in new.children:
        yield old.find(child.name), child
    for child in old.children:
        if new.find(child.name) is None:
            yield child, None


def _compare_layers(old: Node, new: Node) -> Iterator[LeafChange]:
    """Yield the packages that differ: the same ones are those of one kind and name."""
    before, after = _packages(old), _packages(new)
    for key, (layer, node) in after.items():
        old_layer, old_node = before.get(key, ("", None))
        if old_node is None or old_node.digest != node.digest or old_layer != layer:
            yield LeafChange(path=(_LAYERS, layer, node.name), old=old_node, new=node)
    for key, (layer, node) in before.items():
        if key not in after:
            yield LeafChange(path=(_LAYERS, layer, node.name), old=node, new=None)


def _packages(layers: Node) -> dict[tuple[str, str], tuple[str, Node]]:
    """Return the layer and the node of each package, by its kind and name."""
    found: dict[tuple[str, str], tuple[str, Node]] = {}
    for layer in layers.children:
        kind = layer.value[0] if isinstance(layer.value, Sequence) else ""
        for node in layer.children:
            found[str(kind), node.name] = layer.name, node
    return found


def _compare_sequences(old: Node, new: Node, path: tuple[str, ...]) -> Iterator[LeafChange]:
    for before, after in _align(old.children, new.children):
        if before is not None and after is not None:
            if after.children and before.text != after.text:
                # What it does with its children is not the same, either.
                yield LeafChange(path=(*path, after.name), old=before, new=after)
            yield from _compare(before, after, (*path, after.name))
        else:
            yield from _compare_pair((before, after), path)


def _align(old: Sequence[Node], new: Sequence[Node]) -> Iterator[_Pair]:
    """Yield which items of two sequences are the same: those of one digest, then of one text, then
    of one kind where all between the same neighbours was replaced."""
    digests = [[node.digest for node in nodes] for nodes in (old, new)]
    matcher = SequenceMatcher(a=digests[0], b=digests[1], autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(old[start:end], new[new_start:new_end], strict=True)
        else:
            yield from _align_replaced(old[start:end], new[new_start:new_end])


def _align_replaced(old: Sequence[Node], new: Sequence[Node]) -> Iterator[_Pair]:
    left, waiting = list(old), []
    for node in new:
        same = next((one for one in left if one.text == node.text), None)
        if same is not None:
            left.remove(same)
            yield same, node
        else:
            waiting.append(node)
    for has_children in (True, False):
        yield from zip_longest(
            [node for node in left if bool(node.children) == has_children],
            [node for node in waiting if bool(node.children) == has_children],
        )
