"""The command as users run it, for tests that go from a spec to an image that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.conda_channel import Channel

__all__ = ["Envc", "ServedChannel"]


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
        result = json.loads(done.stdout)
        assert isinstance(result, dict)
        return result

    def inside(self, image: str, *command: str, **options: Any) -> str:
        """Run a command in an image, as its own user, without a network; return what it printed."""
        words = ["docker", "run", "--rm", "--network=none", image, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


@dataclass(frozen=True, kw_only=True)
class ServedChannel:
    """The channel of real packages and where it is."""

    channel: Channel
    url: str
