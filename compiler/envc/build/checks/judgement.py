"""Facts about an image become diagnostics: what is installed, which libraries lack, who may write."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from envc.build.checks.claim import Installed
from envc.build.checks.debian import packages_for
from envc.diagnostics import Diagnostic
from envc.spec.requirement import normal_name

__all__ = ["advise_on_library", "join_names", "judge_libraries", "judge_packages"]

_MAX_NOTES, _MAX_NAMES = 3, 5
_CANNOT_OPEN = re.compile(r"(?P<name>[\w.+-]+\.so[\w.+-]*): cannot open shared object file")


def judge_packages(
    distributions: Sequence[Mapping[str, Any]], markers: Mapping[str, str], installed: Installed
) -> tuple[Diagnostic, ...]:
    """Return which installed distributions need what is not installed, as `pip check` does.

    What the lock installed must fit (E624). Of all else, such as what a step has installed or what
    Conda's packages say of themselves to pip, it may be meant, and is a warning (W624): one for all.

    Args:
        distributions: Each has `name`, `version` and `requires` (PEP 508).
        markers: The environment's values (PEP 508).
    """
    versions = {normal_name(one["name"]): str(one["version"]) for one in distributions}
    ignored = {*installed.overridden, *(set(installed.conda) - versions.keys())}
    problems: list[Diagnostic] = []
    odd: dict[str, list[tuple[str, str]]] = {}
    for one in distributions:
        name = normal_name(one["name"])
        is_locked = name in installed.wheels and name not in installed.conda
        owner = f"{one['name']} {one['version']}"
        for text in one["requires"]:
            if (lack := _lack(text, versions, markers, ignored)) is None:
                continue
            if is_locked:
                problems.append(_explain_package(owner, *lack))
            else:
                odd.setdefault(owner, []).append(lack)
    problems.sort(key=lambda problem: problem.message)
    return (*problems, *([_warn_of_packages(odd)] if odd else ()))


def judge_libraries(rows: Sequence[Mapping[str, str]], prefix: str) -> tuple[Diagnostic, ...]:
    """Return which libraries an environment lacks: an error where an import fails of it (E625), else
    a warning (W625), since nobody may ever load what needs them.

    Args:
        rows: Each has `library`, `path`, `owner`, `breaks` and `says`.
    """
    broken: dict[str, list[Mapping[str, str]]] = {}
    idle: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        groups, key = (broken, row["breaks"]) if row["breaks"] else (idle, row["owner"])
        groups.setdefault(key, []).append(row)
    return (
        *(_explain_broken(module, found, prefix) for module, found in sorted(broken.items())),
        *(_explain_idle(owner, found, prefix) for owner, found in sorted(idle.items())),
    )


def advise_on_library(text: str) -> str:
    """Return what to do about the library that a program said it misses; empty where it did not.

    >>> advise_on_library("ImportError: libGL.so.1: cannot open shared object file: No such file")
    'add `libgl1` to `system`, or take a base that has it'
    """
    found = _CANNOT_OPEN.search(text)
    return _advise([found["name"]]) if found is not None else ""


def join_names(names: Collection[str], *, most: int | None = None) -> str:
    """Return names in backticks, as a sentence has them; of more than `most`, the rest is counted.

    >>> join_names(["a", "b", "c"])
    '`a`, `b` and `c`'
    >>> join_names(["a", "b", "c", "d"], most=2)
    '`a`, `b` and 2 more'
    """
    quoted = [f"`{name}`" for name in names]
    if most is not None and len(quoted) > most + 1:
        quoted = [*quoted[:most], f"{len(quoted) - most} more"]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _lack(
    text: str, versions: Mapping[str, str], markers: Mapping[str, str], ignored: Collection[str]
) -> tuple[str, str] | None:
    """Return the requirement that is not met, and what is there instead; None where all is well."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.version import InvalidVersion

    try:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({**markers, "extra": ""}):
            return None
        name = normal_name(wanted.name)
        if name in ignored:
            return None
        plain = f"{wanted.name}{wanted.specifier}"
        if name not in versions:
            return plain, "it is not installed"
        if not wanted.specifier.contains(versions[name], prereleases=True):
            return plain, f"`{wanted.name} {versions[name]}` is installed"
    except (InvalidRequirement, InvalidVersion):
        return None  # its own metadata are broken, which says nothing about what is there
    return None


