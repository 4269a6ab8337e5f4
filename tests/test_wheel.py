"""The wheel: what users install has all it needs, and works from any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.network


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program apart from this one's Python settings; any failure fails the test."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "UV_", "PIP_REQUIRE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    [path] = folder.glob("*.whl")
    return path


def test_a_wheel_has_the_package_its_templates_and_its_grammar_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    def below(folder: str, inside: str) -> set[str]:
        paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        kept = (path for path in paths if "__pycache__" not in path.parts)
        return {f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" for path in kept}

    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == {
        *below("compiler/envc", "envc"),
        *below("templates", "envc/templates"),
        *below("grammar", "envc/grammar"),
    }


@pytest.fixture(scope="module")
def envc(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that has the wheel installed."""
    uv, folder = find_uv_bin(), tmp_path_factory.mktemp("installed")
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, wheel, cwd=folder)
    return folder / "venv" / "bin" / "envc"


def test_an_installed_wheel_compiles_the_quickstart_from_anywhere(
    envc: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "specs" / "quickstart", tmp_path / "spec")
    spec = tmp_path / "spec" / "quickstart.envc"

    printed = run(envc, "compile", spec, "-o", tmp_path / "out", cwd=Path("/"))

    assert printed == run(envc, "hash", spec, cwd=Path("/"))
    assert (
        (tmp_path / "out" / "Dockerfile").read_text().startswith("# The environment `quickstart`")
    )


@pytest.mark.parametrize("name", ["minimal", "data-science", "scoring", "training-cuda"])
def test_an_installed_wheel_has_the_curated_environments(
    name: str, envc: Path, tmp_path: Path
) -> None:
    run(envc, "init", "mine", "--from", f"envc/{name}", cwd=tmp_path)

    printed = run(envc, "compile", "mine/mine.envc", "-o", "out", cwd=tmp_path)

    assert [line.split()[0] for line in printed.splitlines()] == ["linux/amd64", "linux/arm64"]
