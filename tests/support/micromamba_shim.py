"""A `micromamba` for tests: the part of its command line that conda-lock uses, built on rattler.

It is a second opinion, not the code under test: it reads whole repodata files, applies strict
channel priority, where it is told to, by leaving records out, and hands rattler the specs as they
are, with priorities switched off.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["install"]

Repodata = dict[str, dict[str, Any]]


def install(folder: Path) -> Path:
    """Put an executable `micromamba` into a folder and return its path."""
    program = folder / "micromamba"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={Path(__file__).parent}:$PYTHONPATH exec "{sys.executable}" -P '
        '-m micromamba_shim "$@"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return program


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    match arguments:
        case ["--version"]:
            print("2.3.0")
            return 0
        case ["create", *rest]:
            return _create(rest)
    print(f"critical libmamba unknown arguments: {arguments}", file=sys.stderr)
    return 1


def _create(arguments: list[str]) -> int:
    channels = [arguments[i + 1] for i, word in enumerate(arguments) if word == "--channel"]
    valued = {"--prefix", "--channel"}
    specs = [
        word
        for before, word in zip(["", *arguments], arguments, strict=False)
        if not word.startswith("--") and before not in valued
    ]
    priorities = {"--strict-channel-priority", "--no-channel-priority"}.intersection(arguments)
    assert len(priorities) == 1
    assert "--override-channels" in arguments
    assert os.environ.get("MAMBA_NO_RC") == "true"
    subdirs = [os.environ["CONDA_SUBDIR"], "noarch"]
    try:
        repodata = {c: {s: _fetch(f"{c}/{s}/repodata.json") for s in subdirs} for c in channels}
    except OSError as error:
        print(f"critical libmamba failed to download repodata: {error}", file=sys.stderr)
        return 1
    virtual = [
        record
        for channel in channels
        for subdir in subdirs
        for record in repodata[channel][subdir].values()
        if record.get("package_type") == "virtual_system"
    ]
    real = [c for c in channels if "conda-lock-fake-repodata" not in c]
    if priorities == {"--strict-channel-priority"}:
        _apply_priority(repodata, real, specs)
    try:
        records = asyncio.run(_solve({c: repodata[c] for c in real}, specs, virtual))
    except _UnsolvableError as error:
        tree = "".join(f"    {line}\n" for line in str(error).splitlines())
        print(f"error    libmamba Could not solve for environment specs\n{tree}", file=sys.stderr)
        print(json.dumps({"solver_problems": [str(error).splitlines()[0]], "success": False}))
        return 1
    link = [{"name": r["name"], "dist_name": r["fn"].removesuffix(".conda")} for r in records]
    print(json.dumps({"actions": {"FETCH": records, "LINK": link}, "success": True}))
    return 0


def _fetch(address: str) -> Repodata:
    try:
        with urllib.request.urlopen(address) as answer:
            data = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404 and "/noarch/" not in address:
            return {}
        raise
    return {**data.get("packages", {}), **data.get("packages.conda", {})}


def _apply_priority(
    repodata: dict[str, dict[str, Repodata]], channels: list[str], specs: list[str]
) -> None:
    """Leave out what a channel before it, or the one that a spec names, has by the same name."""
    chosen = {
        spec.rpartition("::")[2].split()[0]: spec.rpartition("::")[0]
        for spec in specs
        if "::" in spec
    }
    for channel in channels:
        for records in repodata[channel].values():
            for record in records.values():
                chosen.setdefault(record["name"], channel)
        for records in repodata[channel].values():
            for fn in [fn for fn, record in records.items() if chosen[record["name"]] != channel]:
                del records[fn]


class _UnsolvableError(Exception):
    pass


async def _solve(
    repodata: dict[str, dict[str, Repodata]], specs: list[str], virtual: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    import rattler
    from rattler.exceptions import SolverError

    with tempfile.TemporaryDirectory() as folder:
        sources: list[rattler.SparseRepoData | rattler.MultiSource] = []
        for channel, subdirs in repodata.items():
            for subdir, records in subdirs.items():
                file = Path(folder) / f"{len(sources)}.json"
                packages = {fn: r for fn, r in records.items() if not fn.endswith(".conda")}
                conda = {fn: r for fn, r in records.items() if fn.endswith(".conda")}
                content = {
                    "info": {"subdir": subdir},
                    "packages": packages,
                    "packages.conda": conda,
                }
                file.write_text(json.dumps(content))
                sources.append(rattler.SparseRepoData(rattler.Channel(channel), subdir, file))
        try:
            solved = await rattler.solve_with_sparse_repodata(
                [rattler.MatchSpec(spec) for spec in specs],
                sources,
                virtual_packages=[
                    rattler.GenericVirtualPackage(
                        rattler.PackageName(record["name"]),
                        rattler.Version(record["version"]),
                        rattler.BuildString(record["build"]),
                    )
                    for record in virtual
                ],
                channel_priority=rattler.ChannelPriority.Disabled,
            )
        except SolverError as error:
            raise _UnsolvableError(str(error)) from error
    return [json.loads(record.to_json()) for record in solved]


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
