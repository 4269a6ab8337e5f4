"""`envc compile`: the Dockerfile and all that it needs."""

from __future__ import annotations

import argparse
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_mirror, add_spec, machine_of
from envc.machine import parse_mirrors

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, required=True, help="the folder to write"
    )
    parser.add_argument(
        "--depfile",
        metavar="FILE",
        type=Path,
        help="write a rule for Make there: all files that DIR/image.json was made from",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 4 and list the files that would change",
    )
    add_mirror(parser, has_variable=False)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    mirrors = parse_mirrors(arguments.mirror)
    if arguments.check:
        done = pipeline.check_compiled(arguments.spec, arguments.output, machine, mirrors=mirrors)
    else:
        done = pipeline.compile(arguments.spec, arguments.output, machine, mirrors=mirrors)
        if arguments.depfile is not None:
            pipeline.write_depfile(arguments.depfile, done)
    if arguments.json:
        console.print_json(
            {
                "folder": str(done.folder),
                "written": list(done.changes.written),
                "removed": list(done.changes.removed),
                "spec_id": done.identity.spec_id,
                "env_ids": dict(done.identity.env_ids),
                "sources": [str(source) for source in done.sources],
            }
        )
        return 0
    for platform, env_id in done.identity.env_ids.items():
        console.print(f"{platform} {env_id}")
    written, removed = len(done.changes.written), len(done.changes.removed)
    state = f"{written} written, {removed} removed" if done.changes else "nothing has changed"
    console.note(f"{done.folder}: {state}")
    return 0


VERB = Verb(
    name="compile",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Needs no network and no engine; `docker build DIR` accepts the result.",
)
