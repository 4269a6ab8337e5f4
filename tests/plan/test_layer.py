"""Layers: which package lies where, and how little moves when one package does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envc.lock.model import PipPackage
from envc.plan.layer import BUDGET, assign_layers
from support.plans import conda_lock, conda_package, pip_lock, wheel

NAMES = st.text("abcdefghij", min_size=1, max_size=4)
SIZES = st.one_of(st.none(), st.integers(1, 80_000_000))
WHEELS = st.dictionaries(NAMES, SIZES, min_size=1, max_size=40)


def wheels(sizes: dict[str, int | None]) -> tuple[PipPackage, ...]:
    return tuple(wheel(name, size=size) for name, size in sorted(sizes.items()))


@given(sizes=WHEELS, budget=st.integers(1, 20))
def test_every_package_is_in_one_layer_and_layers_keep_to_the_budget(
    sizes: dict[str, int | None], budget: int
) -> None:
    layers = assign_layers(pip_lock(*wheels(sizes)), budget=budget)

    names = [package.name for layer in layers for package in layer.packages]
    assert sorted(names) == sorted(sizes)
    assert len({layer.name for layer in layers}) == len(layers) <= max(budget - 1, 1)
    assert all(layer.packages for layer in layers)


@given(sizes=WHEELS)
def test_a_new_version_of_a_package_moves_no_other(sizes: dict[str, int | None]) -> None:
    name = min(sizes)
    before = assign_layers(pip_lock(*wheels(sizes)))
    bumped = tuple(
        wheel(one.name, "2.0", size=one.size) if one.name == name else one for one in wheels(sizes)
    )

    after = assign_layers(pip_lock(*bumped))

    assert [[one.name for one in layer.packages] for layer in after] == [
        [one.name for one in layer.packages] for layer in before
    ]


def test_conda_packages_lie_below_wheels_and_the_heavy_alone() -> None:
    big = 50_000_000
    locked = conda_lock(
        conda_package("mkl", size=big),
        conda_package("zlib", size=1),
        pip=(wheel("six", size=1), wheel("torch", size=big)),
    )

    assert [layer.name for layer in assign_layers(locked)] == [
        "conda-mkl",
        "conda-1",
        "pip-torch",
        "pip-1",
    ]


def test_a_small_environment_has_a_layer_of_each_kind() -> None:
    locked = conda_lock(conda_package("a"), conda_package("b"), pip=(wheel("c"), wheel("d")))

    assert [layer.name for layer in assign_layers(locked, budget=BUDGET)] == ["conda-1", "pip-1"]
    assert len(assign_layers(locked, budget=1)) == 2
