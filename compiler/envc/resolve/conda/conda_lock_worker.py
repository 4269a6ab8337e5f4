"""A process that solves one Conda problem with conda-lock: a Question on stdin, an Answer on stdout.

conda-lock takes half a second to import and changes the process's environment; and on failure it
is asked again through rattler what the channels have, whose native threads `os._exit` must end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from envc.resolve.conda.channels import (
    Wanted,
    diagnose,
    open_gateway,
    read_constraints,
    read_requirements,
)
from envc.resolve.conda.failure import Failure, read_failure
from envc.resolve.conda.question import Answer, Problem, Question

__all__ = ["main"]

# What a VersionedDependency of conda-lock holds; it drops the others without a word.
_FIELDS = frozenset({"version", "build", "channel"})
_CHANNEL_ALIAS = "https://conda.anaconda.org/"


def main() -> None:
    """Answer the question on stdin and end the process."""
    question: Question = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        answer = _answer(question)
    json.dump(asdict(answer), sys.stdout)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _answer(question: Question) -> Answer:
    wanted, problems = read_requirements(question, _FIELDS)
    limits, more = read_constraints(question, _FIELDS - {"channel"})
    specs, clashes = _merge((*wanted, *limits))
    refused = (*problems, *more, *clashes, *_find_unknown_wishes(wanted, limits))
    if refused:
        return Answer(problems=tuple(_advise(problem) for problem in dict.fromkeys(refused)))
    _configure(question["channel_priority"])
    try:
        packages = _lock(question, specs)
    except subprocess.CalledProcessError as error:
        failure = read_failure(error.stdout or "", error.stderr or "")
    except Exception as error:  # conda-lock's on output that it did not expect are of many kinds
        failure = Failure(is_conflict=False, text=f"conda-lock cannot use its answer: {error}")
    else:
        strays = _find_strays(question, wanted, packages)
        return Answer(problems=strays) if strays else Answer(packages=packages)
    return asyncio.run(_judge(question, wanted, failure))


def _find_unknown_wishes(wanted: Sequence[Wanted], limits: Sequence[Wanted]) -> Iterable[Problem]:
    """Tell what conda-lock has no word for.

    Of a package that is asked for, a constraint is one more requirement; of others, nothing says
    whether they are to be installed.
    """
    asked = {item.name for item in wanted}
    for item in limits:
        if item.name not in asked:
            yield Problem(kind="constraint", subject="conda-lock", requirement=item.position)


def _advise(problem: Problem) -> Problem:
    if problem.kind != "field":
        return problem
    return replace(problem, suggestion="say it otherwise, or use `--conda-solver rattler`")


def _merge(wanted: Sequence[Wanted]) -> tuple[list[str], list[Problem]]:
    """Return one MatchSpec a name: of two for one name, conda-lock would use only the last."""
    specs: list[str] = []
    problems: list[Problem] = []
    for name in sorted({item.name for item in wanted}):
        group = [item for item in wanted if item.name == name]
        problems.extend(problem for item in group for problem in _find_inexpressible(item))
        builds = [item for item in group if item.spec.build]
        problems.extend(
            Problem(
                kind="field",
                subject="build",
                requirement=item.position,
                detail=f"another requirement asks for the build `{builds[0].spec.build}`",
            )
            for item in builds[1:]
            if item.spec.build != builds[0].spec.build
        )
        version = _intersect(item.spec.version for item in group if item.spec.version)
        channel = next((f"{item.channel['name']}::" for item in group if item.channel), "")
        build = builds[0].spec.build if builds else None
        specs.append(" ".join(part for part in (channel + name, version, build) if part))
    return specs, problems


def _find_inexpressible(item: Wanted) -> Iterable[Problem]:
    """Tell what conda-lock would twist before a program sees it."""
    if "(" in (item.spec.version or ""):  # it drops the parentheses
        yield Problem(kind="field", subject="version", requirement=item.position)
    # It passes on the last part of a channel's address, which means this host to every program.
    if item.channel and not item.channel["address"].startswith(_CHANNEL_ALIAS):
        yield Problem(kind="field", subject="channel", requirement=item.position)


def _intersect(versions: Iterable[str]) -> str:
    """Return what fits all: `,` binds tighter than `|`, and conda-lock knows no parentheses.

    >>> _intersect(["<3", "1.*|2.*"])
    '1.*,<3|2.*,<3'
    """
    alternatives = [version.split("|") for version in sorted(set(versions))]
    return "|".join(",".join(choice) for choice in itertools.product(*alternatives)) or "*"


def _configure(priority: str) -> None:
    """Fix what the program would else take from its installation's and the system's settings."""
    is_strict = priority == "strict"
    os.environ["CONDA_CHANNEL_PRIORITY"] = priority
    # conda-lock hands it on; conda, mamba and micromamba know both.
    os.environ["CONDA_FLAGS"] = f"--{'strict' if is_strict else 'no'}-channel-priority"
    os.environ["MAMBA_NO_RC"] = "true"
    os.environ["MAMBA_ROOT_PREFIX"] = str(Path.home() / "root")


def _lock(question: Question, specs: Sequence[str]) -> list[dict[str, Any]]:
    from conda_lock.conda_lock import make_lock_files  # type: ignore[import-untyped]
    from conda_lock.lockfile import parse_conda_lock_file  # type: ignore[import-untyped]

    folder = Path.home()
    subdir = question["subdir"]
    source, virtual = folder / "environment.yml", folder / "virtual-packages.yml"
    mapping, lock = folder / "names.json", folder / "conda-lock.yml"
    # JSON is YAML too, and leaves nothing to quoting.
    source.write_text(
        json.dumps(
            {
                "channels": [channel["address"] for channel in question["channels"]],
                "dependencies": list(specs),
                "platforms": [subdir],
            }
        )
    )
    packages = {
        item["name"]: f"{item['version']} {item['build']}" for item in question["virtual_packages"]
    }
    virtual.write_text(json.dumps({"subdirs": {subdir: {"packages": packages}}}))
    mapping.write_text("{}")  # of PyPI's names; else it would be downloaded
    make_lock_files(
        conda=question["program"],
        src_files=[source],
        kinds=["lock"],
        lockfile_path=lock,
        virtual_package_spec=virtual,
        mapping_url=mapping.as_uri(),
    )
    return [_to_package(item) for item in parse_conda_lock_file(lock).package]


def _to_package(item: Any) -> dict[str, Any]:
    """Return a package of conda-lock's lock; the build is part of the archive's name only."""
    path = PurePosixPath(unquote(urlsplit(item.url).path))
    stem = path.name.removesuffix(".conda").removesuffix(".tar.bz2")
    return {
        "name": item.name,
        "version": item.version,
        "build": stem.rpartition("-")[2],
        "subdir": path.parent.name,
        "url": item.url,
        "sha256": item.hash.sha256,
        "md5": item.hash.md5 or None,
        "depends": [f"{name} {version}".strip() for name, version in item.dependencies.items()],
    }


async def _judge(question: Question, wanted: Sequence[Wanted], failure: Failure) -> Answer:
    """Return why a program failed: what the channels say first, then what it says itself."""
    answer = await diagnose(question, open_gateway(question), wanted)
    if answer.problems or answer.findings:
        return answer
    if failure.is_conflict:
        return Answer(explanation=failure.text)
    program = Path(question["program"]).name
    return Answer(problems=(Problem(kind="program", subject=program, detail=failure.text),))


def _find_strays(
    question: Question, wanted: Sequence[Wanted], packages: Sequence[dict[str, Any]]
) -> tuple[Problem, ...]:
    """Return what a program took from another channel than the requirement names.

    mamba is known to be loose there (https://github.com/mamba-org/mamba/issues/2226).
    """
    urls = {package["name"]: package["url"] for package in packages}
    return tuple(
        Problem(
            kind="program",
            subject=Path(question["program"]).name,
            detail=f"it took `{item.name}` from another channel: {urls[item.name]}",
        )
        for item in wanted
        if item.channel and not urls[item.name].startswith(item.channel["address"])
    )


if __name__ == "__main__":
    main()
