"""Installs Conda packages for /opt/env into a layer, from local archives and without a network."""

import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, "/mnt/tools/site")

import rattler
from layer import ENVIRONMENT, LAYER, finish

PREFIX = LAYER / "opt/env"
ACTIVATE = """\
#!/bin/sh
# Sources what the environment's packages have put into activate.d, then runs the command.
for script in /opt/env/etc/conda/activate.d/*.sh; do
    [ -r "$script" ] && . "$script"
done
exec "$@"
"""
# Only these say what is installed; the rest says where and how, which no two machines share.
FORGET = (
    "extracted_package_dir",
    "link",
    "package_tarball_full_path",
    "requested_spec",
    "requested_specs",
)


async def install(packages: Path) -> dict[str, dict[str, str]]:
    """Install every archive that packages.json lists, and return its rows by file name."""
    listing = json.loads((packages / "packages.json").read_bytes())
    rows = {row["file"]: row for row in listing["packages"]}
    records = [
        await rattler.RepoDataRecord.from_package_archive(packages / name) for name in sorted(rows)
    ]
    await rattler.install(
        records,
        target_prefix=PREFIX,
        cache_dir=Path("/tmp/packages"),
        installed_packages=[],
        platform=rattler.Subdir(listing["subdir"]),
        execute_link_scripts=False,
        show_progress=False,
        alternative_target_prefix=ENVIRONMENT,
        # No hard link may lead out of the layer. Packages' own symbolic links stay links.
        config=rattler.Config.from_toml("allow-hard-links = false\nallow-ref-links = false\n"),
    )
    return rows


def normalise_metadata(rows: dict[str, dict[str, str]]) -> None:
    """Make conda-meta say what is installed and nothing else, readable for everybody."""
    for file in sorted((PREFIX / "conda-meta").glob("*.json")):
        record = json.loads(file.read_bytes())
        for key in FORGET:
            record.pop(key, None)
        row = rows[record["fn"]]
        record["url"], record["channel"] = row["url"], row["channel"]
        file.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
        file.chmod(0o644)


def main(packages: Path) -> None:
    rows = asyncio.run(install(packages))
    normalise_metadata(rows)
    (PREFIX / "CACHEDIR.TAG").unlink(missing_ok=True)
    script = PREFIX / "bin/envc-activate"
    script.write_text(ACTIVATE)
    script.chmod(0o755)
    python = PREFIX / "bin/python"
    finish(python if python.exists() else None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # rattler's threads may crash an interpreter that takes itself down
