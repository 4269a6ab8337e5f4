"""An `@EXPLICIT` list of Conda packages as a spec, and as what its lock holds."""

from __future__ import annotations

import re

from envc.interop.adopted import Adopted
from envc.interop.adoption import ask_for, conda_from_url, platform_of
from envc.interop.gathered import Gathered, Load
from envc.source import Source

__all__ = ["gather"]

_PLATFORM = re.compile(r"#\s*platform:\s*(\S+)")


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take the packages of a list, each with its build: nobody knows what needs what.

    https://conda.org/learn/ceps/cep-0023
    """
    adopted = Adopted()
    gathered.adopted = adopted
    platform: str | None = None
    lines = [source.line(number).strip() for number in range(1, source.line_count + 1)]
    for number, line in enumerate(lines, start=1):
        if (named := _PLATFORM.match(line)) is not None:
            platform = platform_of(named[1], gathered)
        if not line or line.startswith("#") or line == "@EXPLICIT":
            continue
        url, _, fragment = line.partition("#")
        digest = fragment.removeprefix("sha256:")
        is_md5 = len(digest) == 32
        found = conda_from_url(
            url, adopted, sha256=None if is_md5 else digest, md5=digest if is_md5 else None
        )
        if found is None:
            gathered.leave_out(line, "it is no address of a package", source.line_span(number))
            continue
        own = platform or _platform_of_line(found.subdir, lines, gathered)
        if own is not None:
            adopted.conda.setdefault(own, []).append(found)
    for found_packages in adopted.conda.values():
        found_packages.sort(key=lambda one: one.name)
    ask_for(adopted, gathered, pins_builds=True)


def _platform_of_line(subdir: str, lines: list[str], gathered: Gathered) -> str | None:
    """Return the platform of a package where the list does not say it: that of the others' addresses."""
    addresses = [line.partition("#")[0].split("/") for line in lines]
    subdirs = [subdir, *(parts[-2] for parts in addresses if len(parts) > 1)]
    named = next((one for one in subdirs if one != "noarch"), "linux-64")
    return platform_of(named, gathered)
