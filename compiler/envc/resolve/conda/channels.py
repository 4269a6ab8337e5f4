"""What Conda requirements ask for and what the channels have; only worker processes import this."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import rattler
from rattler import exceptions
from rattler.networking import Client
from rattler.platform.subdir import SubdirLiteral

from envc.diagnostics import correct
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.resolve.conda.question import Answer, Channel, Finding, Problem, Question

__all__ = [
    "Wanted",
    "as_subdirs",
    "diagnose",
    "is_old_enough",
    "open_gateway",
    "probe",
    "read_constraints",
    "read_requirements",
]

_BOUND = re.compile(r"(==|!=|~=|>=|<=|=|<|>)?\s*([0-9][0-9A-Za-z_.!+-]*?)(?:\.?\*)?(?:,|$)")
_NO_LOWER = ("<", "<=", "!=")


@frozen
class Wanted:
    """A requirement, parsed.

    Attributes:
        position: Among the question's requirements, then its constraints.
        spec: All of it; solvers differ in what they make of the channel in it.
        name: Normalised.
        channel: The one it names, or None.
    """

    position: int
    spec: rattler.MatchSpec
    name: str
    channel: Channel | None

    @property
    def is_virtual(self) -> bool:
        """Whether it is about the target machine, not about a package."""
        return self.name.startswith("__")


def read_requirements(
    question: Question, fields: frozenset[str]
) -> tuple[tuple[Wanted, ...], tuple[Problem, ...]]:
    """Parse all requirements, given the fields of a MatchSpec that the solver honours.

    A field that a solver would silently ignore is a problem, not a wish.
    """
    return _read(question, question["requirements"], 0, fields)


def read_constraints(
    question: Question, fields: frozenset[str]
) -> tuple[tuple[Wanted, ...], tuple[Problem, ...]]:
    """Parse all constraints, as `read_requirements` does requirements."""
    return _read(question, question["constraints"], len(question["requirements"]), fields)


def _read(
    question: Question, texts: Sequence[str], start: int, fields: frozenset[str]
) -> tuple[tuple[Wanted, ...], tuple[Problem, ...]]:
    wanted: list[Wanted] = []
    problems: list[Problem] = []
    for position, text in enumerate(texts, start):
        try:
            spec = rattler.MatchSpec(text)
            canonical = spec.to_canonical_string()
        except (
            exceptions.InvalidMatchSpecError,
            exceptions.CanonicalMatchSpecError,
        ) as error:
            problems.append(
                Problem(kind="syntax", subject=text, requirement=position, detail=str(error))
            )
            continue
        unsupported = sorted(set(re.findall(r"[\[,](\w+)=", canonical)) - fields)
        problems.extend(
            Problem(kind="field", subject=field, requirement=position) for field in unsupported
        )
        channel = _find_channel(spec, question["channels"])
        if spec.channel is not None and channel is None:
            named = spec.channel.name or spec.channel.base_url
            problems.append(Problem(kind="unlisted", subject=named, requirement=position))
        wanted.append(
            Wanted(position=position, spec=spec, name=spec.name.normalized, channel=channel)
        )
    return tuple(wanted), tuple(problems)


def _find_channel(spec: rattler.MatchSpec, channels: Sequence[Channel]) -> Channel | None:
    """Return the channel that a MatchSpec names by address, or by a name that fits only one."""
    if spec.channel is None:
        return None
    address = spec.channel.base_url.rstrip("/")
    for channel in channels:
        if channel["name"].rstrip("/") == address:
            return channel
    tail = f"/{spec.channel.name}"
    named = [channel for channel in channels if channel["name"].rstrip("/").endswith(tail)]
    return named[0] if spec.channel.name and len(named) == 1 else None


def as_subdirs(names: Sequence[str]) -> list[rattler.Subdir]:
    """Return subdirs as rattler takes them."""
    return [rattler.Subdir(cast("SubdirLiteral", name)) for name in names]


def open_gateway(question: Question) -> rattler.Gateway:
    """Return what reads the channels; its cache outlives the process."""
    config = rattler.Config()
    with _logged_in(question):
        client = Client.from_config(config, max_retries=2, timeout=question["timeout_s"])
    return rattler.Gateway.from_config(config, cache_dir=Path(question["cache"]), client=client)


@contextmanager
def _logged_in(question: Question) -> Iterator[None]:
    """Let rattler read the credentials of hosts: it takes a file, which is gone before any request."""
    entries = {login["host"]: _as_entry(login["credentials"]) for login in question["logins"]}
    with temporary_folder("channels") as folder:
        file = Path(folder, "hosts.json")
        file.touch(mode=0o600)
        file.write_text(json.dumps(entries), encoding="utf-8")
        os.environ["RATTLER_AUTH_FILE"] = str(file)
        yield
    del os.environ["RATTLER_AUTH_FILE"]


def _as_entry(credentials: str) -> dict[str, Any]:
    """Return credentials as rattler stores them (https://rattler.prefix.dev/py-rattler/auth/)."""
    scheme, _, token = credentials.partition(" ")
    if scheme == "Bearer" and token:
        return {"BearerToken": token}
    user, colon, password = credentials.partition(":")
    if colon:
        return {"BasicHTTP": {"username": user, "password": password}}
    return {"CondaToken": credentials}


async def probe(
    question: Question, gateway: rattler.Gateway, names: Sequence[str]
) -> tuple[dict[str, list[rattler.RepoDataRecord]], tuple[Problem, ...]]:
    """Return what each channel has under `names`, by canonical name, and the channels that fail."""
    found: dict[str, list[rattler.RepoDataRecord]] = {}
    problems: list[Problem] = []
    for channel in question["channels"]:
        try:
            groups = await gateway.query(
                [rattler.Channel(channel["address"])],
                as_subdirs([question["subdir"], "noarch"]),
                list(names),
                recursive=False,
                channel_relations="disabled",
            )
        except exceptions.GatewayError as error:
            problems.append(Problem(kind="channel", subject=channel["name"], detail=str(error)))
        else:
            found[channel["name"]] = [record for group in groups for record in group]
    return found, tuple(problems)


async def diagnose(
    question: Question, gateway: rattler.Gateway, wanted: Sequence[Wanted]
) -> Answer:
    """Return what can be said about a failed solve by looking at each requirement alone.

    The answer is empty where every requirement, taken alone, can be had.
    """
    names = sorted({item.name for item in wanted if not item.is_virtual})
    found, problems = await probe(question, gateway, names)
    if problems:
        return Answer(problems=problems)
    records = {
        name: {
            channel: [record for record in group if record.name.normalized == name]
            for channel, group in found.items()
        }
        for name in names
    }
    unknown = [
        item for item in wanted if not item.is_virtual and not any(records[item.name].values())
    ]
    findings = (
        _examine_virtual(question, item)
        if item.is_virtual
        else _examine(question, item, records[item.name])
        for item in wanted
        if item not in unknown
    )
    return Answer(
        problems=await _describe_unknown(question, gateway, unknown) if unknown else (),
        findings=tuple(finding for finding in findings if finding is not None),
    )


def _examine_virtual(question: Question, wanted: Wanted) -> Finding | None:
    """Return what is wrong with a requirement of the target."""
    provided = [one for one in question["virtual_packages"] if one["name"] == wanted.name]
    records = [
        rattler.PackageRecord(
            one["name"],
            one["version"],
            rattler.BuildString(one["build"]),
            0,
            as_subdirs([question["subdir"]])[0],
        )
        for one in provided
    ]
    if any(wanted.spec.matches(record) for record in records):
        return None
    newest = provided[0]["version"] if provided else ""
    return Finding(requirement=wanted.position, newest=newest)


def _examine(
    question: Question, wanted: Wanted, records: dict[str, list[rattler.RepoDataRecord]]
) -> Finding | None:
    """Return what is wrong with a requirement; under strict priority, its first channel decides."""
    channels = [wanted.channel["name"]] if wanted.channel else [c for c in records if records[c]]
    offered = {c: [r for r in records[c] if wanted.spec.matches(r)] for c in channels}
    old = {c for c in channels if any(is_old_enough(question, r) for r in offered[c])}
    if old if question["channel_priority"] == "disabled" else channels[0] in old:
        return None
    versions = [record.version for record in records[channels[0]]]
    newest = max(versions, default=None)
    older, newer = _find_nearest(str(wanted.spec.version or ""), versions)
    fitting, builds = _list_builds(wanted, records[channels[0]])
    return Finding(
        requirement=wanted.position,
        newest=str(newest) if newest is not None else "",
        older=older,
        newer=newer,
        channel=channels[0],
        shadowed=next((c for c in channels[1:] if c in old), ""),
        is_too_new=bool(offered[channels[0]]),
        fitting=fitting,
        builds=builds,
    )


def _find_nearest(asked: str, versions: Sequence[rattler.VersionWithSource]) -> tuple[str, str]:
    """Return the versions on both sides of the least that is asked for; empty where there is none.

    Of alternatives (`|`) and of what names no version nothing is to be said.
    """
    bounds = _BOUND.findall(asked)
    if "|" in asked or not bounds:
        return "", ""
    lower = [rattler.Version(number) for sign, number in bounds if sign not in _NO_LOWER]
    older = [one for one in versions if lower and one <= max(lower)]
    newer = [one for one in versions if not lower or one > max(lower)]
    return str(max(older, default="")), str(min(newer, default=""))


def _list_builds(
    wanted: Wanted, records: Sequence[rattler.RepoDataRecord]
) -> tuple[str, tuple[str, ...]]:
    """Return the newest version that fits all but the build that is asked for, and its builds."""
    spec = wanted.spec
    if spec.build is None or any(spec.matches(record) for record in records):
        return "", ()
    loose = rattler.MatchSpec(f"{wanted.name} {spec.version or '*'}")
    near = [record for record in records if loose.matches(record)]
    newest = max((record.version for record in near), default=None)
    builds = {str(record.build) for record in near if record.version == newest}
    return str(newest) if newest is not None else "", tuple(sorted(builds))


def is_old_enough(question: Question, record: rattler.RepoDataRecord) -> bool:
    """Say whether a record exists, as rattler judges it: by when it was indexed, else when built."""
    if question["exclude_newer"] is None:
        return True
    moment = record.indexed_timestamp or record.timestamp
    return moment is not None and moment.timestamp() * 1000 < question["exclude_newer"]


async def _describe_unknown(
    question: Question, gateway: rattler.Gateway, unknown: Sequence[Wanted]
) -> tuple[Problem, ...]:
    known = await _names(question, gateway, [question["subdir"], "noarch"])
    others = {
        subdir: await _names(question, gateway, [subdir]) for subdir in question["other_subdirs"]
    }
    return tuple(
        Problem(
            kind="unknown",
            subject=item.name,
            requirement=item.position,
            suggestion=correct(item.name, known),
            elsewhere=tuple(subdir for subdir, names in others.items() if item.name in names),
        )
        for item in unknown
    )


async def _names(
    question: Question, gateway: rattler.Gateway, subdirs: Sequence[str]
) -> frozenset[str]:
    """Return the names in some subdirs; of a channel that fails, none: they only serve as hints."""
    names: set[str] = set()
    for channel in question["channels"]:
        try:
            offered = await gateway.names(
                [rattler.Channel(channel["address"])], as_subdirs(subdirs)
            )
        except exceptions.GatewayError:
            continue
        names.update(name.normalized for name in offered)
    return frozenset(names)
