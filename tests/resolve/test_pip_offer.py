"""What to choose instead: errors say what an index has, in terms of what is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from envc.errors import InputError
from envc.resolve.base import Conflict, IndexAccess
from envc.resolve.index.client import IndexFile, Project
from envc.resolve.index.wheel_file import Target
from envc.resolve.pip.offer import describe_versions, describe_wheels
from support.index import Dist, IndexServer
from support.pip_world import ask, silent, solvers

TARGET = Target(python_version="3.11.2", machine="x86_64", glibc="2.36")


def _file(filename: str, requires_python: str | None = None) -> IndexFile:
    return IndexFile(
        filename=filename, url=f"https://pypi.example/{filename}", requires_python=requires_python
    )


def _project(*versions: str) -> Project:
    files = tuple(_file(f"a-{version}-py3-none-any.whl") for version in versions)
    return Project(name="a", index=IndexAccess(url="https://pypi.example"), files=files)


@pytest.mark.parametrize(
    ("wheels", "words"),
    [
        (
            {
                "a-1.0-cp311-cp311-win32.whl": None,
                "a-2.0-cp311-cp311-win_amd64.whl": ">=3.8",
                "a-2.0-cp39-cp39-macosx_11_0_arm64.whl": ">=3.8",
            },
            "version 2.0 has wheels for this Python, but for win_amd64 only",
        ),
        (
            {
                "a-2.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": None,
                "a-2.0-cp310-cp310-manylinux2014_x86_64.whl": None,
                "a-2.0-cp313-cp313t-manylinux2014_x86_64.whl": None,
                "a-2.0-cp312-cp312-win_amd64.whl": None,
            },
            "version 2.0 has wheels for this platform, "
            "but for CPython 3.9, CPython 3.10, CPython 3.13 without the GIL only",
        ),
        (
            {"a-2.0-py3-none-any.whl": ">=3.12"},
            "version 2.0 needs Python >=3.12",
        ),
        (
            {"a-2.0-cp39-cp39-win32.whl": ">=3.9,<3.10", "a-2.0-cp38-cp38-win32.whl": None},
            "version 2.0 has wheels for cp38-cp38-win32, cp39-cp39-win32; they need Python >=3.9,<3.10",
        ),
        (
            {
                f"a-2.0-cp3{minor}-cp3{minor}-linux_x86_64.whl": None
                for minor in (3, 4, 5, 6, 7, 8, 12)
            },
            "version 2.0 has wheels for this platform, but for …, CPython 3.4, CPython 3.5, "
            "CPython 3.6, CPython 3.7, CPython 3.8, CPython 3.12 only",
        ),
        (
            {"a-2.0-pp310-pypy310_pp73-manylinux2014_x86_64.whl": None},
            "version 2.0 has wheels for this platform, but for PyPy 3.10 only",
        ),
    ],
    ids=["platform", "Python", "Requires-Python", "both", "many", "PyPy"],
)
def test_what_is_in_the_way_of_wheels_is_said(wheels: dict[str, str | None], words: str) -> None:
    assert describe_wheels([_file(*one) for one in wheels.items()], TARGET) == words


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [
        ("a>=9", "the newest `a` there is 2.10"),
        ("a<1", "the oldest `a` there is 1.0"),
        ("a==0.5", "the oldest `a` there is 1.0"),
        ("a==2.9", "the nearest there are: 2.8 and 2.10"),
        ("a==2.9.*", "the nearest there are: 2.8 and 2.10"),
        ("a>2.8,<2.10", "the nearest there are: 2.8 and 2.10"),
        ("a===made-up", "the oldest `a` there is 1.0"),
        ("a==1.0", None),
        ("a", None),
        (
            "a==2.8+cu121",
            "PyPI has no versions with `+…`: name the index that has `+cu121`, such as "
            '`index "https://download.pytorch.org/whl/cu121"` for PyTorch, or leave it out',
        ),
        (
            "a==2.8+acme",
            "PyPI has no versions with `+…`: name the index that has `+acme`, or leave it out",
        ),
    ],
)
def test_the_versions_next_to_what_was_asked_for_are_said(wanted: str, advice: str | None) -> None:
    project = _project("1.0", "2.10", "2.8")

    assert describe_versions(Requirement(wanted), project) == advice


def test_nothing_is_said_of_a_page_without_versions() -> None:
    assert describe_versions(Requirement("a>=2"), _project()) is None


def test_a_conflict_is_no_matter_of_the_wheels_that_old_versions_would_need(tmp_path: Path) -> None:
    world = [
        Dist(name="core", version="1.0"),
        Dist(name="core", version="2.0"),
        Dist(name="settings", version="1.0", requires=("yaml<6",)),
        Dist(name="settings", version="2.0", requires=("core>=2",)),
        Dist(name="yaml", version="5.0", tags=("cp30-cp30-win32",)),
        Dist(name="yaml", version="6.0"),
    ]
    with IndexServer(world) as index:
        request = ask("core<2", "settings", index=index)
        answer = solvers(tmp_path)[0].resolve(request, silent)

    assert isinstance(answer, Conflict)
    assert answer.message == "`core<2` and `settings` cannot be satisfied together"
    assert answer.causes == request.requirements
    assert "`yaml==5.0`, which `settings` requires, has no wheel that fits" in answer.explanation


def test_who_requires_what_has_no_wheel_is_not_guessed(tmp_path: Path) -> None:
    world = [
        Dist(name="app", version="1.0"),
        Dist(name="tool", version="1.0", requires=("app", "yaml")),
        Dist(name="yaml", version="5.0", tags=("cp30-cp30-win32",), sdist=True),
    ]
    with IndexServer(world) as index, pytest.raises(InputError) as caught:
        solvers(tmp_path)[0].resolve(ask("app", "tool", index=index), silent)

    (found,) = caught.value.diagnostics
    assert found.message.startswith("`yaml`, which `tool` requires, has no wheel that fits")
    assert [label.span.text for label in found.labels] == ["tool"]
    assert found.hint == (
        "choose another version, another Python or another base, let it be built with the image: "
        '`sdist "yaml"` in the pip block, or take it from Conda'
    )


def test_what_no_index_has_gets_the_versions_that_there_are(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0"), Dist(name="a", version="2.0")]) as index:
        answers = [one.resolve(ask("a==1.5", index=index), silent) for one in solvers(tmp_path)]

    assert [isinstance(one, Conflict) and one.hint for one in answers] == [
        "the nearest there are: 1.0 and 2.0"
    ] * 2


def test_old_versions_without_wheels_do_not_hide_what_new_ones_need(tmp_path: Path) -> None:
    world = [
        Dist(name="beam", version="1.0", tags=("cp30-cp30-win32",)),
        Dist(name="beam", version="2.0", requires=("crc",)),
        Dist(name="crc", version="1.0", tags=(), sdist=True),
    ]
    with IndexServer(world) as index, pytest.raises(InputError) as caught:
        solvers(tmp_path)[0].resolve(ask("beam", index=index), silent)

    assert [(one.code, one.message) for one in caught.value.diagnostics] == [
        (
            "E325",
            "`crc`, which `beam` requires, has source distributions only, and the spec allows none of them",
        )
    ]
