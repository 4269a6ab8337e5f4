"""Unpacks the installers' wheels into /tools: `uv` and what `import rattler` needs."""

import shutil
import sys
import zipfile
from pathlib import Path

TOOLS = Path("/tools")


def main(wheels: Path) -> None:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(TOOLS / "site")
    for script in sorted((TOOLS / "site").glob("*.data/scripts/*")):
        shutil.move(script, TOOLS / script.name)
        (TOOLS / script.name).chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
