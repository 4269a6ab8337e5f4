"""What an index offers instead of what was asked for: in words, for those who have to choose."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envc.resolve.index.client import IndexFile, Project
from envc.resolve.index.wheel_file import Target, allows_python, distribution_of, fits

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed
    from packaging.tags import Tag
    from packaging.version import Version

__all__ = ["describe_versions", "describe_wheels"]

_PYTORCH = "https://download.pytorch.org/whl"
_MANY = 6


def describe_wheels(wheels: Sequence[IndexFile], target: Target) -> str:
    """Return what the wheels of the newest version are for, of which none fits a target.

    Only what is in the way is said: the Python, the platform, or both.

    Args:
        wheels: At least one.
    """
    from packaging.version import Version

    versions = {wheel: distribution_of(wheel.filename) or ("", "0") for wheel in wheels}
    newest = max((found[1] for found in versions.values()), key=Version)
    same = [wheel for wheel, found in versions.items() if found[1] == newest]
    needs = sorted({wheel.requires_python for wheel in same if wheel.requires_python})
    if any(fits(replace(wheel, requires_python=None), target) for wheel in same):
        return f"version {newest} needs Python {' or '.join(needs)}"
    tags = [tag for wheel in same for tag in _tags_of(wheel)]
    fitting = target.ranks()
    platforms = {tag.platform for tag in fitting}
    pythons = {(tag.interpreter, tag.abi) for tag in fitting}
    if here := {_python_of(tag) for tag in tags if tag.platform in platforms}:
        return f"version {newest} has wheels for this platform, but for {_list(here)} only"
    if elsewhere := {tag.platform for tag in tags if (tag.interpreter, tag.abi) in pythons}:
        return f"version {newest} has wheels for this Python, but for {_list(elsewhere)} only"
    listed = _list("-".join(one.filename.removesuffix(".whl").split("-")[-3:]) for one in same)
    refusing = [needed for needed in needs if not allows_python(needed, target)]
    return f"version {newest} has wheels for {listed}" + (
        f"; they need Python {', '.join(refusing)}" if refusing else ""
    )


def describe_versions(wanted: Parsed, project: Project) -> str | None:
    """Return what to know where no version that an index has is in a range; None where one is.

    Of a page without any version nothing is to be said either.
    """
    from packaging.version import Version

    found = {of[1] for file in project.files if (of := distribution_of(file.filename)) is not None}
    versions = sorted(map(Version, found))
    if not versions or any(wanted.specifier.contains(one, prereleases=True) for one in versions):
        return None
    asked = _lower_bound(wanted)
    if asked is not None and asked.local is not None and asked.local not in _locals(versions):
        return _local_advice(asked.local)
    if asked is not None and any(end < asked for end in _upper_bounds(wanted)):
        return f"its bounds contradict each other: no version is in `{wanted.specifier}`"
    newer = [version for version in versions if asked is not None and version > asked]
    older = [version for version in versions if asked is not None and version <= asked]
    if newer and older:
        return f"the nearest there are: {older[-1]} and {newer[0]}"
    if asked is None or newer:
        return f"the oldest `{wanted.name}` there is {versions[0]}"
    return f"the newest `{wanted.name}` there is {versions[-1]}"


def _tags_of(wheel: IndexFile) -> Iterable[Tag]:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        return parse_wheel_filename(wheel.filename)[3]
    except InvalidWheelFilename:
        return ()


def _python_of(tag: Tag) -> str:
    """Return the Python of a tag as people say it (PEP 425).

    Where a tag's digits run together, the first is the major version.
    """
    found = re.fullmatch(r"(cp|pp|py)(\d)(\d*)", tag.interpreter)
    if found is None:
        return tag.interpreter
    kind = {"cp": "CPython", "pp": "PyPy", "py": "Python"}[found[1]]
    free = " without the GIL" if re.fullmatch(r"cp\d+t", tag.abi) else ""
    return f"{kind} {found[2]}{'.' if found[3] else ''}{found[3]}{free}"


def _list(texts: Iterable[str]) -> str:
    """Return texts in the order of the numbers in them; of many, those at the end, which are the newest."""

    def weigh(text: str) -> list[tuple[int, str]]:
        return [
            (int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)
        ]

    ordered = sorted(set(texts), key=weigh)
    return ("…, " if len(ordered) > _MANY else "") + ", ".join(ordered[-_MANY:])


def _lower_bound(wanted: Parsed) -> Version | None:
    """Return the highest version that a range starts from; None where it only ends."""
    from packaging.version import InvalidVersion, Version

    bounds = []
    for one in wanted.specifier:
        if one.operator in ("==", "===", "~=", ">=", ">"):
            try:
                bounds.append(Version(one.version.removesuffix(".*")))
            except InvalidVersion:
                return None
    return max(bounds, default=None)


def _upper_bounds(wanted: Parsed) -> Iterator[Version]:
    """Yield the versions that a range ends at."""
    from packaging.version import InvalidVersion, Version

    for one in wanted.specifier:
        if one.operator in ("<", "<="):
            with contextlib.suppress(InvalidVersion):
                yield Version(one.version)


def _locals(versions: Iterable[Version]) -> set[str]:
    return {version.local for version in versions if version.local is not None}


def _local_advice(local: str) -> str:
    is_pytorch = re.fullmatch(r"cpu|xpu|cu\d+|rocm[\d.]+", local)
    named = f', such as `index "{_PYTORCH}/{local}"` for PyTorch' if is_pytorch else ""
    return f"PyPI has no versions with `+…`: name the index that has `+{local}`{named}, or leave it out"
