"""What Conda solvers depend on, and what they do not: order, settings, hosts, luck."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.resolve.base import CondaRequest, CondaResolution, Requirement, VirtualPackage
from envc.resolve.conda.conda_lock import CondaLock, find_program
from envc.resolve.conda.rattler import Rattler
from envc.resolve.worker import isolate
from support.conda_site import Site, names, silent
from support.conda_world import record
from support.micromamba_shim import install

CONDA_FORGE = "http://127.0.0.1:5080/conda-forge"

# Two ways to satisfy each, so that an order could tip the scales.
_TANGLE = [
    record("a", "1.0", depends=["x"]),
    record("a", "2.0", depends=["x <2"]),
    record("b", "1.0", depends=["y"]),
    record("b", "2.0", depends=["x >=2", "y <2"]),
    record("c", "1.0", depends=["z"]),
    record("c", "2.0", depends=["y >=2", "z"]),
    *(record(name, version) for name in "xyz" for version in ("1.0", "2.0")),
]


def test_program_is_found(tmp_path: Path) -> None:
    on_path, named = tmp_path / "bin" / "conda", tmp_path / "named" / "conda"
    for program in (on_path, named):
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    path = {"PATH": str(on_path.parent)}

    assert find_program(path) == on_path
    assert find_program({**path, "CONDA_EXE": str(named)}) == named
    assert find_program({**path, "MAMBA_EXE": str(tmp_path / "gone")}) == on_path
    assert find_program({"PATH": ""}) is None
    assert find_program({}) is None


def test_settings_of_the_user_stay_outside(tmp_path: Path) -> None:
    environment = {
        "PATH": "/bin",
        "https_proxy": "http://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        **dict.fromkeys(["CONDA_CHANNELS", "MAMBA_RC", "RATTLER_AUTH_FILE", "CONDARC"], "x"),
        **dict.fromkeys(["HOME", "XDG_CONFIG_HOME", "PYTHONPATH", "PYTHONHOME"], "/home/user"),
    }

    isolated = isolate(environment, tmp_path)

    expected = {
        "PATH": "/bin",
        "https_proxy": "http://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "XDG_CACHE_HOME": str(tmp_path / ".cache"),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        "XDG_DATA_HOME": str(tmp_path / ".local/share"),
    }
    assert isolated == expected


def test_settings_of_the_user_change_no_answer(site: Site, tmp_path: Path) -> None:
    site.add(first=[record("lib", "1.0")], second=[record("lib", "2.0")])
    home = tmp_path / "home"
    (home / ".config" / "rattler").mkdir(parents=True)
    (home / ".condarc").write_text("channel_priority: disabled\npinned_packages: [lib 2.0]\n")
    (home / ".mambarc").write_text("channel_priority: disabled\n")
    (home / ".config" / "rattler" / "config.toml").write_text("[mirrors]\nbroken")
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "CONDA_OVERRIDE_GLIBC": "9",
        "CONDA_CHANNEL_PRIORITY": "disabled",
        "CONDA_FLAGS": "--no-such-flag",
    }
    request = site.request("lib", channels=["first", "second"])
    site.cache.mkdir()

    for solver in (
        Rattler(cache=site.cache, environment=environment),
        CondaLock(cache=site.cache, environment=environment, program=install(site.cache)),
    ):
        assert names(solver.resolve(request, silent)) == ["lib 1.0"]


def test_channel_that_changed_is_read_again(site: Site) -> None:
    solver = site.solvers()[0]
    site.add(main=[record("lib", "1.0")])
    before = names(solver.resolve(site.request("lib"), silent))
    shutil.rmtree(site.folder / "main")
    site.add(main=[record("lib", "1.0"), record("lib", "2.0")])
    for path in (site.folder / "main").rglob("repodata.json"):
        os.utime(path, (1_900_000_000, 1_900_000_000))

    after = names(solver.resolve(site.request("lib"), silent))

    assert (before, after) == (["lib 1.0"], ["lib 2.0"])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(["a", "b", "c", "x", "y >=1"]))
def test_order_of_requirements_does_not_matter(order: list[str], site: Site) -> None:
    if not (site.folder / "main").exists():
        site.add(main=_TANGLE)
    solver = Rattler(cache=site.cache, environment=os.environ)

    result = solver.resolve(site.request(*order), silent)

    assert result == solver.resolve(site.request(*sorted(order)), silent)
    assert isinstance(result, CondaResolution)
    names = [package.name for package in result.packages]
    assert names == sorted(names)


def test_solver_answers_every_time(site: Site) -> None:
    site.add(main=_TANGLE)
    solver = Rattler(cache=site.cache, environment=os.environ)
    request = site.request("a", "b", "c")

    answers = [names(solver.resolve(request, silent)) for _ in range(20)]

    assert answers == [answers[0]] * 20


def test_importing_the_solvers_loads_no_library() -> None:
    script = (
        "import sys, envc.resolve.conda.rattler, envc.resolve.conda.conda_lock;"
        "print([name for name in ('rattler', 'conda_lock') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    printed = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert printed == "[]\n"


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_real_channel_resolves_for_any_platform_from_this_host(name: str, tmp_path: Path) -> None:
    request = CondaRequest(
        platform=PLATFORMS[name],
        channels=("https://conda.anaconda.org/conda-forge",),
        requirements=tuple(Requirement(text=t) for t in ("python 3.12.*", "numpy", "pandas")),
        virtual_packages=(VirtualPackage(name="__glibc", version="2.36"),),
        mirrors=MirrorMap((("https://conda.anaconda.org/conda-forge", CONDA_FORGE),)),
    )
    solver = Rattler(cache=tmp_path, environment=os.environ)

    try:
        result = solver.resolve(request, silent)
    except ToolError:
        pytest.skip(f"no conda-forge metadata at {CONDA_FORGE}; serve a copy of it there")

    assert isinstance(result, CondaResolution)
    packages = {package.name: package for package in result.packages}
    assert {p.subdir for p in result.packages} == {PLATFORMS[name].subdir, "noarch"}
    assert packages["python"].version.startswith("3.12.")
    assert (packages["numpy"].distribution, packages["pandas"].distribution) == ("numpy", "pandas")
    assert all(
        p.url == f"https://conda.anaconda.org/conda-forge/{p.subdir}/{p.filename}"
        for p in result.packages
    )
