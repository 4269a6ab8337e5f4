"""`envc explain`: what a field of the language means."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from envc.cli.console import Console
from envc.cli.verb import Verb
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.spec.manual import Topic

__all__ = ["VERB"]

_WIDTH = 88


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "field",
        metavar="FIELD",
        nargs="?",
        help="such as `base` or `pip.indexes.secret`; without one, the fields are listed",
    )
    parser.add_argument(
        "--all", action="store_true", help="print all fields as one page of Markdown"
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.spec.manual import look_up, page, topics

    known = topics()
    if arguments.all and arguments.field is not None:
        message = "`--all` and a field were given"
        raise UsageError([Diagnostic(code="E001", message=message, hint="leave one of them out")])
    if arguments.all:
        _print(console, arguments, page(known).rstrip("\n"), {"fields": _list_as_data(known)})
    elif arguments.field is None:
        top = [topic for topic in known if "." not in topic.name]
        _print(console, arguments, "\n".join(_list(top)), {"fields": _list_as_data(top)})
    else:
        topic, inside = look_up(arguments.field, known)
        data = {**_as_data(topic), "fields": _list_as_data(inside)}
        _print(console, arguments, _explain(topic, inside), data)
    return 0


def _print(
    console: Console, arguments: argparse.Namespace, text: str, data: dict[str, object]
) -> None:
    if arguments.json:
        console.print_json(data)
    else:
        console.print(text)


def _explain(topic: Topic, inside: Sequence[Topic]) -> str:
    parts = [f"{topic.name} ({topic.need}): {topic.holds}", _wrap(topic.meaning)]
    if topic.default:
        parts.append(_wrap(f"Default: {topic.default}."))
    parts += ["In the DSL:", textwrap.indent(topic.example.dsl, "    ")]
    parts += ["In YAML:", textwrap.indent(topic.example.yaml, "    ")]
    if inside:
        parts += ["Fields in it:", textwrap.indent("\n".join(_list(inside)), "    ")]
    return "\n\n".join(parts)


def _wrap(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False, break_long_words=False)


def _list(topics: Sequence[Topic]) -> Iterable[str]:
    """Yield a line per field."""
    width = max(len(topic.name) for topic in topics)
    for topic in topics:
        need = " (required)" if topic.is_required else ""
        yield f"{topic.name:{width}}  {topic.summary}{need}"


def _list_as_data(topics: Iterable[Topic]) -> list[dict[str, object]]:
    return [_as_data(topic) for topic in topics]


def _as_data(topic: Topic) -> dict[str, object]:
    return {
        "field": topic.name,
        "holds": topic.holds,
        "required": topic.is_required,
        "meaning": topic.meaning,
        "default": topic.default or None,
        "dsl": topic.example.dsl,
        "yaml": topic.example.yaml,
    }


VERB = Verb(
    name="explain",
    add_arguments=_add_arguments,
    execute=_execute,
    details="docs/reference.md has the same text.",
)
