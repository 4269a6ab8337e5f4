"""Sources in a plan: fetched or brought by the context, built on the system stage, a layer of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envc.lock.model import Lock, LockFile, PipPackage, PlatformLock, SourcePackage
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
    assert copied == ["pip-1", "pip-built", "environment"]
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
    from envc.lock.codec import dumps, loads
    from envc.lock.model import Intent

    lock = Lock(
        intent=Intent(base="docker.io/library/debian:12", sdists=("toys",), sources=("libs/pets",)),
        platforms={"linux/amd64": locked(folder("libs/pets"), sdist("toys"))},
    )

    assert loads(dumps(lock), "x.lock") == LockFile.of(lock)
