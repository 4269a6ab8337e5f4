"""A `copy` or `run` statement in; the next of the spec's steps out."""

from __future__ import annotations

from typing import TypeAlias

from envc.source import Span
from envc.syntax.excerpt import excerpt
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Item, String

__all__ = ["read_step"]

_STEPS = ("steps",)
_Fields: TypeAlias = "list[tuple[str, str, Span, Span | None]]"


def read_step(call: Call, reading: Reading) -> None:
    """Add a statement to `steps`, in the shape of the YAML form."""
    if call.block is not None or call.more:
        extra = reading.span(call.block) if call.block else reading.span(call.more[0])
        message = f"expected the end of the line after `{call.keyword}` and its strings"
        reading.report(extra, message, f"write it as `{call.example}`")
        return
    fields = _read_copy(call, reading) if call.keyword == "copy" else _read_run(call, reading)
    if not fields:
        return
    builder = reading.builder
    span = reading.source.span(call.key.start, call.end)
    if builder.has(_STEPS):
        builder.stretch(_STEPS, span.end)
    else:
        builder.put(_STEPS, [], span, key=call.key)
    path = (*builder.append(_STEPS, {}, span), call.keyword)
    place = reading.source.span(call.items[0].start, call.end)
    if [name for name, *_ in fields] == ["command"]:
        builder.put(path, fields[0][1], place, key=call.key)
        return
    builder.put(path, {}, place, key=call.key)
    for name, value, where, key in fields:
        builder.put((*path, name), value, where, key=key)


def _read_copy(call: Call, reading: Reading) -> _Fields:
    """Return `from` and `to`; nothing where something was reported."""
    source, to, target = (*call.items[:3], None, None, None)[:3]
    if source is None:
        reading.expect("a string", call)
    elif to is None or reading.text(to) != "to":
        _expect_after(source, to, "`to`", call, reading)
    elif target is None:
        _expect_after(to, None, "a string", call, reading)
    elif len(call.items) > 3:
        reading.refuse(call.items[3], target)
    else:
        start, end = reading.scalar(source, call), reading.scalar(target, call)
        if start is not None and end is not None:
            return [
                ("from", start, reading.span(source), None),
                ("to", end, reading.span(target), reading.span(to)),
            ]
    return []


def _read_run(call: Call, reading: Reading) -> _Fields:
    """Return `command`, and `network` where it is said; nothing where something was reported."""
    command, network, *rest = (*call.items, None, None)
    if not isinstance(command, String):
        reading.expect("a string", call, reading.span(command) if command else None)
        return []
    if network is not None and reading.text(network) != "network":
        reading.refuse(network, command)
        return []
    if network is not None and rest[0] is not None:
        reading.refuse(rest[0], network)
        return []
    value = reading.value(command)
    if value is None:
        return []
    fields: _Fields = [("command", value, reading.span(command), None)]
    if network is not None:
        word = reading.span(network)
        fields.append(("network", "true", word, word))
    return fields


def _expect_after(
    item: Item, found: Item | None, wanted: str, call: Call, reading: Reading
) -> None:
    after = reading.span(item)
    message = f"expected {wanted} after `{excerpt(after.text)}`"
    place = reading.source.span(after.end, after.end)
    if found is not None:
        place = reading.span(found)
        message += f", not `{excerpt(place.text)}`"
    reading.report(place, message, f"write it as `{call.example}`")
