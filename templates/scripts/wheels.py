"""Installs wheels on top of /opt/env into a layer of their own; runs in the environment's Python."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from layer import ENVIRONMENT, LAYER, finish

UV = {
    "HOME": "/tmp",
    "PATH": os.defpath,
    # Side by side, wheels with a script of the same name would leave it to chance whose is kept.
    "UV_CONCURRENT_INSTALLS": "1",
    "UV_LINK_MODE": "copy",
    # Its metadata hold the time at which a wheel was unpacked.
    "UV_NO_INSTALLER_METADATA": "1",
}


def main(wheels: Path) -> None:
    (LAYER / "opt/env").mkdir(parents=True)
    if any(wheels.glob("*.whl")):
        install(wheels)
        settle_clashes(wheels)
    finish(ENVIRONMENT / "bin/python")


def install(wheels: Path) -> None:
    python = ENVIRONMENT / "bin/python"
    command = [
        "/mnt/tools/uv",
        "pip",
        "install",
        "--quiet",
        "--no-config",
        "--offline",
        "--no-cache",
    ]
    command += ["--python", python, "--prefix", LAYER / "opt/env", "--break-system-packages"]
    command += ["--no-deps", "--no-index", "--find-links", wheels, "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirements", wheels / "requirements.txt"]
    subprocess.run(command, env=UV, check=True)
    (LAYER / "opt/env/.lock").unlink(missing_ok=True)  # uv's own, and anybody could write to it


def settle_clashes(wheels: Path) -> None:
    """Where wheels own the same path with other bytes, keep the last wheel's, and say so.

    Installers leave that to chance: they unpack in parallel. The order is that of the names.
    """
    site = next((LAYER / "opt/env/lib").glob("python*/site-packages"))
    owners: dict[str, dict[str, Path]] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        for path, digest in read_record(wheel):
            owners.setdefault(path, {})[digest] = wheel
    for path, by_digest in sorted(owners.items()):
        if len(by_digest) > 1:
            names = sorted(wheel.name for wheel in by_digest.values())
            print(f"{path} is in {' and in '.join(names)}: the last one's is kept", file=sys.stderr)
            with zipfile.ZipFile(wheels / names[-1]) as archive:
                (site / path).write_bytes(archive.read(path))


def read_record(wheel: Path) -> list[tuple[str, str]]:
    """Return the paths and digests that a wheel's RECORD lists and that go to site-packages."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (
            n for n in archive.namelist() if n.endswith(".dist-info/RECORD") and n.count("/") == 1
        )
        rows = csv.reader(io.StringIO(archive.read(name).decode()))
        return [(row[0], row[1]) for row in rows if row and row[1] and ".data/" not in row[0]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
