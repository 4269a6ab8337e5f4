"""`envc history`: what was built and run, the newest first."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, Any

from envc.cli.columns import align, exact_time, format_time
from envc.cli.console import Console
from envc.cli.verb import Verb, machine_of

if TYPE_CHECKING:
    from envc.store import Build, Run

__all__ = ["VERB", "build_row", "describe_build", "describe_run", "run_row"]

_USUAL = 20
_ID_SHOWN = 12


def build_row(build: Build) -> tuple[str, ...]:
    """Return a build's line, in columns."""
    return (
        format_time(build.started),
        "build",
        build.outcome,
        _tell_duration(build.duration_s),
        _tell_environment(build.env_id, build.variant, build.platform),
        build.spec,
        build.log or "",
    )


def run_row(run: Run) -> tuple[str, ...]:
    """Return a run's line, in columns."""
    return (
        format_time(run.started),
        "run",
        f"exit {run.exit_code}",
        _tell_duration(run.duration_s),
        _tell_environment(run.env_id, run.variant, run.platform),
        run.spec,
        shlex.join(run.command),
    )


def describe_build(build: Build) -> dict[str, Any]:
    """Return what `--json` says of a build."""
    return {
        "kind": "build",
        "number": build.number,
        "started": exact_time(build.started),
        "duration_s": round(build.duration_s, 3),
        "outcome": build.outcome,
        "exit_code": build.exit_code,
        "env_id": build.env_id,
        "variant": build.variant or None,
        "platform": build.platform,
        "image": build.image,
        "digest": build.digest,
        "size_bytes": build.size_bytes,
        "spec": build.spec,
        "log": build.log,
    }


def describe_run(run: Run) -> dict[str, Any]:
    """Return what `--json` says of a run."""
    return {
        "kind": "run",
        "number": run.number,
        "started": exact_time(run.started),
        "duration_s": round(run.duration_s, 3),
        "exit_code": run.exit_code,
        "command": list(run.command),
        "env_id": run.env_id,
        "variant": run.variant or None,
        "platform": run.platform,
        "image": run.image,
        "digest": run.digest,
        "spec": run.spec,
        "log": run.log,
    }


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "env_id",
        metavar="ENV-ID",
        nargs="?",
        help="only this environment's; the first digits will do",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--builds", action="store_true", help="only builds")
    kinds.add_argument("--runs", action="store_true", help="only runs")
    parser.add_argument(
        "--limit", metavar="N", type=int, default=_USUAL, help=f"at most so many; default: {_USUAL}"
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.store import Store

    builds: tuple[Build, ...] = ()
    runs: tuple[Run, ...] = ()
    store = Store.find(machine_of(arguments, console).home)
    limit = arguments.limit if arguments.env_id is None else None
    if store is not None:
        with store:
            builds = () if arguments.runs else store.builds(limit=limit)
            runs = () if arguments.builds else store.runs(limit=limit)
    known: list[Build | Run] = [*builds, *runs]
    meant = [one for one in known if _is_meant(one, arguments.env_id)]
    found = sorted(meant, key=lambda one: -one.started)[: arguments.limit]
    if arguments.json:
        console.print_json({"history": [_describe(one) for one in found]})
    elif found:
        console.print("\n".join(align([_row(one) for one in found])))
    else:
        console.note("nothing was built or run")
    return 0


def _is_meant(one: Build | Run, asked: str | None) -> bool:
    return asked is None or one.env_id.startswith(f"sha256:{asked.removeprefix('sha256:')}")


def _row(one: Build | Run) -> tuple[str, ...]:
    from envc.store import Build

    return build_row(one) if isinstance(one, Build) else run_row(one)


def _describe(one: Build | Run) -> dict[str, Any]:
    from envc.store import Build

    return describe_build(one) if isinstance(one, Build) else describe_run(one)


def _tell_duration(duration_s: float) -> str:
    return f"{duration_s:.1f} s"


def _tell_environment(env_id: str, variant: str, platform: str) -> str:
    short = env_id.removeprefix("sha256:")[:_ID_SHOWN]
    return " ".join(filter(None, (short, variant, platform)))


VERB = Verb(
    name="history",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Of a build that ran, a line ends with the path of its log.",
)
