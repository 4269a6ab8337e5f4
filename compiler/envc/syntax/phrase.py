"""One string, or two with `to` between them, and options in; their names and values out."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from envc.frozen import frozen
from envc.source import Span
from envc.syntax.document import Data, Path
from envc.syntax.excerpt import excerpt
from envc.syntax.form import Option, Phrase
from envc.syntax.reading import Call, Reading
from envc.syntax.selector import Selector, read_selector
from envc.syntax.shape import Array, Item, String, Word

__all__ = ["Field", "Spoken", "put_field", "read_phrase"]

_PARAMETER = "${{"
_SYNONYMS = {
    "chmod": "mode",
    "chown": "owner",
    "exclude": "ignore",
    "only": "on",
    "platform": "on",
    "readonly": "read-only",
    "ro": "read-only",
}


@frozen
class Field:
    """A name, its value (a text, or a list of texts with a place each), and where they stand.

    `key` is None where the text has no word for the name.
    """

    name: str
    value: str | tuple[tuple[str, Span], ...]
    span: Span
    key: Span | None


@frozen
class Spoken:
    """What a phrase says.

    Attributes:
        fields: In the order of the text.
        selector: The platform that it is for; None for all.
        span: From its first string to its end, `on` apart where that comes last.
    """

    fields: tuple[Field, ...]
    selector: Selector | None
    span: Span


def read_phrase(call: Call, phrase: Phrase, reading: Reading) -> Spoken | None:
    """Return what follows a word, or report what is missing, unknown or too much (E101, E108, E112)."""
    heads = _read_heads(call, phrase, reading)
    if heads is None:
        return None
    count = 2 * len(phrase.names) - 1
    options = _Options(call, phrase, reading)
    if not options.read(call.items[count - 1], call.items[count:]):
        return None
    fields = (*heads, *options.fields)
    end = max(field.span.end for field in fields)
    return Spoken(
        fields=fields,
        selector=options.selector,
        span=reading.source.span(call.items[0].start, end),
    )


def put_field(path: Path, field: Field, reading: Reading) -> None:
    """Put a field's value below a path."""
    place = (*path, field.name)
    builder = reading.builder
    if isinstance(field.value, str):
        builder.put(place, field.value, field.span, key=field.key)
        return
    items: list[Data] = []
    builder.put(place, items, field.span, key=field.key)
    for text, span in field.value:
        builder.append(place, text, span)


def _read_heads(call: Call, phrase: Phrase, reading: Reading) -> list[Field] | None:
    """Return the strings that a phrase starts with."""
    if len(phrase.names) == 1:
        return _read_one(call, phrase.names[0], reading)
    source, to, target = (*call.items[:3], None, None, None)[:3]
    if source is None:
        reading.expect("a string", call)
    elif to is None or reading.text(to) != "to":
        _expect_after(source, to, "`to`", call, reading)
    elif target is None:
        _expect_after(to, None, "a string", call, reading)
    else:
        start, end = reading.scalar(source, call), reading.scalar(target, call)
        if start is not None and end is not None:
            first, last = phrase.names
            return [
                Field(name=first, value=start, span=reading.span(source), key=None),
                Field(name=last, value=end, span=reading.span(target), key=reading.span(to)),
            ]
    return None


def _read_one(call: Call, name: str, reading: Reading) -> list[Field] | None:
    first = call.items[0] if call.items else None
    if not isinstance(first, String):
        reading.expect("a string", call, reading.span(first) if first else None)
        return None
    value = reading.value(first)
    if value is None:
        return None
    return [Field(name=name, value=value, span=reading.span(first), key=None)]


class _Options:
    """Reads what follows the strings of a phrase."""

    def __init__(self, call: Call, phrase: Phrase, reading: Reading) -> None:
        self.fields: list[Field] = []
        self.selector: Selector | None = None
        self._call = call
        self._known = phrase.options
        self._reading = reading
        self._seen: dict[str, Span] = {}

    def read(self, previous: Item, items: Sequence[Item]) -> bool:
        """Read all options, and say whether they are right."""
        rest = list(items)
        while rest:
            word = rest[0]
            name = self._reading.text(word)
            option = self._known.get(name) if isinstance(word, Word) else None
            if option is None:
                self._refuse(word, previous)
                return False
            taken = rest[: self._width(option, rest)]
            if not self._is_new(name, word) or not self._read(name, option, taken):
                return False
            previous, rest = taken[-1], rest[len(taken) :]
        return True

    def _width(self, option: Option, items: Sequence[Item]) -> int:
        """Return how many items an option takes; `on` takes all to the next option."""
        if option.kind == "flag":
            follows = items[1:2] and self._reading.text(items[1]).startswith(_PARAMETER)
            return 2 if follows else 1
        if option.kind != "platform":
            return 2
        texts = [self._reading.text(item) for item in items]
        others = self._known.keys() | _SYNONYMS.keys()
        return next((n for n in range(1, len(items)) if texts[n] in others), len(items))

    def _is_new(self, name: str, word: Item) -> bool:
        span = self._reading.span(word)
        first = self._seen.setdefault(name, span)
        if first is span:
            return True
        self._reading.builder.report_twice(name, span, first)
        return False

    def _read(self, name: str, option: Option, items: Sequence[Item]) -> bool:
        reading = self._reading
        key = reading.span(items[0])
        value = items[1] if len(items) > 1 else None
        if option.kind == "platform":
            self.selector = read_selector(items, reading)
            return self.selector is not None
        if option.kind == "flag":
            text = reading.text(value) if value else "true"
            span = reading.span(value) if value else key
            self.fields.append(Field(name=name, value=text, span=span, key=key))
            return True
        if value is None or not _is_of(option, value):
            wanted = {"array": "an array", "string": "a string"}.get(option.kind)
            message = f"expected {wanted or 'a word or a string'} after `{name}`"
            if value is not None:
                message += f", not `{excerpt(reading.text(value))}`"
            end = reading.source.span(key.end, key.end)
            place = reading.span(value) if value else end
            reading.report(place, message, f"write it as `{option.example}`")
            return False
        read = self._read_value(value)
        if read is not None:
            self.fields.append(Field(name=name, value=read, span=reading.span(value), key=key))
        return read is not None

    def _read_value(self, value: Item) -> str | tuple[tuple[str, Span], ...] | None:
        reading = self._reading
        if not isinstance(value, Array):
            return reading.value(value)
        found: list[tuple[str, Span]] = []
        for element in value.elements:
            item = reading.sole_item(element, self._call)
            text = reading.scalar(item, self._call) if item is not None else None
            if item is None or text is None:
                return None
            found.append((text, reading.span(item)))
        return tuple(found)

    def _refuse(self, word: Item, previous: Item) -> None:
        """Report an option that the word does not have, or what is none."""
        reading = self._reading
        name = reading.text(word)
        meant = _SYNONYMS.get(name) or next(iter(get_close_matches(name, self._known, n=1)), "")
        if not isinstance(word, Word) or meant not in self._known:
            reading.refuse(word, previous)
            return
        message = f"`{self._call.keyword}` has no option `{excerpt(name)}`"
        reading.report(reading.span(word), message, f"did you mean `{meant}`?")


def _is_of(option: Option, value: Item) -> bool:
    """Return whether a value is of the kind that an option takes."""
    if option.kind == "array":
        return isinstance(value, Array)
    return isinstance(value, String) or (option.kind == "value" and isinstance(value, Word))


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
