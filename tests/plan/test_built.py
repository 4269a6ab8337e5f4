"""Sources in a plan: fetched or brought by the context, built on the system stage, a layer of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envc.errors import InputError
from envc.lock.codec import dumps, loads
from envc.lock.model import Intent, Lock, LockFile, PlatformLock
from envc.lock.package import PipPackage, SourcePackage
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import Add, BuildPlan, Copy, Run, Stage
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel

SETUPTOOLS = wheel("setuptools", "80.0")


def sdist(name: str, **changes: Any) -> SourcePackage:
    fields = {
        "name": name,
        "version": "1.0",
        "kind": "sdist",
        "url": f"https://files.pythonhosted.org/packages/{name}-1.0.tar.gz",
        "sha256": "5" * 64,
        "index": "https://pypi.org/simple",
        "backend": "setuptools.build_meta",
        "build": ("setuptools==80.0",),
    }
    return SourcePackage.model_validate({**fields, **changes})


def folder(path: str, **changes: Any) -> SourcePackage:
    return sdist("pets", kind="folder", url=None, index=None, path=path, **changes)


def commit(name: str, **changes: Any) -> SourcePackage:
    own = {"repository": "https://a.example/pets.git", "commit": "4" * 40}
    return sdist(name, **{"kind": "git", "url": None, "index": None, **own, **changes})


def locked(*sources: SourcePackage, pip: tuple[PipPackage, ...] = ()) -> PlatformLock:
    return pip_lock(*pip).model_copy(update={"sources": sources, "build": (SETUPTOOLS,)})


def inputs(path: str) -> Inputs:
    taken = Selection(path=path, ignore=("*.tmp",))
    file = ContextFile(path="src/pets.py", sha256="6" * 64, origin_path="/x/pets.py")
    return Inputs(trees={taken: Tree(is_folder=True, files=(file,))}, sources={path: taken})


def stage(plan: BuildPlan, name: str) -> Stage:
    (found,) = (one for one in plan.stages if one.name == name)
    return found


def test_a_source_distribution_is_fetched_with_what_builds_it_and_built_on_the_system_stage() -> (
    None
):
    plan = plan_of({"environment": "x"}, {"linux/amd64": locked(sdist("toys"))})

    assert stage(plan, "sources").instructions == (
        Add(url=sdist("toys").url or "", sha256="5" * 64, to="/toys-1.0.tar.gz"),
        Add(
            url=SETUPTOOLS.url or "",
            sha256=SETUPTOOLS.sha256,
            to="/setuptools-80.0-py3-none-any.whl",
        ),
        Copy(source="layers/sources.json", to="/sources.json"),
    )
    built = stage(plan, "built")
    (run,) = built.instructions
    assert isinstance(run, Run)
    assert (built.base, run.words, run.network, run.secrets) == (
        "system",
        ("python3", "/mnt/envc/build.py"),
        False,
        (),
    )
    listed = {file.path: file for file in plan.files}["layers/sources.json"]
    assert json.loads(listed.content or b"") == {
        "platform": "x86_64-manylinux_2_40",
        "compile": True,
        "python": "3.12",
        "sources": [
            {
                "backend": "setuptools.build_meta",
                "backend_path": [],
                "file": "toys-1.0.tar.gz",
                "name": "toys",
                "version": "1.0",
                "wheels": ["setuptools-80.0-py3-none-any.whl"],
            }
        ],
    }


def test_what_is_built_is_the_layer_after_the_wheels() -> None:
    plan = plan_of(
        {"environment": "x"}, {"linux/amd64": locked(sdist("toys"), pip=(wheel("six"),))}
    )

    copied = [one.stage for one in plan.stages[-1].instructions if isinstance(one, Copy)]
    assert copied == ["account", "pip-1", "pip-built", "environment"]
    names = [one.name for one in plan.stages]
    order = [
        names.index(name) for name in ("system", "sources", "built", "pip-built", "environment")
    ]
    assert order == sorted(order)


def test_a_folder_comes_by_the_context() -> None:
    plan = plan_of(
        {"environment": "x"}, {"linux/amd64": locked(folder("libs/pets"))}, inputs("libs/pets")
    )

    copies = [one for one in stage(plan, "sources").instructions if isinstance(one, Copy)]
    assert copies[0] == Copy(source="sources/pets-1.0-55555555/", to="/pets-1.0/")
    assert "sources/pets-1.0-55555555/src/pets.py" in [file.path for file in plan.files]


def test_the_archive_of_a_commit_comes_by_the_context_or_from_a_vendor_folder() -> None:
    pets = commit("pets", subdirectory="libs/pets")
    archive = ContextFile(path="pets-1.0.tar", sha256=pets.sha256, origin_path="/x/pets.tar")
    own = Inputs(archives={pets.sha256: archive})

    plan = plan_of({"environment": "x"}, {"linux/amd64": locked(pets)}, own)
    vendored = plan_of({"environment": "x"}, {"linux/amd64": locked(pets)}, is_vendored=True)

    (copied, *_) = (one for one in stage(plan, "sources").instructions if isinstance(one, Copy))
    assert copied == Copy(source="sources/pets-1.0.tar-55555555", to="/pets-1.0.tar")
    assert "sources/pets-1.0.tar-55555555" in [file.path for file in plan.files]
    copies = [one for one in stage(vendored, "sources").instructions if isinstance(one, Copy)]
    taken = f"blobs/sha256/{pets.sha256}"
    assert Copy(stage="vendor", source=taken, to="/pets-1.0.tar") in copies
    assert [file.path for file in vendored.files if file.path.startswith("sources/")] == []
    assert vendored.env_ids == plan.env_ids


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"repository": "ssh://git@b.example/pets"}, True),
        ({"commit": "8" * 40}, True),
        ({"ref": "main"}, True),
        ({"sha256": "7" * 64}, False),
        ({"subdirectory": "libs/cats"}, False),
        ({"subdirectory": None}, False),
    ],
)
def test_an_env_id_knows_the_files_of_a_commit_and_not_where_they_are_from(
    change: dict[str, Any], is_same: bool
) -> None:
    def env_id(source: SourcePackage) -> str:
        locks = {"linux/amd64": locked(source)}
        return plan_of({"environment": "x"}, locks, is_vendored=True).env_ids["linux/amd64"]

    own = commit("pets", subdirectory="libs/pets")

    assert (env_id(own) == env_id(own.model_copy(update=change))) is is_same


def test_condas_python_builds_where_conda_brings_it() -> None:
    lock = conda_lock(conda_package("python")).model_copy(
        update={"sources": (sdist("toys"),), "build": (SETUPTOOLS,)}
    )

    (run,) = stage(plan_of({"environment": "x"}, {"linux/amd64": lock}), "built").instructions

    assert isinstance(run, Run)
    assert run.words == ("/opt/env/bin/python", "/mnt/envc/build.py")
    assert ("interpreter", "/opt/env") in [(one.stage, one.target) for one in run.mounts]


def test_a_private_source_is_fetched_with_its_secret_and_by_no_add() -> None:
    url = "https://pypi.example.com/simple"
    toys = sdist("toys", index=url, url="https://pypi.example.com/toys-1.0.tar.gz")
    data = {
        "environment": "x",
        "pip": {"indexes": [{"url": url, "secret": "TOKEN"}], "sdists": ["toys"]},
    }

    plan = plan_of(data, {"linux/amd64": locked(toys)})

    (run,) = stage(plan, "sources-private").instructions
    assert isinstance(run, Run)
    assert (run.secrets[0].name, run.network) == ("TOKEN", True)
    added = [one.url for one in stage(plan, "sources").instructions if isinstance(one, Add)]
    assert added == [SETUPTOOLS.url]


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"path": "elsewhere/animals"}, True),
        ({"sha256": "7" * 64}, False),
        ({"backend": "hatchling.build"}, False),
        ({"build": ()}, False),
    ],
)
def test_an_env_id_knows_what_is_built_and_not_where_it_lies(
    change: dict[str, Any], is_same: bool
) -> None:
    def env_id(source: SourcePackage) -> str:
        path = source.path or ""
        plan = plan_of({"environment": "x"}, {"linux/amd64": locked(source)}, inputs(path))
        return plan.env_ids["linux/amd64"]

    own = folder("libs/pets")

    assert (env_id(own) == env_id(own.model_copy(update=change))) is is_same


def test_a_lock_with_sources_reads_as_it_was_written() -> None:
    lock = Lock(
        intent=Intent(base="docker.io/library/debian:12", sdists=("toys",), sources=("libs/pets",)),
        platforms={"linux/amd64": locked(folder("libs/pets"), sdist("toys"), commit("cats"))},
    )

    assert loads(dumps(lock), "x.lock") == LockFile.of(lock)


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"commit": None}, "`git` has a `repository` and a `commit`"),
        ({"url": "https://a.example/x.tar.gz"}, "and none has another's"),
        ({"repository": "https://me:word@a.example/x.git"}, "a lock holds no credentials"),
        ({"repository": "ext::sh -c true"}, "it is not that of a repository"),
        ({"subdirectory": "../up"}, "its `subdirectory` is not below its top"),
    ],
)
def test_a_lock_with_a_commit_of_nowhere_is_damaged(change: dict[str, Any], claim: str) -> None:
    wrong = commit("cats").model_copy(update=change)
    lock = Lock(intent=Intent(base="debian:12"), platforms={"linux/amd64": locked(wrong)})

    with pytest.raises(InputError) as caught:
        loads(dumps(lock), "x.lock")

    (problem,) = caught.value.diagnostics
    assert problem.code == "E403"
    assert claim in problem.message
    assert "word" not in problem.message
