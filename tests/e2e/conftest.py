"""What the end-to-end tests share: the command as users run it, and images that go away again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Envc:
    """Runs `envc` as a user would, in a folder of its own, with a cache of its own."""

    folder: Path
    cache: Path
    repository: str
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a verb and return what it wrote; any other exit code fails the test."""
        environment = {**os.environ, "ENVC_CACHE": str(self.cache), **self.variables}
        done = subprocess.run(
            [sys.executable, "-m", "envc", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def build(self, spec: str, *arguments: str) -> dict[str, Any]:
        """Build a spec and return what `--json` says of the image."""
        done = self("build", spec, "--repository", self.repository, "--json", *arguments)
        result = json.loads(done.stdout.strip().splitlines()[-1])
        assert isinstance(result, dict)
        return result

    def inside(self, image: str, *command: str, **options: Any) -> str:
        """Run a command in an image, as its own user, without a network; return what it printed."""
        words = ["docker", "run", "--rm", "--network=none", image, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


@pytest.fixture(scope="session")
def envc_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: metadata is fetched once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def envc(tmp_path: Path, envc_cache: Path) -> Iterator[Envc]:
    """The command, in an empty folder; its images are removed afterwards."""
    repository = f"envc-test-{uuid.uuid4().hex[:12]}"
    tools = {"ENVC_TOOLS_IMAGE": os.environ["ENVC_TEST_PYTHON_BASE"]}
    yield Envc(folder=tmp_path, cache=envc_cache, repository=repository, variables=tools)
    command = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    images = [name for name in listed if name.startswith(f"{repository}:")]
    if images:
        subprocess.run(
            ["docker", "image", "rm", "--force", *images], capture_output=True, check=True
        )
