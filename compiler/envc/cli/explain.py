"""`envc explain`: what a field of the language means, or the code of a diagnostic."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from envc.cli.console import Console
from envc.cli.verb import Verb
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.explanation import Block, Explanation
    from envc.spec.manual import Topic

__all__ = ["VERB"]

_WIDTH = 88
_CODES_TOO = (
    "\n`envc explain FIELD` says more of one, and `envc explain CODE` explains a diagnostic, "
    "such as `envc explain E233`; `envc explain --codes` lists them"
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        metavar="FIELD|CODE",
        nargs="?",
        help="a field such as `base` or `pip.indexes.secret`, or a diagnostic's code such as `E233`; "
        "without either, the fields are listed",
    )
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--all", action="store_true", help="print all fields as one page of Markdown"
    )
    whole.add_argument("--codes", action="store_true", help="list all codes")


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.explanation import is_code

    if arguments.what is not None and (arguments.all or arguments.codes):
        option, what = "--all" if arguments.all else "--codes", arguments.what
        message = f"`{option}` and a {'code' if is_code(what) else 'field'} were given"
        raise UsageError([Diagnostic(code="E001", message=message, hint="leave one of them out")])
    if arguments.codes:
        _list_codes(arguments, console)
    elif arguments.what is not None and is_code(arguments.what):
        _explain_code(arguments, console)
    else:
        _explain_fields(arguments, console)
    return 0


def _list_codes(arguments: argparse.Namespace, console: Console) -> None:
    from envc.explanation import codes, explain

    known = [explain(code) for code in codes()]
    text = "\n".join(f"{one.code}  {one.meaning}" for one in known)
    data = {"codes": [_summary_as_data(one) for one in known]}
    _print(console, arguments, text, data)


def _explain_code(arguments: argparse.Namespace, console: Console) -> None:
    from envc.explanation import explain

    found = explain(arguments.what)
    data = {
        **_summary_as_data(found),
        "wrong": [_block_as_data(block) for block in found.wrong],
        "right": [_block_as_data(block) for block in found.right],
    }
    parts = [
        f"{found.code}: {found.meaning}",
        _wrap(f"What to do: {found.advice}."),
        *("Wrong:", *_draw_blocks(found.wrong), "Right:", *_draw_blocks(found.right)),
    ]
    _print(console, arguments, "\n\n".join(parts), data)


def _explain_fields(arguments: argparse.Namespace, console: Console) -> None:
    from envc.spec.manual import look_up, page, topics

    known = topics()
    if arguments.all:
        _print(console, arguments, page(known).rstrip("\n"), {"fields": _list_as_data(known)})
    elif arguments.what is None:
        top = [topic for topic in known if "." not in topic.name]
        _print(console, arguments, "\n".join(_list(top)), {"fields": _list_as_data(top)})
        console.note(_CODES_TOO)
    else:
        topic, inside = look_up(arguments.what, known)
        data = {**_as_data(topic), "fields": _list_as_data(inside)}
        _print(console, arguments, _explain(topic, inside), data)


def _print(
    console: Console, arguments: argparse.Namespace, text: str, data: Mapping[str, object]
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


def _draw_blocks(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        if block.name:
            yield f"    # {block.name}\n{textwrap.indent(block.text.rstrip(), '    ')}"
        else:
            yield textwrap.indent(block.text.rstrip(), "    ")


def _summary_as_data(explanation: Explanation) -> dict[str, object]:
    return {
        "code": explanation.code,
        "meaning": explanation.meaning,
        "advice": explanation.advice,
    }


def _block_as_data(block: Block) -> dict[str, object]:
    return {"kind": block.kind, "name": block.name or None, "text": block.text}


VERB = Verb(
    name="explain",
    add_arguments=_add_arguments,
    execute=_execute,
    details="docs/reference.md and docs/diagnostics.md have the same texts.",
)
