"""uv and pip-tools give the same answer, in one small world for each thing that could part them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envc.errors import EnvcError
from envc.resolve.base import (
    Conflict,
    LocalWheel,
    PipRequest,
    PipResolution,
    PipSolver,
    Provided,
    Requirement,
)
from support.index import Dist, IndexServer
from support.pip_world import CP, MACHINE, ask, local_wheel, silent, solvers


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What an index has, what is asked of it, and the files that are the right answer."""

    name: str
    dists: Sequence[Dist]
    requirements: Sequence[str]
    files: Sequence[str]
    provided: tuple[tuple[str, str], ...] = ()


A10 = Dist(name="a", version="1.0")
B10, B20 = Dist(name="b", version="1.0"), Dist(name="b", version="2.0")

WORLDS = [
    World(
        name="a marker on the target",
        dists=[A10, B10],
        requirements=["a ; sys_platform == 'linux'", "b ; sys_platform == 'win32'"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a marker on a dependency",
        dists=[
            Dist(
                name="a",
                version="1.0",
                requires=(
                    f"b ; platform_machine == '{MACHINE}'",
                    "gone ; python_full_version < '3.8'",
                ),
            ),
            B10,
        ],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"],
    ),
    World(
        name="an extra",
        dists=[
            Dist(name="a", version="1.0", extras={"fast": ("b>=2",), "slow": ("c",)}),
            B10,
            B20,
        ],
        requirements=["a[fast]"],
        files=["a-1.0-py3-none-any.whl", "b-2.0-py3-none-any.whl"],
    ),
    World(
        name="an extra that a dependency asks for",
        dists=[
            Dist(name="top", version="1.0", requires=("a[fast]",)),
            Dist(name="a", version="1.0", extras={"fast": ("b",)}),
            B10,
        ],
        requirements=["top"],
        files=["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl", "top-1.0-py3-none-any.whl"],
    ),
    World(
        name="a backtrack",
        dists=[
            Dist(name="a", version="1.0", requires=("b",)),
            Dist(name="a", version="2.0", requires=("b>=2", "c")),
            Dist(name="c", version="1.0", requires=("b<2",)),
            B10,
            B20,
        ],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl", "b-2.0-py3-none-any.whl"],
    ),
    World(
        name="a pre-release that nobody asked for",
        dists=[A10, Dist(name="a", version="2.0rc1")],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a pre-release that is asked for",
        dists=[A10, Dist(name="a", version="2.0rc1")],
        requirements=["a>=2.0rc1"],
        files=["a-2.0rc1-py3-none-any.whl"],
    ),
    World(
        name="nothing but a pre-release",
        dists=[Dist(name="a", version="2.0b3")],
        requirements=["a"],
        files=["a-2.0b3-py3-none-any.whl"],
    ),
    World(
        name="nothing but pre-releases and a requirement without one",
        dists=[Dist(name="a", version="2.0b3"), Dist(name="a", version="2.0.dev9")],
        requirements=["a>=1,!=9"],
        files=["a-2.0b3-py3-none-any.whl"],
    ),
    World(
        name="a pre-release that a requirement on another line names",
        dists=[
            A10,
            Dist(name="a", version="2.0rc1"),
            Dist(name="top", version="1.0", requires=("a>1",)),
        ],
        requirements=["top", "a>=0.1.dev1"],
        files=["a-2.0rc1-py3-none-any.whl", "top-1.0-py3-none-any.whl"],
    ),
    World(
        name="a stable version beside a pre-release that would do",
        dists=[Dist(name="a", version="2.0"), Dist(name="a", version="2.1a1")],
        requirements=["a>=2.0rc1"],
        files=["a-2.0-py3-none-any.whl"],
    ),
    World(
        name="a pre-release that a dependency needs",
        dists=[
            A10,
            Dist(name="a", version="2.0rc1"),
            Dist(name="top", version="1.0", requires=("a>1",)),
        ],
        requirements=["top", "a"],
        files=["a-2.0rc1-py3-none-any.whl", "top-1.0-py3-none-any.whl"],
    ),
    World(
        name="a stable sdist beside a wheel of a pre-release",
        dists=[
            Dist(name="a", version="1.0", tags=(), sdist=True),
            Dist(name="a", version="2.0rc1"),
        ],
        requirements=["a"],
        files=["a-2.0rc1-py3-none-any.whl"],
    ),
    World(
        name="a yanked version",
        dists=[A10, Dist(name="a", version="2.0", yanked="broken")],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a yanked version that is pinned",
        dists=[A10, Dist(name="a", version="2.0", yanked="")],
        requirements=["a==2.0"],
        files=["a-2.0-py3-none-any.whl"],
    ),
    World(
        name="a version of which the best wheel is yanked",
        dists=[
            A10,
            Dist(
                name="a",
                version="1.0",
                yanked="broken",
                tags=(f"{CP}-{CP}-manylinux_2_17_{MACHINE}",),
            ),
        ],
        requirements=["a==1.0"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a newer version without wheels",
        dists=[A10, Dist(name="a", version="2.0", tags=(), sdist=True)],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a wheel beside an sdist",
        dists=[Dist(name="a", version="1.0", sdist=True)],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="a newer version for a newer Python",
        dists=[A10, Dist(name="a", version="2.0", requires_python=">=3.99")],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="the most specific wheel",
        dists=[
            Dist(
                name="a",
                version="1.0",
                tags=(
                    "py3-none-any",
                    f"cp37-abi3-manylinux_2_17_{MACHINE}",
                    f"{CP}-{CP}-manylinux_2_17_{MACHINE}",
                    f"{CP}-{CP}-manylinux_2_28_{MACHINE}",
                    f"{CP}-{CP}-manylinux_2_99_{MACHINE}",
                    f"{CP}-{CP}-musllinux_1_2_{MACHINE}",
                    f"{CP}-{CP}-win_amd64",
                ),
            )
        ],
        requirements=["a"],
        files=[f"a-1.0-{CP}-{CP}-manylinux_2_28_{MACHINE}.whl"],
    ),
    World(
        name="a wheel of the stable ABI",
        dists=[
            Dist(
                name="a",
                version="1.0",
                tags=("py3-none-any", f"cp37-abi3-manylinux_2_17_{MACHINE}", "cp37-abi3-win32"),
            )
        ],
        requirements=["a"],
        files=[f"a-1.0-cp37-abi3-manylinux_2_17_{MACHINE}.whl"],
    ),
    World(
        name="a newer version for a newer glibc",
        dists=[
            A10,
            Dist(name="a", version="2.0", tags=(f"{CP}-{CP}-manylinux_2_35_{MACHINE}",)),
        ],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="an epoch and a local version",
        dists=[
            Dist(name="a", version="2023.1"),
            Dist(name="a", version="1!1.0"),
            Dist(name="b", version="1.0"),
            Dist(name="b", version="1.0+cpu.1"),
        ],
        requirements=["a", "b==1.0"],
        files=["a-1!1.0-py3-none-any.whl", "b-1.0+cpu.1-py3-none-any.whl"],
    ),
    World(
        name="a file without a hash",
        dists=[Dist(name="a", version="1.0", hashed=False)],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="metadata beside the wheel",
        dists=[Dist(name="a", version="1.0", requires=("b",), metadata=True), B10],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"],
    ),
    World(
        name="names in other spellings",
        dists=[
            Dist(name="Zope.Interface", version="1.0", requires=("my_DIST",)),
            Dist(name="My-Dist", version="1.0"),
        ],
        requirements=["zope_interface"],
        files=["my_dist-1.0-py3-none-any.whl", "zope_interface-1.0-py3-none-any.whl"],
    ),
    World(
        name="unsafe names such as setuptools",
        dists=[
            Dist(name="a", version="1.0", requires=("setuptools",)),
            Dist(name="setuptools", version="70.0"),
        ],
        requirements=["a"],
        files=["a-1.0-py3-none-any.whl", "setuptools-70.0-py3-none-any.whl"],
    ),
    World(
        name="what Conda provides",
        dists=[Dist(name="a", version="1.0", requires=("b>=1",)), B10, B20],
        requirements=["a", "b"],
        provided=(("b", "1.0"),),
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="what Conda provides decides on a version",
        dists=[
            Dist(name="a", version="1.0", requires=("b<2",)),
            Dist(name="a", version="2.0", requires=("b>=2",)),
            B10,
            B20,
        ],
        requirements=["a"],
        provided=(("b", "1.0"),),
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="what Conda provides at a version that the index lacks",
        dists=[Dist(name="a", version="1.0", requires=("B_c>=1",)), Dist(name="b-c", version="1")],
        requirements=["a"],
        provided=(("b.c", "7.7.post1"),),
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="what Conda provides and no index knows",
        dists=[Dist(name="a", version="1.0", requires=("b>=2", "c>=1!1,==1!2.0"))],
        requirements=["a", "b"],
        provided=(("b", "3.0rc1"), ("c", "1!2.0+local"), ("never-asked-for", "1")),
        files=["a-1.0-py3-none-any.whl"],
    ),
    World(
        name="an extra of what Conda provides",
        dists=[
            Dist(name="top", version="1.0", requires=("b[fast]",)),
            Dist(name="b", version="1.0", requires=("conda-has-it",), extras={"fast": ("a>=1",)}),
            A10,
        ],
        requirements=["top"],
        provided=(("b", "1.0"),),
        files=["a-1.0-py3-none-any.whl", "top-1.0-py3-none-any.whl"],
    ),
]


def _answers(
    folder: Path, request: PipRequest
) -> tuple[PipResolution | Conflict, PipResolution | Conflict]:
    uv, pip_tools = solvers(folder)
    return uv.resolve(request, silent), pip_tools.resolve(request, silent)


def _codes(folder: Path, request: PipRequest) -> list[list[tuple[str, str]]]:
    def codes(solver: PipSolver) -> list[tuple[str, str]]:
        with pytest.raises(EnvcError) as caught:
            solver.resolve(request, silent)
        return [(one.code, one.message) for one in caught.value.diagnostics]

    return [codes(solver) for solver in solvers(folder)]


def _resolution(index: IndexServer, files: Sequence[str], *, size: bool) -> PipResolution:
    from packaging.utils import parse_wheel_filename

    from envc.lock.package import PipPackage

    packages = []
    for filename in files:
        name, version = parse_wheel_filename(filename)[:2]
        file = index.file(filename)
        packages.append(
            PipPackage(
                name=name,
                version=str(version),
                url=index.file_url(filename),
                sha256=file.sha256,
                size=len(file.content) if size else None,
                index=index.url,
            )
        )
    return PipResolution(packages=tuple(packages))


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_both_solvers_take_the_same_files(world: World, tmp_path: Path) -> None:
    with IndexServer(world.dists) as index:
        request = ask(*world.requirements, index=index, provided=dict(world.provided))

        uv, pip_tools = _answers(tmp_path, request)

        assert uv == pip_tools
        assert isinstance(uv, PipResolution)
        assert uv.packages == _resolution(index, world.files, size=True).packages


@pytest.mark.parametrize("links", ["relative", "absolute"])
def test_both_solvers_read_html_pages_and_ask_for_the_sizes(links: str, tmp_path: Path) -> None:
    dists = [Dist(name="a", version="1.0", requires=("b",)), B10]
    absolute = links == "absolute"
    with IndexServer(dists, form="html", links="absolute" if absolute else "relative") as index:
        answers = _answers(tmp_path, ask("a", index=index))

        files = ["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"]
        assert answers == (_resolution(index, files, size=True),) * 2
        assert set(index.heads) == {f"/files/{name}" for name in files}


def test_the_first_index_that_knows_a_name_wins_even_with_an_older_version(tmp_path: Path) -> None:
    first = [Dist(name="a", version="1.0", requires=("b",))]
    second = [Dist(name="a", version="9.0"), B10]
    with IndexServer(first) as one, IndexServer(second) as two:
        answers = _answers(tmp_path, ask("a", index=[one, two]))

        packages = (
            *_resolution(one, ["a-1.0-py3-none-any.whl"], size=True).packages,
            *_resolution(two, ["b-1.0-py3-none-any.whl"], size=True).packages,
        )
        assert answers == (PipResolution(packages=packages),) * 2


def test_a_local_wheel_is_taken_and_its_dependencies_come_from_the_index(tmp_path: Path) -> None:
    pets = local_wheel(
        tmp_path, Dist(name="Pets", version="1.0rc1", requires=("a",), extras={"x": ("b",)})
    )
    with IndexServer([A10, B10, Dist(name="pets", version="7.0")]) as index:
        answers = _answers(tmp_path, ask("pets[x]>=0.9", index=index, wheels=[pets]))

        files = ["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"]
        from envc.lock.package import PipPackage

        local = PipPackage(
            name="pets", version="1.0rc1", path=pets.path, sha256=pets.sha256, size=pets.size
        )
        packages = (*_resolution(index, files, size=True).packages, local)
        assert answers == (PipResolution(packages=packages),) * 2


def test_a_request_for_nothing_is_answered_by_nothing(tmp_path: Path) -> None:
    with IndexServer() as index:
        answers = _answers(tmp_path, ask(index=index, provided={"a": "1.0"}))

        assert answers == (PipResolution(packages=()),) * 2
        assert index.requests == []


@pytest.mark.parametrize(
    ("dists", "requirements", "code", "message"),
    [
        pytest.param(
            [Dist(name="a", version="1.0", tags=(), sdist=True)],
            ["a"],
            "E325",
            "`a` has source distributions only, and the spec allows none of them",
            id="an sdist-only package",
        ),
        pytest.param(
            [
                Dist(name="top", version="1.0", requires=("a",)),
                Dist(name="a", version="1.0", tags=(), sdist=True),
                Dist(name="a", version="2.0", tags=(), sdist=True),
            ],
            ["top"],
            "E325",
            "`a`, which `top` requires, has source distributions only, "
            "and the spec allows none of them",
            id="a dependency that is sdist-only",
        ),
        pytest.param(
            [Dist(name="a", version="1.0", tags=("cp30-cp30-win32",))],
            ["a"],
            "E326",
            None,
            id="wheels for other platforms only",
        ),
        pytest.param(
            [
                Dist(name="top", version="1.0", requires=("a",)),
                Dist(name="a", version="1.0", tags=("cp30-cp30-win32",)),
            ],
            ["top"],
            "E326",
            None,
            id="a dependency with wheels for other platforms only",
        ),
        pytest.param(
            [
                Dist(name="top", version="1.0", requires=("a",)),
                Dist(name="a", version="1.0", requires_python=">=3.99"),
            ],
            ["top"],
            "E326",
            None,
            id="a dependency for another Python",
        ),
    ],
)
def test_both_solvers_say_the_same_of_what_has_no_usable_wheel(
    dists: list[Dist], requirements: list[str], code: str, message: str | None, tmp_path: Path
) -> None:
    with IndexServer(dists) as index:
        first, second = _codes(tmp_path, ask(*requirements, index=index))

    assert first == second
    assert [one for one, _ in first] == [code]
    assert message in (None, first[0][1])


def test_both_solvers_name_a_distribution_that_no_index_has(tmp_path: Path) -> None:
    with IndexServer([A10]) as index:
        answers = _codes(tmp_path, ask("a", "nope>1", "nada", index=index))

        assert (
            answers
            == [
                [
                    ("E324", f"there is no distribution `nope` on `{index.url}`"),
                    ("E324", f"there is no distribution `nada` on `{index.url}`"),
                ]
            ]
            * 2
        )


def test_both_solvers_name_an_unknown_dependency_and_who_requires_it(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", requires=("nope",))]) as index:
        answers = _codes(tmp_path, ask("a", index=index))

        message = f"there is no distribution `nope`, which `a` requires, on `{index.url}`"
        assert answers == [[("E324", message)]] * 2


def _conflicts(folder: Path, request: PipRequest) -> list[tuple[str, list[str]]]:
    found = []
    for answer in _answers(folder, request):
        assert isinstance(answer, Conflict)
        found.append((answer.message, [cause.text for cause in answer.causes]))
    return found


def test_both_solvers_cite_the_requirements_that_conflict(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="1.0", requires=("b<2",)),
        Dist(name="c", version="1.0", requires=("b>=2",)),
        Dist(name="other", version="1.0"),
        B10,
        B20,
    ]
    with IndexServer(dists) as index:
        answers = _conflicts(tmp_path, ask("other", "a", "c", index=index))

    assert answers == [("`a` and `c` cannot be satisfied together", ["a", "c"])] * 2


def test_both_solvers_cite_a_requirement_for_a_version_that_does_not_exist(
    tmp_path: Path,
) -> None:
    with IndexServer([A10, B10]) as index:
        answers = _conflicts(tmp_path, ask("a", "b>5", index=index))

    assert answers == [("`b>5` cannot be satisfied", ["b>5"])] * 2


def test_both_solvers_refuse_a_requirement_that_contradicts_what_conda_provides(
    tmp_path: Path,
) -> None:
    with IndexServer([B10, B20]) as index:
        answers = _conflicts(tmp_path, ask("b<2", index=index, provided={"b": "2.0"}))

    message = "`b<2` cannot be satisfied: Conda provides `b` 2.0"
    assert answers == [(message, ["b<2"])] * 2


def test_both_solvers_tell_all_that_is_plain_before_they_are_asked(tmp_path: Path) -> None:
    with IndexServer([B10, B20, Dist(name="c", version="1.0")]) as index:
        asked = ask(
            *("b<2", "gone", "c>=2", "d>1"),
            index=index,
            constraints=["b<1"],
            provided={"b": "2.0", "d": "1.0"},
        )
        answers = _codes(tmp_path, asked)

    expected = [
        ("E320", "`b<2` cannot be satisfied: Conda provides `b` 2.0"),
        ("E324", f"there is no distribution `gone` on `{index.url}`"),
        ("E320", "`c>=2` cannot be satisfied: there is no such version"),
        ("E320", "`d>1` cannot be satisfied: Conda provides `d` 1.0"),
    ]
    assert answers == [expected] * 2


def test_an_index_that_fails_hides_no_contradiction(tmp_path: Path) -> None:
    with IndexServer([B10]) as index:
        asked = ask("b<2", "c", index=index, provided={"b": "2.0"})
    answers = _conflicts(tmp_path, asked)

    assert answers == [("`b<2` cannot be satisfied: Conda provides `b` 2.0", ["b<2"])] * 2


def test_both_solvers_cite_both_sides_of_what_conda_was_asked_for(tmp_path: Path) -> None:
    provided = (Provided(name="b", version="2.0", asked=Requirement(text="b 2.*")),)
    with IndexServer([Dist(name="a", version="1.0", requires=("b<2",)), B10, B20]) as index:
        direct = _conflicts(tmp_path, replace(ask("b<2", index=index), provided=provided))
        indirect = _conflicts(tmp_path, replace(ask("a", index=index), provided=provided))

    message = "`b<2` cannot be satisfied: Conda provides `b` 2.0"
    assert direct == [(message, ["b<2", "b 2.*"])] * 2
    assert indirect == [("`a` and `b 2.*` cannot be satisfied together", ["a", "b 2.*"])] * 2


def test_both_solvers_cite_what_brings_a_package_that_conda_was_not_asked_for(
    tmp_path: Path,
) -> None:
    provided = (Provided(name="b", version="2.0", via=Requirement(text="c 1.*")),)
    with IndexServer([Dist(name="a", version="1.0", requires=("b<2",)), B10, B20]) as index:
        direct = _conflicts(tmp_path, replace(ask("b<2", index=index), provided=provided))
        indirect = _conflicts(tmp_path, replace(ask("a", index=index), provided=provided))

    message = "`b<2` cannot be satisfied: Conda provides `b` 2.0, which `c 1.*` brings"
    assert direct == [(message, ["b<2", "c 1.*"])] * 2
    assert indirect == [("`a` and `c 1.*` cannot be satisfied together", ["a", "c 1.*"])] * 2


def test_both_solvers_say_that_conda_holds_what_a_dependency_contradicts(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", requires=("b<2",)), B10, B20]) as index:
        request = ask("a", index=index, provided={"b": "2.0"})
        answers = _answers(tmp_path, request)

    for answer in answers:
        assert isinstance(answer, Conflict)
        assert answer.message == "`a` cannot be satisfied"
        assert answer.causes == request.requirements
        assert answer.hint == "loosen one of the requirements, or change `b`"
        assert answer.explanation.endswith("Conda provides `b` 2.0, and that is held fixed.")


def test_both_solvers_refuse_a_requirement_that_a_local_wheel_does_not_satisfy(
    tmp_path: Path,
) -> None:
    pets: LocalWheel = local_wheel(tmp_path, Dist(name="pets", version="1.0"))
    with IndexServer() as index:
        answers = _conflicts(tmp_path, ask("pets>=2", index=index, wheels=[pets]))

    message = f"`pets>=2` cannot be satisfied: the local wheel `{pets.path}` is `pets` 1.0"
    assert answers == [(message, ["pets>=2", pets.path])] * 2


def test_both_solvers_say_when_an_extra_of_what_conda_provides_cannot_be_looked_up(
    tmp_path: Path,
) -> None:
    with IndexServer([Dist(name="a", version="1.0", requires=("b[x]",)), B10]) as index:
        first, second = _codes(tmp_path, ask("a", index=index, provided={"b": "7.0"}))

    assert first == second
    assert [code for code, _ in first] == ["E327"]


def test_both_solvers_answer_for_the_exact_release_of_the_target(tmp_path: Path) -> None:
    series = ".".join(map(str, sys.version_info[:2]))
    dists = [
        Dist(
            name="a",
            version="1.0",
            requires=(
                f"b ; python_full_version >= '{series}.99'",
                f'c ; "{series}.99" > python_full_version or implementation_version == "1"',
            ),
        ),
        Dist(name="a", version="2.0", requires_python=f"<{series}.99"),
        Dist(name="b", version="1.0", requires_python=f">={series}.99"),
        Dist(name="c", version="1.0"),
        Dist(name="d", version="1.0"),
    ]
    pets = local_wheel(
        tmp_path,
        Dist(name="pets", version="1", requires=(f"d ; python_full_version>'{series}.98'",)),
    )
    with IndexServer(dists) as index:
        request = ask("a", index=index, wheels=[pets], python_version=f"{series}.99")
        answers = _answers(tmp_path, request)

    for answer in answers:
        assert isinstance(answer, PipResolution)
        pins = [(package.name, package.version) for package in answer.packages]
        assert pins == [("a", "1.0"), ("b", "1.0"), ("d", "1.0"), ("pets", "1")]


@pytest.mark.parametrize("bound", ["<{}.{}", ">=3.6,<{}.{}", "!={}.{}.*"])
def test_both_solvers_honour_the_upper_bound_of_requires_python(tmp_path: Path, bound: str) -> None:
    others = bound.format(*sys.version_info[:2])
    dists = [
        Dist(name="a", version="1.0", requires=("b",)),
        Dist(name="b", version="1.0"),
        Dist(name="b", version="1.1", requires_python=others),
        Dist(name="b", version="2.0", requires_python=others),
    ]
    with IndexServer(dists) as index:
        answers = _answers(tmp_path, ask("a", index=index))

    for answer in answers:
        assert isinstance(answer, PipResolution)
        assert [(one.name, one.version) for one in answer.packages] == [("a", "1.0"), ("b", "1.0")]


def test_uv_says_which_versions_are_for_other_pythons(tmp_path: Path) -> None:
    others = "<{}.{}".format(*sys.version_info[:2])
    dists = [
        Dist(name="a", version="1.0", requires=("b>1",)),
        Dist(name="b", version="1.0"),
        Dist(name="b", version="2.0", requires_python=others),
    ]
    with IndexServer(dists) as index:
        request = ask("a", index=index)
        answer = solvers(tmp_path)[0].resolve(request, silent)

    assert isinstance(answer, Conflict)
    assert answer.causes == request.requirements
    assert answer.explanation.endswith(f"`b` 2.0 is not for Python {request.python_version}.")