def _explain_package(owner: str, wanted: str, found: str) -> Diagnostic:
    return Diagnostic(
        code="E624",
        message=_tell_needs(owner, [(wanted, found)]),
        hint="let no step install other versions than the lock has: write what is needed into `pip`",
    )


def _warn_of_packages(odd: Mapping[str, Sequence[tuple[str, str]]]) -> Diagnostic:
    """Return one warning about distributions, each of which lacks something; a note for each."""
    told = [_tell_needs(owner, lacks) for owner, lacks in sorted(odd.items())]
    message = f"{len(told)} distributions need what is not installed"
    return Diagnostic(
        code="W624",
        message=message if len(told) > 1 else told[0],
        notes=tuple(told) if len(told) > 1 else (),
        hint="install what they need, unless that is never used"
        if len(told) > 1
        else "install what it needs, unless that is never used",
    )


def _tell_needs(owner: str, lacks: Sequence[tuple[str, str]]) -> str:
    """Return what a distribution needs, each with what is there instead.

    >>> _tell_needs("a 1", [("b>=2", "`b 1` is installed"), ("c", "it is not installed")])
    '`a 1` needs `b>=2`, but `b 1` is installed, and `c`, but it is not installed'
    """
    listed = ", and ".join(f"`{wanted}`, but {found}" for wanted, found in sorted(lacks))
    return f"`{owner}` needs {listed}"


def _explain_broken(module: str, rows: Sequence[Mapping[str, str]], prefix: str) -> Diagnostic:
    libraries = sorted({row["library"] for row in rows})
    verb = "is" if len(libraries) == 1 else "are"
    last = rows[0]["says"].rpartition("\n")[2]
    return Diagnostic(
        code="E625",
        message=f"`{module}` cannot be imported: {join_names(libraries, most=_MAX_NAMES)} {verb} missing",
        notes=(*_list_files(rows, prefix), f"Python says: {last}"),
        hint=f"{_advise(libraries)}; if machines bring it, say so: {_allow(libraries)}",
    )


def _explain_idle(owner: str, rows: Sequence[Mapping[str, str]], prefix: str) -> Diagnostic:
    libraries = sorted({row["library"] for row in rows})
    noun = "library" if len(libraries) == 1 else "libraries"
    return Diagnostic(
        code="W625",
        message=f"{f'`{owner}`' if owner else 'the environment'} has files that need the {noun} "
        f"{join_names(libraries, most=_MAX_NAMES)}, which the image lacks",
        notes=_list_files(rows, prefix),
        hint=f"if you use that part of it: {_advise(libraries, most=_MAX_NAMES)}; else say so: "
        f"{_allow(libraries)}",
    )


def _advise(libraries: Collection[str], *, most: int | None = None) -> str:
    packages = packages_for(libraries)
    if not packages:
        return "add the Debian package that has it to `system`, or take a base that has it"
    return f"add {join_names(packages, most=most)} to `system`, or take a base that has it"


def _allow(libraries: Sequence[str]) -> str:
    rest = ", …" if len(libraries) > _MAX_NAMES else ""
    return f"`check {{ allow-missing {', '.join(libraries[:_MAX_NAMES])}{rest} }}`"


def _list_files(rows: Iterable[Mapping[str, str]], prefix: str) -> tuple[str, ...]:
    """Return a note for each file that lacks something, and one for all beyond the first few."""
    needs: dict[str, list[str]] = {}
    for row in rows:
        owner = f" of `{row['owner']}`" if row["owner"] else ""
        name = f"`{row['path'].removeprefix(f'{prefix}/')}`{owner}"
        needs.setdefault(name, []).append(row["library"])
    texts = [
        f"{name} needs {join_names(sorted(own), most=_MAX_NAMES)}"
        for name, own in sorted(needs.items())
    ]
    rest = len(texts) - _MAX_NOTES
    return *texts[:_MAX_NOTES], *([f"and {rest} more files lack some of them"] if rest > 0 else [])
