"""Two trees of identities compared: what is told, and that something always is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envc.diff.leaf import compare_trees
from envc.plan.node import Node


def leaf(name: str, value: Any) -> Node:
    return Node(name=name, value=value, text=str(value))


def parent(name: str, *children: Node, is_sequence: bool = False) -> Node:
    value = [child.value for child in children]
    return Node(name=name, value=value, children=children, is_sequence=is_sequence)


def layer(name: str, *packages: tuple[str, str]) -> Node:
    nodes = tuple(leaf(package, [package, version]) for package, version in packages)
    value = [name.partition("-")[0], *(node.value for node in nodes)]
    return Node(name=name, value=value, children=nodes)


def steps(*texts: str) -> Node:
    nodes = (leaf(str(number), text) for number, text in enumerate(texts, start=1))
    return parent("", parent("steps", *nodes, is_sequence=True))


def told(old: Node, new: Node) -> list[tuple[str, str]]:
    return [("/".join(change.path), change.move) for change in compare_trees(old, new)]


def test_equal_trees_differ_in_nothing() -> None:
    assert told(parent("", leaf("a", 1)), parent("", leaf("a", 1))) == []


def test_leaves_are_paired_by_their_names() -> None:
    old = parent("", leaf("a", 1), parent("in", leaf("b", 2), leaf("c", 3)))
    new = parent("", parent("in", leaf("c", 4), leaf("d", 5)), leaf("a", 1))

    assert told(old, new) == [("in/c", "changed"), ("in/d", "added"), ("in/b", "removed")]


def test_another_order_of_the_same_parts_is_a_change_of_the_whole() -> None:
    old = parent("", parent("in", leaf("b", 2), leaf("c", 3)))
    new = parent("", parent("in", leaf("c", 3), leaf("b", 2)))

    assert told(old, new) == [("in", "changed")]


def test_parts_of_what_was_empty_are_all_new() -> None:
    old, new = parent("", leaf("in", [])), parent("", parent("in", leaf("b", 2)))

    assert told(old, new) == [("in/b", "added")]
    assert told(new, old) == [("in/b", "removed")]


def test_a_whole_that_becomes_a_leaf_is_one_change() -> None:
    old, new = parent("", leaf("in", 7)), parent("", parent("in", leaf("b", 2)))

    assert told(old, new) == [("in", "changed")]


def test_a_package_is_the_same_in_whatever_layer_it_lies() -> None:
    old = parent(
        "", parent("layers", layer("conda-1", ("a", "1"), ("b", "1")), layer("pip-1", ("a", "1")))
    )
    new = parent(
        "",
        parent(
            "layers",
            layer("conda-a", ("a", "2")),
            layer("conda-1", ("c", "1")),
            layer("pip-2", ("a", "1")),
        ),
    )

    assert told(old, new) == [
        ("layers/conda-a/a", "changed"),
        ("layers/conda-1/c", "added"),
        ("layers/pip-2/a", "moved"),
        ("layers/conda-1/b", "removed"),
    ]


def test_a_step_that_comes_between_changes_no_other() -> None:
    assert told(steps("run a", "run b"), steps("run a", "run x", "run b")) == [("steps/2", "added")]
    assert told(steps("run a", "run x", "run b"), steps("run a", "run b")) == [
        ("steps/2", "removed")
    ]


def test_a_step_that_is_another_now_is_a_change() -> None:
    assert told(steps("run a", "run b"), steps("run a", "run c", "run d")) == [
        ("steps/2", "changed"),
        ("steps/3", "added"),
    ]


def copy_step(number: str, text: str, *files: Node) -> Node:
    value = {"copy": [file.value for file in files], "what": text}
    return Node(name=number, value=value, text=text, children=files)


def test_of_a_copy_the_files_are_told_and_its_own_change_too() -> None:
    old = parent("steps", copy_step("1", "copy a", leaf("x", 1), leaf("y", 1)), is_sequence=True)
    same = parent(
        "steps",
        leaf("1", "run b"),
        copy_step("2", "copy a", leaf("x", 2), leaf("y", 1)),
        is_sequence=True,
    )
    owned = parent("steps", copy_step("1", "copy a owner 7", leaf("x", 2)), is_sequence=True)

    assert told(parent("", old), parent("", same)) == [
        ("steps/2/x", "changed"),
        ("steps/1", "added"),
    ]
    assert told(parent("", old), parent("", owned)) == [
        ("steps/1", "changed"),
        ("steps/1/x", "changed"),
        ("steps/1/y", "removed"),
    ]


def trees() -> st.SearchStrategy[Node]:
    names = st.sampled_from("abc")
    leaves = st.builds(leaf, names, st.integers(0, 2))

    def grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        lists = st.lists(children, max_size=3, unique_by=lambda node: node.name)
        return st.builds(
            lambda name, nodes, is_sequence: parent(name, *nodes, is_sequence=is_sequence),
            names,
            lists,
            st.booleans(),
        )

    return st.recursive(leaves, grow, max_leaves=8)


@given(trees(), trees())
def test_something_is_told_exactly_where_the_digests_differ(old: Node, new: Node) -> None:
    assert bool(compare_trees(old, new)) == (old.digest != new.digest)
