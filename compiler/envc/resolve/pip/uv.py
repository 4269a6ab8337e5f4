"""The pip solver by uv: any Linux target from any host; it decides on versions, `pip_solve` on files."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, ToolError
from envc.mirror import hide_user
from envc.process import Completed, ProgramMissingError
from envc.resolve.base import Conflict, PipRequest, PipResolution, Report
from envc.resolve.git.opening import opening
from envc.resolve.index.client import IndexClient
from envc.resolve.index.wheel_file import Target, distribution_of
from envc.resolve.pip.conflict import Failure, redact
from envc.resolve.pip.input import PipInput, Root
from envc.resolve.pip.pins import parse_pins
from envc.resolve.pip.settled import Settled
from envc.resolve.pip.solve import Outcome, solve
from envc.resolve.pip.uv_ahead import Ahead
from envc.resolve.pip.uv_answer import parse_answer, write_preferred
from envc.resolve.pip.uv_cache import complete_sole
from envc.resolve.pip.uv_program import child_environment, index_arguments
from envc.resolve.pip.uv_question import FOLDER, RETRIES, Question, broken, program

__all__ = ["Uv"]

_REQUIREMENT = r"([\w.-]+?)(?:\[[^\]]*\])?((?:[<>=!~][^\s,]+)(?:,[<>=!~][^\s,]+)*)?"
_SUSPECT = re.compile(
    rf"(?<![\w.-])(?:all versions of )?{_REQUIREMENT} "
    r"(?:(?:was|were) not found in the package registry|ha(?:s|ve) no (?:usable )?wheels"
    r"|depends? on Python)"
)
_LACKING = re.compile(
    rf"(?:are no versions of {_REQUIREMENT}"
    rf"|(?:is|are) available and .+? depends? on {_REQUIREMENT})(?![\w.-])"
)
_YANKED = re.compile(r"`([\w.-]+)==[^`]*` is yanked")
_NO_SOLUTION = "No solution found"


class Uv:
    """Resolves with `uv pip compile`, apart from the user's uv and pip settings.

    Args:
        cache: A folder for uv's cache and for the metadata of wheels.
        environment: The caller's variables; of them count PATH, proxies and certificates.
        retries: How often a failed connection is tried again.
        ahead: Has asked ahead what may be asked; None where nobody has.
    """

    name = "uv"

    def __init__(
        self,
        *,
        cache: Path,
        environment: Mapping[str, str],
        retries: int = RETRIES,
        ahead: Ahead | None = None,
    ) -> None:
        self._ahead = ahead or Ahead()
        self._cache = cache
        self._environment = dict(environment)
        self._repositories = opening(cache, environment)
        self._retries = retries

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the wheels or the conflict.

        Raises:
            InputError: Something that was asked for cannot be had (E321 to E334).
            ToolError: An index or uv failed (E335 to E339).
        """
        report(f"resolving {len(request.requirements)} pip requirements with uv")
        return solve(
            request,
            self._run,
            cache=self._cache,
            environment=self._environment,
            retries=self._retries,
            report=report,
            repositories=self._repositories,
        )

    def _run(self, given: PipInput, client: IndexClient) -> Outcome:
        if not given.needs_front:
            return self._run_with(given, client, ())
        from envc.resolve.pip.front import IndexFront  # loads slowly, and most need none

        # uv would want credentials in the addresses of pages, and knows no mirrors of them; and it
        # would build source distributions to learn what they need.
        with IndexFront(given, client) as front:
            try:
                outcome = self._run_with(given, client, ("--find-links", front.links_url))
            except EnvcError:
                if not front.errors:
                    raise
        if front.errors:
            raise front.errors[0]
        return outcome

    def _run_with(self, given: PipInput, client: IndexClient, more: Sequence[str]) -> Outcome:
        question = self._question(given, more)
        try:
            done = self._ahead.ask(question, partial(_get_ready, given))
        except ProgramMissingError as error:
            raise broken("`uv` is not installed", "") from error
        return _read_outcome(done, given, client, self._uv_cache)

    @property
    def _uv_cache(self) -> Path:
        return self._cache / "uv"

    def _question(self, given: PipInput, more: Sequence[str]) -> Question:
        files = {
            "requirements.in": _format_requirements(given),
            "constraints.txt": _format_constraints(given),
            **{_place_of(one): one.stub() for one in given.settled.values()},
        }
        if given.overrides:
            lines = [_override_line(root, given) for root in given.overrides]
            files["overrides.txt"] = _join(lines)
        output, preferred = _format_preferred(given)
        if preferred:
            files[output] = preferred
        command = (
            *_program(),
            *_format_arguments(given),
            *_target_arguments(given.target),
            *index_arguments(given.request),
            *_limit_arguments(given),
            *more,
            *(("--output-file", output) if preferred else ()),
            *("--cache-dir", str(self._uv_cache.absolute()), "requirements.in"),
        )
        return Question(
            command=command,
            files=files,
            environment=self._child_environment(given),
            is_lasting=not given.needs_front
            and all(index.credentials is None for index in given.request.indexes)
            and all(hide_user(argument) == argument for argument in command),
        )

    def _child_environment(self, given: PipInput) -> dict[str, str]:
        environment = child_environment(given.request, self._environment, retries=self._retries)
        if given.needs_front:
            direct = [environment.get("NO_PROXY", ""), "127.0.0.1"]
            environment["NO_PROXY"] = ",".join(filter(None, direct))
        return environment


