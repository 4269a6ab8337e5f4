"""Installs the Conda packages of a layer, each from its archive and by itself, without a network."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, "/tools/site")

import rattler
from layer import (
    ENVIRONMENT,
    LISTING,
    PREFIX,
    adopt_byte_code,
    find_artefacts,
    finish,
    is_same,
    refuse_folder,
    write_owners,
)

# From where a package was unpacked into its prefix nothing is written twice, and its own hard links stay
# what they are; that place is removed in the end, so that none leads out of the layer.
CONFIG = "allow-ref-links = false\n"
UNPACKED = Path("/tmp/packages")
# Only these say what is installed; the rest says where and how, which no two machines share.
FORGET = (
    "extracted_package_dir",
    "link",
    "package_tarball_full_path",
    "requested_spec",
    "requested_specs",
)


def python_of(series: str, subdir: str) -> rattler.RepoDataRecord:
    """Return what installs packages of pure Python need to know of the environment's: where it looks
    for them. It is not installed by this layer, and its patch version is no matter."""
    record = rattler.PackageRecord(
        name=rattler.PackageName("python"),
        version=rattler.VersionWithSource(series.rstrip("t")),
        build=rattler.BuildString("0"),
        build_number=0,
        subdir=subdir,
        python_site_packages_path=f"lib/python{series}/site-packages",
    )
    file = f"python-{series}-0.conda"
    url = f"file:///{file}"
    return rattler.RepoDataRecord(record, file_name=file, url=url, channel="file:///")


async def install(archive: Path, row: dict[str, str], listing: dict, prefix: Path) -> str:
    """Install an archive into a prefix of its own, and return the package's name."""
    record = await rattler.RepoDataRecord.from_package_archive(archive)
    name = record.name.normalized
    records, ignored = [record], set()
    if listing["python"] is not None and name != "python":
        records.append(python_of(listing["python"], listing["subdir"]))
        ignored = {"python"}
    await rattler.install(
        records,
        target_prefix=prefix,
        cache_dir=UNPACKED,
        installed_packages=[],
        ignored_packages=ignored,
        platform=rattler.Subdir(listing["subdir"]),
        execute_link_scripts=False,
        show_progress=False,
        alternative_target_prefix=ENVIRONMENT,
        config=rattler.Config.from_toml(CONFIG),
    )
    normalise_metadata(prefix, row)
    keep_times(prefix, UNPACKED / re.sub(r"\.(conda|tar\.bz2)$", "", row["file"]))
    return name


def keep_times(prefix: Path, unpacked: Path) -> None:
    """Give sources the package's times where they are copies, because there are no hard links here: by
    them `adopt_byte_code` tells what belongs together, and the layer must not depend on where it is made.
    """
    for source in unpacked.rglob("*.py"):
        own = prefix / source.relative_to(unpacked)
        if own.is_file() and not own.samefile(source) and is_same(own, source):
            found = source.stat()
            os.utime(own, ns=(found.st_atime_ns, found.st_mtime_ns))


def normalise_metadata(prefix: Path, row: dict[str, str]) -> None:
    """Make conda-meta say what is installed and nothing else, readable for everybody."""
    (file,) = (prefix / "conda-meta").glob("*.json")
    record = json.loads(file.read_bytes())
    for key in FORGET:
        record.pop(key, None)
    record["url"], record["channel"] = row["url"], row["channel"]
    file.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    file.chmod(0o644)
    # The last layer has the one of these that an environment needs.
    (prefix / "conda-meta/history").unlink()
    (prefix / "CACHEDIR.TAG").unlink(missing_ok=True)


def list_paths(prefix: Path) -> list[str]:
    """Return all files and links below a folder, relative to it, sorted."""
    found: list[Path] = []
    for folder, names, files in os.walk(prefix):
        found += [Path(folder, name) for name in files]
        found += [link for name in names if (link := Path(folder, name)).is_symlink()]
    return sorted(str(path.relative_to(prefix)) for path in found)


def make_folder(path: str, package: str, owners: dict[str, str]) -> None:
    """Make the folder that a package's file goes to, which no other package may have as a file."""
    try:
        (PREFIX / path).parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        parents = (str(parent) for parent in Path(path).parents)
        found = next(parent for parent in parents if parent in owners)
        refuse_folder(found, owners[found], package)


async def install_all(listing: dict) -> list[tuple[str, Path]]:
    """Install the layer's archives side by side, and return packages' names and prefixes, in order."""
    turns = asyncio.Semaphore(os.cpu_count() or 1)
    archives = find_artefacts()

    async def one(number: int, row: dict[str, str]) -> tuple[str, Path]:
        prefix = Path("/tmp/prefixes", str(number))
        async with turns:
            return await install(archives[row["file"]], row, listing, prefix), prefix

    return await asyncio.gather(*(one(*entry) for entry in enumerate(listing["packages"])))


def main() -> None:
    listing = json.loads(LISTING.read_bytes())
    packages: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    clashes: dict[str, list[str]] = {}
    for name, prefix in asyncio.run(install_all(listing)):
        packages[name] = list_paths(prefix)
        for path in packages[name]:
            source, target = prefix / path, PREFIX / path
            make_folder(path, name, owners)
            if os.path.lexists(target):
                if target.is_dir() and not target.is_symlink():
                    other = next(owners[own] for own in owners if own.startswith(f"{path}/"))
                    refuse_folder(path, name, other)
                if not is_same(source, target):
                    clashes.setdefault(path, [owners[path]]).append(name)
            owners[path] = name
            source.replace(target)
        shutil.rmtree(prefix)
    shutil.rmtree(UNPACKED)
    write_owners(packages, clashes)
    adopt_byte_code()
    finish(is_to_compile=listing["compile"])


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # rattler's threads may crash an interpreter that takes itself down
