"""Layers: which package lies where, and how little moves when one package does."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.lock.codec import loads
from envc.lock.model import PlatformLock
from envc.lock.package import PipPackage, SourcePackage
from envc.plan.layer import UNKNOWN_SIZE, Layer, assign_layers, choose_cap, is_one_layer
from support.plans import DEBIAN, conda_lock, conda_package, pip_lock, wheel

MIB = 1024 * 1024
SPECS = Path(__file__).parents[2] / "specs"
NAMES = st.text("abcdefghij", min_size=1, max_size=4)
SIZES = st.one_of(
    st.none(), st.integers(1, 300_000), st.integers(1, 3_000_000), st.integers(1, 80_000_000)
)
SOURCE = SourcePackage(
    name="pets",
    version="1.0",
    kind="sdist",
    url="https://files.pythonhosted.org/pets-1.0.tar.gz",
    sha256="ab" * 32,
    backend="setuptools.build_meta",
)
WHEELS = st.dictionaries(NAMES, SIZES, min_size=1, max_size=40)


def wheels(sizes: dict[str, int | None]) -> tuple[PipPackage, ...]:
    return tuple(wheel(name, size=size) for name, size in sorted(sizes.items()))


def lock_of(sizes: dict[str, int | None]) -> PlatformLock:
    return pip_lock(*wheels(sizes))


def held(layers: Iterable[Layer]) -> dict[str, list[str]]:
    return {layer.name: [package.name for package in layer.packages] for layer in layers}


def moved(before: PlatformLock, after: PlatformLock, name: str) -> int:
    """Return the bytes to pull again for the change of one package, its own apart."""
    old = {tuple(names) for names in held(assign_layers(before)).values() if name not in names}
    return sum(
        weigh(package)
        for layer in assign_layers(after)
        if tuple(one.name for one in layer.packages) not in old
        for package in layer.packages
        if package.name != name
    )


def weigh(package: object) -> int:
    size = getattr(package, "size")  # noqa: B009  # of both kinds
    return UNKNOWN_SIZE if size is None else int(size)


@given(
    conda=WHEELS | st.just({}),
    sizes=WHEELS | st.just({}),
    has_source=st.booleans(),
    budget=st.integers(1, 100),
)
def test_every_package_is_in_one_layer_and_layers_keep_to_any_budget(
    conda: dict[str, int | None], sizes: dict[str, int | None], has_source: bool, budget: int
) -> None:
    packages = [conda_package(name, size=size) for name, size in conda.items()]
    locked = conda_lock(*packages, pip=wheels(sizes))
    locked = locked.model_copy(update={"sources": (SOURCE,) if has_source else ()})

    layers = assign_layers(locked, budget=budget)

    names = [(layer.kind, package.name) for layer in layers for package in layer.packages]
    listed = [("conda", name) for name in conda] + [("pip", name) for name in sizes]
    listed += [("pip", SOURCE.name)] if has_source else []
    of_image = 1 if is_one_layer(locked, budget=budget) else len(layers) + 1
    assert sorted(names) == sorted(listed)
    assert len({layer.name for layer in layers}) == len(layers)
    assert of_image <= budget
    assert all(layer.packages for layer in layers)


@given(sizes=WHEELS, budget=st.integers(1, 100))
def test_a_lock_and_a_budget_always_give_the_same_layers(
    sizes: dict[str, int | None], budget: int
) -> None:
    locked = lock_of(sizes)
    shuffled = locked.model_copy(update={"pip": tuple(reversed(locked.pip))})

    assert assign_layers(shuffled, budget=budget) == assign_layers(locked, budget=budget)


@given(sizes=WHEELS, budget=st.integers(1, 99))
def test_a_greater_budget_has_no_greater_cap(sizes: dict[str, int | None], budget: int) -> None:
    locked = lock_of(sizes)

    assert choose_cap(locked, budget=budget + 1) <= choose_cap(locked, budget=budget)


@given(sizes=WHEELS)
def test_a_layer_of_several_packages_fits_into_the_cap_and_has_none_that_is_heavy(
    sizes: dict[str, int | None],
) -> None:
    locked = lock_of(sizes)
    cap = choose_cap(locked)

    shared = [layer for layer in assign_layers(locked) if len(layer.packages) > 1]
    assert all(sum(map(weigh, layer.packages)) <= cap for layer in shared)
    assert all(2 * weigh(package) < cap for layer in shared for package in layer.packages)


@given(sizes=WHEELS, budget=st.integers(1, 100))
def test_a_new_version_of_a_package_moves_no_other(
    sizes: dict[str, int | None], budget: int
) -> None:
    name = min(sizes)
    bumped = tuple(
        wheel(one.name, "2.0", size=one.size) if one.name == name else one for one in wheels(sizes)
    )

    after = assign_layers(pip_lock(*bumped), budget=budget)

    assert held(after) == held(assign_layers(lock_of(sizes), budget=budget))


@given(sizes=WHEELS, size=SIZES)
def test_a_changed_package_pulls_two_caps_of_others_at_most(
    sizes: dict[str, int | None], size: int | None
) -> None:
    name = min(sizes)
    others = {one: own for one, own in sizes.items() if one != name}
    before, without = lock_of(sizes), lock_of(others)
    after = lock_of(others | {name: size})
    cap = choose_cap(before)

    if choose_cap(after) == cap:
        assert moved(before, after, name) <= 2 * cap
    if choose_cap(without) == cap:
        assert moved(without, before, name) <= cap
        assert moved(before, without, name) <= cap


@given(sizes=WHEELS, more=WHEELS)
def test_environments_of_the_same_cap_share_what_both_have(
    sizes: dict[str, int | None], more: dict[str, int | None]
) -> None:
    small, big = lock_of(sizes), lock_of(more | sizes)
    fewer, others = assign_layers(small), assign_layers(big)

    if choose_cap(small) == choose_cap(big):
        alone = [layer for layer in fewer if 2 * weigh(layer.packages[0]) >= choose_cap(small)]
        assert all(layer in others for layer in alone)
        for names in map(set, held(others).values()):
            kept = names & sizes.keys()
            assert all(kept & set(own) in (set(), kept, set(own)) for own in held(fewer).values())


@given(sizes=WHEELS)
def test_layers_depend_on_nothing_but_the_packages(sizes: dict[str, int | None]) -> None:
    locked = lock_of(sizes)
    other = locked.model_copy(
        update={"base": DEBIAN, "pip": tuple(reversed(locked.pip)), "python": None}
    )

    assert assign_layers(other) == assign_layers(locked)


def test_conda_packages_lie_below_wheels_and_the_heavy_alone() -> None:
    big = 50_000_000
    locked = conda_lock(
        conda_package("mkl", size=big),
        conda_package("zlib", size=1),
        pip=(wheel("six", size=1), wheel("torch", size=big)),
    )

    layers = assign_layers(locked)

    assert [(layer.name, layer.reason, layer.size) for layer in layers] == [
        ("conda-mkl", "4 MiB or more", big),
        ("conda-1", "each less than 4 MiB", 1),
        ("pip-torch", "4 MiB or more", big),
        ("pip-1", "each less than 4 MiB", 1),
    ]


def test_packages_that_do_not_fit_together_are_divided_by_size_and_then_by_name() -> None:
    sizes: dict[str, int | None] = {f"t{n}": 100_000 for n in range(9)}
    sizes |= {f"m{n}": MIB for n in range(3)}
    sizes |= {f"l{n}": 3 * MIB for n in range(4)}

    layers = assign_layers(lock_of(sizes), budget=6)

    assert [(layer.name, layer.reason) for layer in layers] == [
        ("pip-large-00", "each 2 MiB or more; names whose digests begin with 00"),
        ("pip-l0", "2 MiB or more; the only name whose digest begins with 01"),
        ("pip-l2", "2 MiB or more; the only name whose digest begins with 1"),
        ("pip-medium", "each 256 KiB or more, less than 2 MiB"),
        ("pip-small", "each less than 256 KiB"),
    ]


def test_the_heaviest_lie_lowest_and_near_sizes_in_the_order_of_names() -> None:
    sizes: dict[str, int | None] = {"a": 5 * MIB, "b": 7 * MIB, "c": 40 * MIB, "d": 9 * MIB, "e": 1}

    for b in (5 * MIB, 7 * MIB):
        layers = assign_layers(lock_of(sizes | {"b": b}), budget=9)

        assert [layer.name for layer in layers] == ["pip-c", "pip-d", "pip-a", "pip-b", "pip-1"]


def test_the_cap_grows_until_the_budget_suffices() -> None:
    sizes: dict[str, int | None] = {f"p{n}": 5 * MIB for n in range(12)}

    caps = {budget: choose_cap(lock_of(sizes), budget=budget) for budget in (13, 12, 3, 1)}

    assert caps == {13: 8 * MIB, 12: 12 * MIB, 3: 48 * MIB, 1: 64 * MIB}


def test_a_package_of_any_name_has_a_layer_of_another_name_than_all_other_stages() -> None:
    names = ("1", "small", "large-01", "torch", "torch-code", "x-amd64", "small-package")
    sizes: dict[str, int | None] = dict.fromkeys(names, 9 * MIB)

    assert list(held(assign_layers(lock_of(sizes)))) == [
        "pip-1-package",
        "pip-large-01-package",
        "pip-small-package",
        "pip-small-package-package",
        "pip-torch",
        "pip-torch-code-package",
        "pip-x-amd64-package",
    ]


def test_the_size_of_a_layer_is_unknown_where_that_of_a_package_is() -> None:
    layers = assign_layers(lock_of({"a": 1, "b": None}))

    assert [layer.size for layer in layers] == [None, 1]


def test_a_small_environment_has_a_layer_of_each_kind() -> None:
    packages = [conda_package(name, size=MIB // 8) for name in "ab"]
    locked = conda_lock(*packages, pip=(wheel("c", size=1), wheel("d", size=MIB // 4 - 1)))

    assert [layer.name for layer in assign_layers(locked)] == ["conda-1", "pip-1"]


def test_what_is_left_of_the_budget_divides_where_that_saves_most() -> None:
    sizes: dict[str, int | None] = {f"t{n}": 200_000 for n in range(12)}
    sizes |= {f"m{n}": MIB for n in range(3)}

    found = {
        budget: {name: len(names) for name, names in held(layers).items()}
        for budget in (2, 3, 4, 5, 20)
        for layers in [assign_layers(lock_of(sizes), budget=budget)]
    }

    assert found == {
        2: {"pip-1": 15},
        3: {"pip-small": 12, "pip-medium": 3},
        4: {"pip-small-0": 4, "pip-small-1": 8, "pip-medium": 3},
        5: {"pip-m2": 1, "pip-medium-1": 2, "pip-small-0": 4, "pip-small-1": 8},
        20: {
            "pip-m2": 1,
            "pip-m1": 1,
            "pip-m0": 1,
            "pip-t7": 1,
            "pip-t0": 1,
            "pip-small-011": 2,
            "pip-small-10": 2,
            "pip-small-1100": 2,
            "pip-t8": 1,
            "pip-t9": 1,
            "pip-small-1111": 2,
        },
    }


def test_what_is_less_than_an_eighth_of_a_small_environment_is_not_divided_on() -> None:
    def found(size: int) -> list[int]:
        layers = assign_layers(lock_of({f"t{n}": size for n in range(12)}))
        return [len(layer.packages) for layer in layers]

    # By the digests of names, in halves: until none has an eighth, and until none has 256 KiB.
    assert found(200_000) == [1, 1, 1, 1, 2, 2, 1, 1, 2]
    assert found(40_000) == [4, 2, 6]
    assert found(20_000) == [12]


def test_less_than_a_layer_of_each_kind_is_one_of_all_divided_as_by_default() -> None:
    sizes: dict[str, int | None] = {f"p{n}": 5 * MIB for n in range(12)}
    locked = conda_lock(conda_package("a"), pip=wheels(sizes))

    found = {
        budget: (is_one_layer(locked, budget=budget), len(assign_layers(locked, budget=budget)))
        for budget in (1, 2, 3, 4)
    }

    usual = len(assign_layers(locked))
    assert found == {1: (True, usual), 2: (True, usual), 3: (False, 2), 4: (False, 3)}


def large_locks() -> Iterator[PlatformLock]:
    """Yield what the examples lock of more than a cap's bytes."""
    for path in sorted(SPECS.glob("*/*.lock")):
        for lock in loads(path.read_text(), path.name).variants.values():
            for locked in lock.platforms.values():
                if sum(map(weigh, (*locked.conda, *locked.pip))) > 16 * MIB:
                    yield locked


@pytest.mark.parametrize("budget", [10, 20, 100])
def test_a_bump_of_a_real_package_pulls_a_tenth_of_the_rest_at_most(budget: int) -> None:
    medians = []
    for locked in large_locks():
        total = sum(map(weigh, (*locked.conda, *locked.pip)))
        layers = assign_layers(locked, budget=budget)
        shares = [
            (sum(map(weigh, layer.packages)) - weigh(package)) / total
            for layer in layers
            for package in layer.packages
        ]
        medians.append(statistics.median(shares))

    assert len(medians) >= 7
    assert max(medians) <= 0.1