def _get_ready(given: PipInput) -> None:
    """Do what will have to be done with any answer, or load what does it."""
    import tomllib  # noqa: F401

    import msgpack  # noqa: F401

    given.target.ranks()


def _program() -> list[str]:
    return [
        *(program(), "pip", "compile", "--no-config", "--no-header", "--no-annotate"),
        *("--color", "never", "--no-progress", "--no-python-downloads", "--python", sys.executable),
        *("--only-binary", ":all:", "--keyring-provider", "disabled"),
    ]


def _format_arguments(given: PipInput) -> list[str]:
    """Return how uv is to answer: with the files it saw, unless it looked at the front's stubs."""
    return [] if given.needs_front else ["--format", "pylock.toml"]


def _target_arguments(target: Target) -> list[str]:
    platform = f"{target.machine}-manylinux_{target.glibc.replace('.', '_')}"
    return ["--python-version", target.full_version, "--python-platform", platform]


def _format_requirements(given: PipInput) -> bytes:
    """Return the requirements; a settled distribution is a wheel at a fixed address among them."""
    lines = [str(root.parsed) for root in given.roots]
    lines += [f"{one.name} @ {_address_of(one)}" for one in given.settled.values()]
    return _join(lines)


def _place_of(settled: Settled) -> str:
    return f"settled/{settled.filename}"


def _address_of(settled: Settled) -> str:
    return f"{FOLDER}/{quote(_place_of(settled))}"


def _format_constraints(given: PipInput) -> bytes:
    lines = [
        f"{name}{','.join(f'!={version}' for version in versions)}"
        for name, versions in sorted(given.unfit.items())
    ]
    lines += [f"{root.name}{root.parsed.specifier}" for root in given.constraints]
    return _join(lines)


