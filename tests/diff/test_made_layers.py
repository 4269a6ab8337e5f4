"""Which layers of an image are reused: what a change makes anew, and what it does not touch."""

from __future__ import annotations

from typing import Any

from envc.canonical import Json
from envc.diff.layer import LayerChange, Pull, compare_layers, estimate_pull
from envc.lock.model import PlatformLock
from envc.lock.package import SystemPackage
from envc.plan.about import About, LockPlaces
from envc.plan.identity import locked_part
from envc.plan.layer import assign_layers
from envc.plan.node import Node
from envc.plan.tree import root_node
from envc.source import Source
from support.plans import conda_lock, conda_package, pip_lock, wheel

MIB = 1024 * 1024


def tree(locked: PlatformLock, **more: Json) -> Node:
    layers = assign_layers(locked)
    places = LockPlaces(Source(name="pets.lock", text="{}"), "", "linux/amd64")
    about = About(document=None, locked=locked, layers=layers, places=places)
    root = root_node({"contract": 2, **locked_part(locked, layers)}, about)
    extra = tuple(
        Node(
            name=name,
            value=value,
            children=tuple(
                Node(name=str(number), value=one) for number, one in enumerate(value, start=1)
            )
            if isinstance(value, list)
            else (),
        )
        for name, value in more.items()
    )
    value = {child.name: child.value for child in (*root.children, *extra)}
    return Node(name="", value=value, children=(*root.children, *extra))


def states(old: PlatformLock, new: PlatformLock, *more: dict[str, Any]) -> dict[str, str]:
    before, after = more or ({}, {})
    changes = compare_layers((old, tree(old, **before)), (new, tree(new, **after)))
    return {change.name: change.state for change in changes}


def conda(*names: str, size: int = MIB, version: str = "1.0") -> PlatformLock:
    return conda_lock(
        *(conda_package(name, version, size=size, sha256=version[0] * 64) for name in names)
    )


def test_another_package_makes_only_its_own_layer_anew() -> None:
    big = conda_package("torch", size=60 * MIB)
    old = conda_lock(big, conda_package("numpy", size=MIB), pip=(wheel("rich", size=1000),))
    new = conda_lock(
        big, conda_package("numpy", "2.0", size=2 * MIB), pip=(wheel("rich", size=1000),)
    )

    found = compare_layers((old, tree(old)), (new, tree(new)))

    assert {one.name: (one.state, one.packages, one.size_bytes) for one in found} == {
        "base": ("reused", 0, None),
        "system": ("reused", 0, 0),
        "conda-torch": ("reused", 1, 60 * MIB),
        "conda-1": ("rebuilt", 1, 2 * MIB),
        "pip-1": ("reused", 1, 1000),
        "environment": ("rebuilt", 0, 0),
    }
    assert estimate_pull(found) == Pull(size_bytes=2 * MIB, unknown=())


def test_another_base_leaves_the_packages_alone() -> None:
    old = conda("numpy")
    base = old.base.model_copy(update={"digest": "sha256:" + "e" * 64})
    new = old.model_copy(update={"base": base})

    assert states(old, new) == {
        "base": "rebuilt",
        "system": "rebuilt",
        "conda-1": "reused",
        "environment": "reused",
    }


def test_other_tools_lay_everything_out_anew() -> None:
    old = conda("numpy")
    tools = old.tools.model_copy(update={"digest": "sha256:" + "e" * 64})
    new = old.model_copy(update={"tools": tools})

    assert states(old, new)["conda-1"] == "rebuilt"


def test_byte_code_of_the_bases_python_depends_on_the_base() -> None:
    old = pip_lock(wheel("six", size=1))
    python = old.tools.model_copy(update={"python": "3.11.2"})
    odd = old.model_copy(update={"tools": python})
    base = old.base.model_copy(update={"digest": "sha256:" + "e" * 64})

    assert states(old, old.model_copy(update={"base": base}))["pip-1"] == "reused"
    assert states(odd, odd.model_copy(update={"base": base}))["pip-1"] == "rebuilt"


def test_debian_packages_are_part_of_what_is_pulled() -> None:
    old = conda("numpy")
    debian = SystemPackage(
        name="git",
        version="1",
        architecture="amd64",
        url="https://deb.debian.org/git.deb",
        sha256="a" * 64,
        size=5 * MIB,
    )
    new = old.model_copy(update={"system": (debian,)})

    found = compare_layers((old, tree(old)), (new, tree(new)))

    assert estimate_pull(found) == Pull(size_bytes=5 * MIB, unknown=())
    assert found[1] == LayerChange(name="system", state="rebuilt", packages=1, size_bytes=5 * MIB)


def test_a_step_runs_again_where_anything_below_it_changed() -> None:
    old, config = conda("numpy"), {"variables": [], "workdir": "/"}
    node = {"steps": [{"run": "a"}, {"run": "b"}], "config": config}
    other = {"steps": [{"run": "a"}, {"run": "c"}], "config": config}

    after_step = states(old, old, node, other)
    after_package = states(old, conda("numpy", version="2.0"), node, node)

    assert (after_step["step 1"], after_step["step 2"]) == ("reused", "rebuilt")
    assert (after_package["step 1"], after_package["step 2"]) == ("rebuilt", "rebuilt")


def test_a_layer_that_is_not_needed_any_more_is_dropped() -> None:
    old = conda_lock(conda_package("numpy", size=1), pip=(wheel("rich", size=1),))

    assert states(old, conda_lock(conda_package("numpy", size=1)))["pip-1"] == "dropped"


def test_all_is_new_where_there_was_nothing() -> None:
    new = conda("numpy")

    found = compare_layers(None, (new, tree(new)))

    assert [one.state for one in found] == ["rebuilt"] * 4
    assert estimate_pull(found) == Pull(size_bytes=MIB, unknown=("base",))


def test_what_no_lock_knows_the_size_of_is_told() -> None:
    old, new = conda("numpy"), conda_lock(conda_package("numpy", "2.0"))

    found = compare_layers((old, tree(old)), (new, tree(new)))

    assert estimate_pull(found) == Pull(size_bytes=0, unknown=("conda-1",))


def test_one_layer_of_all_is_made_anew_with_any_package() -> None:
    old = conda_lock(conda_package("numpy", size=MIB), pip=(wheel("rich", size=1000),))
    new = conda_lock(conda_package("numpy", size=MIB), pip=(wheel("rich", "2.0", size=1000),))

    same, other = (states(old, one, {"whole": True}, {"whole": True}) for one in (old, new))

    assert same == {"base": "reused", "system": "reused", "whole": "reused"}
    assert other == {"base": "reused", "system": "reused", "whole": "rebuilt"}


def test_layers_that_become_one_are_dropped() -> None:
    locked = conda_lock(conda_package("numpy", size=MIB), pip=(wheel("rich", size=1000),))

    found = compare_layers((locked, tree(locked)), (locked, tree(locked, whole=True)))

    assert [(one.name, one.state, one.packages, one.size_bytes) for one in found] == [
        ("base", "reused", 0, None),
        ("system", "reused", 0, 0),
        ("whole", "rebuilt", 2, MIB + 1000),
        ("conda-1", "dropped", 1, MIB),
        ("pip-1", "dropped", 1, 1000),
        ("environment", "dropped", 0, 0),
    ]
