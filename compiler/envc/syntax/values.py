"""A statement that lists values in; the list out: `channels "https://conda.example.com/pets" secret NAME`."""

from __future__ import annotations

from envc.frozen import frozen
from envc.syntax.document import Path
from envc.syntax.form import Values
from envc.syntax.reading import Call, Reading
from envc.syntax.secret import put_secret, read_secret
from envc.syntax.shape import Array, Item, Line, String, Word

__all__ = ["read_values"]


@frozen
class _Value:
    """A value, and the name of its secret where it has one."""

    item: Item
    secret: Word | None = None

    @property
    def end(self) -> int:
        return self.secret.end if self.secret is not None else self.item.end


def read_values(path: Path, call: Call, form: Values, reading: Reading) -> None:
    """Put the list of what follows a word at a path, or report what is none of it (E101)."""
    first = Line(start=call.key.end, end=call.key.end, items=call.items, block=call.block)
    values = [_read_value(line, call, form, reading) for line in (first, *call.more)]
    found = [value for value in values if value is not None]
    strays = [one.item for one in found if form.is_string and not isinstance(one.item, String)]
    for stray in strays:
        reading.expect("a string", call, reading.span(stray))
    if len(found) < len(values) or strays:
        return
    span = reading.source.span(found[0].item.start, found[-1].end)
    if form.repeatable and reading.builder.has(path):
        reading.builder.stretch(path, span.end)
    elif not reading.builder.put(path, [], span, key=call.key):
        return
    for value in found:
        _append(path, value, call, form, reading)


def _read_value(line: Line, call: Call, form: Values, reading: Reading) -> _Value | None:
    has_secret = form.part and len(line.items) > 1 and reading.text(line.items[1]) == "secret"
    if not has_secret or line.block is not None or isinstance(line.items[0], Array):
        item = reading.sole_item(line, call, is_listed=True)
        return _Value(item=item) if item is not None else None
    example = f'{call.keyword} "https://example.com/{form.part}" secret NAME'
    secret = read_secret(line.items[1:], example, reading)
    return _Value(item=line.items[0], secret=secret) if secret is not None else None


def _append(path: Path, value: _Value, call: Call, form: Values, reading: Reading) -> None:
    if value.secret is None:
        reading.append_scalar(path, value.item, call)
        return
    text = reading.scalar(value.item, call)
    if text is None:
        return
    builder = reading.builder
    item = builder.append(path, {}, reading.source.span(value.item.start, value.end))
    builder.put((*item, form.part), text, reading.span(value.item))
    put_secret(item, value.secret, reading)
