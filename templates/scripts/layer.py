"""What every install step ends with: byte code that stays valid, and one time for all files."""

import os
import subprocess
from pathlib import Path

LAYER = Path("/layer")
ENVIRONMENT = Path("/opt/env")
FILE_TIME = 946684800  # one constant for all environments, so that they can share layers


def finish(python: Path | None) -> None:
    """Byte-compile the layer with the environment's own Python, then fix every time.

    The byte code is unchecked: times are fixed afterwards, and a checked one would be stale or slow
    at every start. One process, because parallel compilation does not give the same bytes.
    """
    if python is not None:
        # A wheel may ship files for another Python: what does not compile stays source.
        command = [python, "-m", "compileall", "-f", "-qq", "-j", "1"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", LAYER, "-p", "/", LAYER]
        subprocess.run(command, env={"PYTHONHASHSEED": "0", "PATH": os.defpath}, check=False)
    for folder, names, files in os.walk(LAYER):
        for name in (*names, *files, "."):
            os.utime(Path(folder) / name, (FILE_TIME, FILE_TIME), follow_symlinks=False)
