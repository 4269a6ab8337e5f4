"""`envc explain`: what a field, a diagnostic's code, or the identity of an environment is made of."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.cli.console import Console
from envc.cli.referring import is_registered, resolve_spec
from envc.cli.verb import (
    Verb,
    add_choice,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
)
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.explanation import Block, Explanation
    from envc.spec.manual import Topic

__all__ = ["VERB"]

_WIDTH = 88
_SPECS = (".envc", ".yaml", ".yml")
_CODES_TOO = (
    "\n`envc explain FIELD` says more of one, and `envc explain CODE` explains a diagnostic, "
    "such as `envc explain E233`; `envc explain --codes` lists them"
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        metavar="FIELD|CODE|SPEC",
        nargs="?",
        help="a field such as `base` or `pip.indexes.secret`, a diagnostic's code such as `E233`, or a "
        "spec: then every part of its env id is told, with its digest, and where it comes from; "
        "without any, the fields are listed",
    )
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--all", action="store_true", help="print all fields as one page of Markdown"
    )
    whole.add_argument("--codes", action="store_true", help="list all codes")
    add_variant(parser, text="the variant to explain; repeatable; default: all")
    add_choice(parser)
    add_templates(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.explanation import is_code

    if arguments.what is not None and (arguments.all or arguments.codes):
        option = "--all" if arguments.all else "--codes"
        kind = (
            "spec" if _is_spec(arguments.what) else "code" if is_code(arguments.what) else "field"
        )
        raise _refuse(f"`{option}` and a {kind} were given", "leave one of them out")
    if arguments.what is not None and _is_spec(arguments.what):
        _explain_spec(arguments, console)
        return 0
    if (given := _given(arguments)) is not None:
        raise _refuse(f"`{given}` is about a spec, and none was given", "name the spec")
    if arguments.codes:
        _list_codes(arguments, console)
    elif arguments.what is not None and is_code(arguments.what):
        _explain_code(arguments, console)
    else:
        _explain_fields(arguments, console)
    return 0


def _is_spec(what: str) -> bool:
    """Say whether a spec is meant: by its name, or because a file of that name is no field's."""
    from envc.spec.manual import topics

    path = Path(what)
    if path.suffix in _SPECS or is_registered(path):
        return True
    return path.is_file() and all(topic.name != what for topic in topics())


def _given(arguments: argparse.Namespace) -> str | None:
    """Return an option that is about specs; None where there is none."""
    options = (
        ("--variant", arguments.variants),
        ("--set", arguments.sets),
        ("--templates", arguments.templates),
    )
    return next((name for name, value in options if value), None)


def _refuse(message: str, hint: str) -> UsageError:
    return UsageError([Diagnostic(code="E001", message=message, hint=hint)])


def _explain_spec(arguments: argparse.Namespace, console: Console) -> None:
    from envc import pipeline
    from envc.cli.tree import describe_traced, list_traced
    from envc.pipeline.side import registered_side
    from envc.pipeline.tracing import rename_places

    machine, given = machine_of(arguments, console), Path(arguments.what)
    path = resolve_spec(given, machine)
    traced = pipeline.trace(
        path,
        machine,
        variants=arguments.variants,
        choice=choice_of(arguments),
        templates=arguments.templates,
    )
    if path != given:
        traced = rename_places(traced, registered_side(arguments.what, path, machine).rename)
    _print(console, arguments, "\n".join(list_traced(traced)), describe_traced(traced))


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
    details="docs/reference.md and docs/diagnostics.md have the same texts of fields and codes.",
)
