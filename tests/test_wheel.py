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


def test_an_installed_wheel_compiles_the_quickstart_from_anywhere(
    wheel: Path, tmp_path: Path
) -> None:
    uv = find_uv_bin()
    run(uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, wheel, cwd=tmp_path)
    shutil.copytree(ROOT / "specs" / "quickstart", tmp_path / "spec")
    spec = tmp_path / "spec" / "quickstart.envc"
    envc = tmp_path / "venv" / "bin" / "envc"

    printed = run(envc, "compile", spec, "-o", tmp_path / "out", cwd=Path("/"))

    assert printed == run(envc, "hash", spec, cwd=Path("/"))
    assert (
        (tmp_path / "out" / "Dockerfile").read_text().startswith("# The environment `quickstart`")
    )
