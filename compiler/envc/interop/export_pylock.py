"""A lock as pylock.toml (PEP 751), which pip and uv install."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from envc.interop.merging import Merged, merge_wheels
from envc.interop.subject import Exported, Subject, list_left_out, platform_marker
from envc.lock.package import PipPackage
from envc.platform import PLATFORMS

if TYPE_CHECKING:
    from tomlkit.items import AoT, Array, InlineTable, Table

__all__ = ["export"]


def export(subject: Subject) -> Exported:
    """Return the wheels of all chosen platforms, with markers where they differ.

    https://packaging.python.org/en/latest/specifications/pylock-toml/
    """
    import tomlkit

    document = tomlkit.document()
    document.add("lock-version", "1.0")
    environments = [platform_marker(PLATFORMS[name]) for name in subject.platforms]
    document.add("environments", _list_lines(environments))
    if (series := _series(subject)) is not None:
        document.add("requires-python", f"=={series}.*")
    document.add("created-by", "envc")
    packages = tomlkit.aot()
    for merged in merge_wheels(subject.locked):
        packages.append(_describe(merged, len(subject.platforms)))
    _add_packages(document, packages)
    return Exported(
        text=tomlkit.dumps(document), warnings=list_left_out(subject, "pylock", conda=True)
    )


def _add_packages(document: dict[str, object], packages: AoT) -> None:
    # The key is required, also where there is nothing to list.
    document["packages"] = packages if len(packages) else []


def _series(subject: Subject) -> str | None:
    """Return the Python series that all chosen platforms have; None where they differ or have none."""
    pythons = {
        ".".join(lock.python.version.split(".")[:2])
        for lock in subject.locked.values()
        if lock.python is not None
    }
    return next(iter(pythons)) if len(pythons) == 1 else None


def _describe(merged: Merged, platform_count: int) -> Table:
    import tomlkit

    table = tomlkit.table()
    table.add("name", merged.name)
    table.add("version", merged.version)
    if len(merged.platforms) < platform_count:
        markers = [platform_marker(PLATFORMS[name]) for name in merged.platforms]
        table.add("marker", " or ".join(markers))
    if merged.index is not None:
        table.add("index", merged.index)
    if merged.wheels[0].is_commit:
        table.add("vcs", _describe_commit(merged.wheels[0]))
        return table
    wheels = [one for one in merged.wheels if one.filename.endswith(".whl")]
    for source in merged.wheels:
        if source not in wheels and source.path is not None:
            directory = tomlkit.inline_table()
            directory.add("path", source.path)
            table.add("directory", directory)
        elif source not in wheels:
            table.add("sdist", _describe_wheel(source))
    if wheels:
        table.add("wheels", _list_wheels(wheels))
    return table


def _describe_commit(source: PipPackage) -> InlineTable:
    """Return a commit as PEP 751 has it (`packages.vcs`), which has no place for a hash of its files."""
    import tomlkit

    place, _, below = (source.url or "").removeprefix("git+").partition("#subdirectory=")
    url, _, commit = place.rpartition("@")
    table = tomlkit.inline_table()
    table.add("type", "git")
    table.add("url", url)
    table.add("commit-id", commit)
    if below:
        table.add("subdirectory", unquote(below))
    return table


def _list_wheels(wheels: Sequence[PipPackage]) -> Array:
    import tomlkit

    array = tomlkit.array().multiline(True)
    for wheel in wheels:
        array.append(_describe_wheel(wheel))
    return array


def _describe_wheel(wheel: PipPackage) -> InlineTable:
    import tomlkit

    table = tomlkit.inline_table()
    table.add("name", wheel.filename)
    if wheel.url is not None:
        table.add("url", wheel.url)
    if wheel.path is not None:
        table.add("path", wheel.path)
    if wheel.size is not None:
        table.add("size", wheel.size)
    hashes = tomlkit.inline_table()
    hashes.add("sha256", wheel.sha256)
    table.add("hashes", hashes)
    return table


def _list_lines(texts: list[str]) -> Array:
    import tomlkit

    array = tomlkit.array().multiline(True)
    for text in texts:
        array.append(text)
    return array
