"""`envc convert`: a spec in the language's other form."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_spec, machine_of
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.syntax import Form

__all__ = ["VERB", "form_of_output"]

_SUFFIXES: Mapping[Form, tuple[str, ...]] = {"dsl": (".envc",), "yaml": (".yaml", ".yml")}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "--to", choices=("dsl", "yaml"), help="default: what FILE's name says, else the other form"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write there instead of to stdout"
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.pipeline.output import write_beside
    from envc.syntax import form_of

    output: Path | None = arguments.output
    form: Form | None = arguments.to
    if output is not None:
        form = form_of_output(output, form)
    if form is None:
        form = "dsl" if form_of(arguments.spec.name) == "yaml" else "yaml"
    text = pipeline.convert(arguments.spec, machine_of(arguments, console), form)
    is_written = write_beside(output, text) if output is not None else False
    if arguments.json:
        where = {"output": str(output), "written": is_written} if output is not None else {}
        console.print_json({"form": form, **(where or {"text": text})})
    elif output is None:
        console.out.write(text)
    else:
        console.print(str(output))
    return 0


def form_of_output(output: Path, wanted: Form | None) -> Form:
    """Return the form that a file's name and `--to` agree on.

    Raises:
        UsageError: They do not, or the name is no spec's (E001).
    """
    suffix = output.suffix.lower()
    named = next((form for form, suffixes in _SUFFIXES.items() if suffix in suffixes), None)
    if named is None or (wanted is not None and named != wanted):
        ends = "`.envc`" if wanted == "dsl" else "`.yaml`" if wanted else "`.envc` or `.yaml`"
        message = f"a file named `{output}` would not be read as what it holds"
        raise UsageError([Diagnostic(code="E001", message=message, hint=f"let it end in {ends}")])
    return named


VERB = Verb(
    name="convert",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The result is the same spec with the same spec id, and has all comments.",
)
