"""Unpacks the installers' wheels into /tools: `uv`, and what `import rattler` needs, where these are wanted.

With uv, also makes an empty virtual environment at /opt/env, so that what it installs names it, and has
uv look at its Python, which each layer would wait for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

TOOLS = Path("/tools")
ENVIRONMENT = Path("/opt/env")
UV = {"HOME": "/tmp", "PATH": os.defpath}


def main(wheels: Path) -> None:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(TOOLS / "site")
    for script in sorted((TOOLS / "site").glob("*.data/scripts/*")):
        shutil.move(str(script), str(TOOLS / script.name))
        (TOOLS / script.name).chmod(0o755)
    if not (TOOLS / "uv").exists():
        return
    uv(["venv", "--no-project", "--python", sys.executable, str(ENVIRONMENT)])
    uv(["pip", "list", "--python", str(ENVIRONMENT / "bin/python")])


def uv(words: list[str]) -> None:
    command = [str(TOOLS / "uv"), *words, "--quiet", "--no-config", "--offline"]
    subprocess.run([*command, "--cache-dir", str(TOOLS / "cache")], env=UV, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
