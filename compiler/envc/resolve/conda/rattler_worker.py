"""A process that solves one Conda problem with rattler: a Question on stdin, an Answer on stdout.

rattler's native threads crash some processes while they end, after the answer is out; so this one
ends by `os._exit`, which leaves them no time to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import rattler
from rattler import exceptions

from envc.resolve.conda.channels import (
    Wanted,
    as_subdirs,
    diagnose,
    open_gateway,
    read_constraints,
    read_requirements,
)
from envc.resolve.conda.core import find_core
from envc.resolve.conda.preferred import find_preferred
from envc.resolve.conda.question import Answer, Channel, Problem, Question
from envc.resolve.conda.watch import watch

__all__ = ["main"]

# rattler ignores the others (`fn`, `subdir`) or knows them for files outside channels (`url`).
_FIELDS = frozenset({"version", "build", "build_number", "channel", "license", "md5", "sha256"})
_CORE_S = 8.0
_CONSTRAINT_FIELDS = _FIELDS - {"channel"}  # constraints ignore it


def main() -> None:
    """Answer the question on stdin and end the process."""
    question: Question = json.load(sys.stdin)
    out, has_ended = sys.stdout, threading.Lock()

    def end(answer: Answer) -> None:
        has_ended.acquire()  # who comes first ends all
        json.dump(asdict(answer), out)
        out.flush()
        sys.stderr.flush()
        os._exit(0)

    def give_up(channel: Channel, reason: str) -> None:
        end(Answer(problems=(Problem(kind="channel", subject=channel["name"], detail=reason),)))

    about = (question["channels"], give_up)
    silence = {"silence_s": question["silence_s"]}
    threading.Thread(target=watch, args=about, kwargs=silence, daemon=True).start()
    with contextlib.redirect_stdout(sys.stderr):
        answer = asyncio.run(_answer(question))
    end(answer)


async def _answer(question: Question) -> Answer:
    wanted, problems = read_requirements(question, _FIELDS)
    limits, more = read_constraints(question, _CONSTRAINT_FIELDS)
    if problems or more:
        return Answer(problems=(*problems, *more))
    gateway = open_gateway(question)
    try:
        records = await _solve(question, gateway, wanted, limits)
    except exceptions.SolverError as error:
        answer = await diagnose(question, gateway, wanted)
        if answer.problems or answer.findings:
            return answer
        text = await _explain(question, gateway, wanted, limits, error)
        core = await _find_core(question, gateway, wanted, limits, text)
        if core is None:
            return Answer(explanation=text)
        if len(core) < len(wanted):
            text = await _explain(question, gateway, core, limits, error)
        return Answer(explanation=text, core=tuple(item.position for item in core))
    except exceptions.GatewayError:
        answer = await diagnose(question, gateway, wanted)
        if answer.problems:
            return answer
        raise
    return Answer(packages=[_to_package(record) for record in records])


async def _solve(
    question: Question,
    gateway: rattler.Gateway,
    wanted: Sequence[Wanted],
    limits: Sequence[Wanted],
) -> list[rattler.RepoDataRecord]:
    """Solve with the channel priority that is asked for.

    Requirements are given whole: rattler decides first where the fewest candidates are left, so that
    saying less would bring other packages than it chooses for everybody else. A requirement that
    names no channel beside one of the same package that does is a constraint, as are limits.
    """
    named = {item.name for item in wanted if item.channel}
    specs = {_localise(item) for item in wanted if item.channel or item.name not in named}
    beside = [item for item in wanted if item.channel is None and item.name in named]
    constraints = {item.spec.to_canonical_string() for item in (*beside, *limits)}
    kept = await find_preferred(question, gateway)
    records = await _call_solver(question, gateway, sorted(specs), sorted(constraints), kept)
    if await _is_out_of_turn(question, gateway, wanted, records):
        return await _solve_in_turn(question, gateway, wanted, limits, kept)
    return records


async def _is_out_of_turn(
    question: Question,
    gateway: rattler.Gateway,
    wanted: Sequence[Wanted],
    records: Sequence[rattler.RepoDataRecord],
) -> bool:
    """Return whether strict priority gives a wanted package to an earlier channel than its own."""
    if question["channel_priority"] != "strict" or len(question["channels"]) == 1:
        return False
    named = {item.name for item in wanted if item.channel}
    later = {item.name for item in wanted} - named
    for channel in question["channels"]:
        source = rattler.Channel(channel["address"])
        later -= {record.name.normalized for record in records if record.channel == source.base_url}
        groups = await gateway.query(
            [source],
            as_subdirs([question["subdir"], "noarch"]),
            sorted(later),
            recursive=False,
            channel_relations="disabled",
        )
        if any(groups):
            return True
    return False


async def _solve_in_turn(
    question: Question,
    gateway: rattler.Gateway,
    wanted: Sequence[Wanted],
    limits: Sequence[Wanted],
    kept: Sequence[rattler.RepoDataRecord],
) -> list[rattler.RepoDataRecord]:
    """Solve with channels looked at before versions, as conda does.

    rattler drops the candidates that a spec rules out *before* it looks at priorities, so that
    `libfoo >=1.1` would come from the second channel when the first has only 1.0. Specs that give the
    name alone, with all else as constraints, are judged after priorities. A channel named in a spec
    does override priority, and constraints ignore it.
    """
    named = {item.name for item in wanted if item.channel}
    specs = {
        f"{item.name}[channel='{item.channel['address']}']" if item.channel else item.name
        for item in wanted
        if item.channel or item.name not in named
    }
    constraints = {item.spec.to_canonical_string() for item in (*wanted, *limits)}
    return await _call_solver(question, gateway, sorted(specs), sorted(constraints), kept)


def _localise(wanted: Wanted) -> str:
    """Return a whole requirement, with the channel it names at the address it is fetched from."""
    text = wanted.spec.to_canonical_string()
    if wanted.channel is None:
        return text
    return re.sub(r'channel="[^"]*"', f'channel="{wanted.channel["address"]}"', text)


async def _explain(
    question: Question,
    gateway: rattler.Gateway,
    wanted: Sequence[Wanted],
    limits: Sequence[Wanted],
    error: exceptions.SolverError,
) -> str:
    """Return why a solve failed: rattler tells it best when whole requirements are its specs."""
    specs = sorted({_localise(item) for item in wanted})
    constraints = sorted({item.spec.to_canonical_string() for item in limits})
    try:
        await _call_solver(question, gateway, specs, constraints)
    except exceptions.SolverError as told:
        error = told
    text = str(error).removeprefix("Cannot solve the request because of:").strip()
    lines = text.splitlines()
    following = [*lines[1:], ""]
    # A constraint is told once for each candidate that it rules out; the last of them ends a branch.
    return "\n".join(
        line
        for line, after in zip(lines, following, strict=True)
        if line.lstrip(_BRANCHES) != after.lstrip(_BRANCHES)
    )


_BRANCHES = " ├└─│"


async def _find_core(
    question: Question,
    gateway: rattler.Gateway,
    wanted: Sequence[Wanted],
    limits: Sequence[Wanted],
    explanation: str,
) -> tuple[Wanted, ...] | None:
    """Return the fewest requirements that cannot be installed together; None where that takes long.

    rattler tells one chain of what it tried, which may leave out a requirement that has ruled out
    candidates before, such as Python's.
    """
    alone: Question = {**question, "preferred": []}

    async def fails(some: Sequence[Wanted]) -> bool:
        try:
            await _solve(alone, gateway, some, limits)
        except exceptions.SolverError:
            return True
        return False

    words = set(re.findall(r"[\w.-]+", explanation.lower()))
    # Those that ask for a version tell more than those that take any.
    items = sorted(wanted, key=lambda item: item.spec.version is None)
    suspects = [item for item in items if item.name in words or item.name == "python"]
    return await find_core(items, suspects, fails, patience_s=_CORE_S)


async def _call_solver(
    question: Question,
    gateway: rattler.Gateway,
    specs: list[str],
    constraints: list[str],
    kept: Sequence[rattler.RepoDataRecord] = (),
) -> list[rattler.RepoDataRecord]:
    return await rattler.solve(
        [rattler.Channel(channel["address"]) for channel in question["channels"]],
        specs,
        gateway=gateway,
        platforms=as_subdirs([question["subdir"], "noarch"]),
        virtual_packages=[
            rattler.GenericVirtualPackage(
                rattler.PackageName(virtual["name"]),
                rattler.Version(virtual["version"]),
                rattler.BuildString(virtual["build"]),
            )
            for virtual in question["virtual_packages"]
        ],
        channel_priority=(
            rattler.ChannelPriority.Strict
            if question["channel_priority"] == "strict"
            else rattler.ChannelPriority.Disabled
        ),
        constraints=constraints,
        locked_packages=kept,
        exclude_newer=_last_moment(question),
        channel_relations="disabled",
    )


def _last_moment(question: Question) -> datetime | None:
    """Return the last instant that counts: rattler includes what it is given, to the millisecond."""
    if question["exclude_newer"] is None:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=question["exclude_newer"] - 1)


_KEPT = (
    "name",
    "version",
    "build",
    "subdir",
    "url",
    "sha256",
    "md5",
    "size",
    "timestamp",
    "depends",
    "purls",
)


def _to_package(record: rattler.RepoDataRecord) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(record.to_json())
    return {key: data[key] for key in _KEPT if key in data}


if __name__ == "__main__":
    main()
