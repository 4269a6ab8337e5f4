"""Makes an empty virtual environment at /opt/env for the base's own Python, whose version is verified."""

import platform
import shutil
import subprocess
import sys

from layer import ENVIRONMENT, LAYER, finish


def main(version: str) -> None:
    found = platform.python_version()
    if not f"{found}.".startswith(f"{version}."):
        sys.exit(f"the base image has Python {found}, but the lock says {version}: lock again")
    command = ["/mnt/tools/uv", "venv", "--quiet", "--no-config", "--no-project", "--offline"]
    subprocess.run([*command, "--no-cache", "--python", sys.executable, ENVIRONMENT], check=True)
    for name in (".gitignore", ".lock", "CACHEDIR.TAG"):  # uv's own, of no use in an image
        (ENVIRONMENT / name).unlink(missing_ok=True)
    (LAYER / "opt").mkdir(parents=True)
    shutil.move(ENVIRONMENT, LAYER / "opt")
    finish(python=None)


if __name__ == "__main__":
    main(sys.argv[1])
