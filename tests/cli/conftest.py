"""The command line run in this process, in a folder with a spec and its lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.cli import main
from envc.lock.codec import dumps
from support.workspace import SPEC, EnvcMain, Ran, lock_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: `pets.envc`, its lock, and what it copies."""
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "a.py").write_text("a\n")
    (work / "pets.envc").write_text(SPEC)
    (work / "pets.lock").write_text(dumps(lock_of(SPEC)))
    monkeypatch.chdir(work)
    for name in ("NO_COLOR", "ENVC_MIRRORS", "ENVC_TOOLS_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ENVC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    return work


@pytest.fixture
def envc(folder: Path, capfd: pytest.CaptureFixture[str]) -> EnvcMain:
    """The command line, run in the working folder."""
    assert Path.cwd() == folder

    def run(*words: str) -> Ran:
        code = main(words)
        captured = capfd.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    return run
