"""`envc import`: a spec from the file of another tool."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.console import Console
from envc.cli.convert import form_of_output
from envc.cli.verb import Verb, machine_of, parse_image
from envc.errors import EnvcError
from envc.interop.importing import IMPORTS

if TYPE_CHECKING:
    from envc.syntax import Form

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the file of another tool")
    listed = "; ".join(f"{name}: {one.summary}" for name, one in IMPORTS.items())
    parser.add_argument(
        "--format",
        choices=tuple(IMPORTS),
        metavar="FORMAT",
        help=f"default: what the file looks like; {listed}",
    )
    parser.add_argument(
        "--environment",
        metavar="NAME",
        help="the one to import, of a file of pixi with several; default: `default`",
    )
    parser.add_argument(
        "--to", choices=("dsl", "yaml"), help="default: what the output's name says, else dsl"
    )
    parser.add_argument(
        "-o", "--output", metavar="SPEC", type=Path, help="write there instead of to stdout"
    )
    parser.add_argument(
        "--spec",
        dest="only_spec",
        action="store_true",
        help="write no lock, where FILE is one: the base is not asked for, nor is any network used",
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.pipeline.output import write_beside

    output: Path | None = arguments.output
    form: Form = arguments.to or "dsl"
    if output is not None:
        form = form_of_output(output, arguments.to)
    imported = pipeline.import_spec(
        arguments.file,
        machine_of(arguments, console),
        form,
        format_name=arguments.format,
        output=output,
        environment=arguments.environment,
    )
    console.show(imported.warnings)
    is_written = False
    lock: Path | None = None
    if output is not None:
        is_written = write_beside(output, imported.text)
        lock = None if arguments.only_spec else _write_lock(imported, output, arguments, console)
    if arguments.json:
        where: dict[str, object] = {}
        if output is not None:
            where = {"output": str(output), "written": is_written}
            where |= {"lock": str(lock)} if lock is not None else {}
        data = {"format": imported.format_name, "form": form, **(where or {"text": imported.text})}
        console.print_json(data, imported.warnings)
    elif output is None:
        console.out.write(imported.text)
    else:
        console.print(str(output))
        if lock is not None:
            console.print(str(lock))
    return 0


def _write_lock(
    imported: pipeline.Imported, output: Path, arguments: argparse.Namespace, console: Console
) -> Path | None:
    """Write the lock that an imported lock becomes, and return where; None where there is none.

    Raises:
        EnvcError: The base or the tools cannot be had; the spec is written all the same.
    """
    from envc.lock.codec import dumps
    from envc.pipeline.output import write_beside

    machine = machine_of(arguments, console)
    place = pipeline.lock_path(output)
    tools_image = console.environment.get("ENVC_TOOLS_IMAGE")
    try:
        lock = pipeline.adopt(
            imported,
            output,
            machine,
            console.note,
            tools_image=parse_image(tools_image, "tools image") if tools_image else None,
        )
    except EnvcError:
        console.note(f"`{output}` is written, its lock is not")
        raise
    if lock is None:
        return None
    write_beside(place, dumps(lock))
    return place


VERB = Verb(
    name="import",
    add_arguments=_add_arguments,
    execute=_execute,
    details="A lock becomes a spec and, with -o, its lock with the same artefacts. The spec is right, "
    "and a comment at its head says what is not as it was in the file.",
)