def _join(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _limit_arguments(given: PipInput) -> list[str]:
    arguments = ["--constraints", "constraints.txt"]
    if given.overrides:
        arguments += ["--overrides", "overrides.txt"]
    if given.request.exclude_newer is not None:
        arguments += ["--exclude-newer", given.request.exclude_newer.text]
    return arguments


def _format_preferred(given: PipInput) -> tuple[str, bytes]:
    """Return where uv finds the versions to prefer, the file that it would write, and its content."""
    pins = given.preferred_pins
    if given.needs_front:
        return "requirements.txt", _join(f"{name}=={version}" for name, version in pins.items())
    return "pylock.toml", write_preferred(pins).encode() if pins else b""


def _override_line(override: Root, given: PipInput) -> str:
    """Return an override that keeps what else the spec itself says of its distribution.

    uv puts it in the place of all requirements, also of those with extras or an address.
    """
    extras = {
        extra for root in given.roots if root.name == override.name for extra in root.parsed.extras
    }
    name = f"{override.name}[{','.join(sorted(extras))}]" if extras else override.name
    settled = given.settled.get(override.name)
    if settled is not None:
        return f"{name} @ {_address_of(settled)}"
    return f"{name}{override.parsed.specifier}"


def _read_outcome(done: Completed, given: PipInput, client: IndexClient, cache: Path) -> Outcome:
    text = redact(done.stderr, given.request.indexes)
    unknown = frozenset(
        name
        for name in re.findall(r"The package `([\w.-]+)[^`]*` does not have an extra named", text)
        if name in given.settled
    )
    if done.returncode == 0:
        if given.needs_front:
            return Outcome(pins=parse_pins(done.stdout), unknown_extras=unknown)
        return _read_files(done.stdout, text, unknown, cache)
    if _NO_SOLUTION not in text:
        _blame_index(text, given, client)
        raise broken("`uv` failed", text)
    explanation = _clean(text)
    unwrapped = " ".join(explanation.split())
    found = [*_SUSPECT.findall(unwrapped), *map(_pick, _LACKING.findall(unwrapped))]
    suspects = tuple(dict.fromkeys(f"{name}{versions}" for name, versions in found))
    failure = Failure(explanation=explanation, suspects=suspects)
    return Outcome(failure=failure, unknown_extras=unknown)


def _read_files(answer: str, words: str, unknown: frozenset[str], cache: Path) -> Outcome:
    from packaging.utils import canonicalize_name

    try:
        pins, listed = parse_answer(answer)
    except (ValueError, KeyError) as error:
        raise broken("`uv` wrote no lock", answer) from error
    complete = complete_sole(cache, pins, listed)
    return Outcome(
        pins=pins,
        listed={**listed, **{name: (file,) for name, file in complete.items()}},
        complete=frozenset(complete),
        withdrawn=frozenset(map(canonicalize_name, _YANKED.findall(words))),
        unknown_extras=unknown,
    )


def _pick(found: tuple[str, str, str, str]) -> tuple[str, str]:
    """Return name and versions of whichever of two alternatives matched."""
    first, first_versions, second, second_versions = found
    return (first, first_versions) if first else (second, second_versions)


def _clean(text: str) -> str:
    """Return uv's chain of reasons without its drawing, its hints on its own options and our files."""
    reasons = text[text.index(_NO_SOLUTION) :].split("\n", 1)[-1]
    reasons = re.split(r"(?m)^\s*hint:", reasons)[0]
    reasons = re.sub(r" @ file://\S+", "", reasons)
    lines = (re.sub(r"^[\s│╰─▶]*(?:cause: )?", "", line) for line in reasons.splitlines())
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _blame_index(text: str, given: PipInput, client: IndexClient) -> None:
    """Raise what is wrong with the index that uv could not fetch from.

    Asking for the same again says it best; where that works, uv's own words have to do.

    Raises:
        ToolError: An index failed (E335 to E337).
    """
    found = re.search(r"Failed to fetch: `?(https?://[^\s`]+)", text)
    if found is None:
        return
    name = found[1].rstrip("/").rpartition("/")[2]
    if found[1].endswith("/"):
        client.project(name)
    else:
        _ask_file(name, client)
    request = given.request
    addresses = [
        (index, request.mirrors.to_mirror(index.url.rstrip("/"))) for index in request.indexes
    ]
    blamed = [index for index, address in addresses if found[1].startswith(f"{address}/")]
    message = f"`uv` cannot fetch from index `{blamed[0].url if blamed else found[1]}`"
    hint = "try again; check the network, the proxy and the certificates"
    problem = Diagnostic.at(blamed[0].span if blamed else None, "E335", message, hint=hint)
    raise ToolError([replace(problem, notes=(text.strip(),))])


def _ask_file(filename: str, client: IndexClient) -> None:
    distribution = distribution_of(unquote(filename.removesuffix(".metadata")))
    project = client.project(distribution[0]) if distribution is not None else None
    for file in project.files if project is not None else ():
        if project is not None and file.filename == unquote(filename.removesuffix(".metadata")):
            client.metadata(project, file)
