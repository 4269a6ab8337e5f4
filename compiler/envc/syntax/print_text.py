"""Parts of a spec as plain data in; how each is written on one line of the DSL out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from envc.source import Source as SourceText
from envc.syntax.document import Data
from envc.syntax.dsl import read
from envc.syntax.entries import name_of_string
from envc.syntax.form import YES, Entries, Option, Phrase, Source, Text, Value, Values
from envc.syntax.literal import dsl_string, dsl_word

__all__ = [
    "array",
    "as_list",
    "as_mapping",
    "as_text",
    "entry",
    "listed",
    "pair_lines",
    "param",
    "phrase",
    "value",
]

_SIMPLE_ENTRY = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?: ?[<>=!~]=?[A-Za-z0-9.*+_-]+(?:,[<>=!~]=?[A-Za-z0-9.*+_-]+)*)?"
)


def value(word: str, text: str, form: Value | Text) -> str:
    """Return the value of a statement, without quotes where it stays the same without them."""
    if '"' in form.example:
        return dsl_string(text)
    written = dsl_word(text)
    if written == text or not isinstance(form, Text) or not _stays(word, f"{word} {text}", text):
        return written
    return text


def array(items: list[Data]) -> str:
    """Return texts as an array."""
    return f"[{', '.join(dsl_string(as_text(item)) for item in items)}]"


def listed(item: Data, form: Values) -> str:
    """Return an item of a list of values: an address stands in quotes where a secret follows it."""
    if isinstance(item, str):
        return dsl_string(item) if form.is_string else dsl_word(item)
    fields = as_mapping(item)
    text = as_text(fields[form.part])
    if "secret" not in fields:
        return dsl_word(text)
    return f"{dsl_string(text)} secret {dsl_word(as_text(fields['secret']))}"


def param(name: str, default: Data) -> str:
    """Return what stands after `param`; a mapping is one that must be given."""
    return name if isinstance(default, dict) else f"{name} = {dsl_string(as_text(default))}"


def pair_lines(name: str, found: Data) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the lines of a name and its value, or its values by platform, each with its path."""
    if not isinstance(found, dict):
        yield f"{name} = {dsl_string(as_text(found))}", (name,)
        return
    for platform, text in found.items():
        line = f"{name} = {dsl_string(as_text(text))} {_on(platform)}"
        yield line, (name, platform)


def phrase(word: str, item: Data, form: Phrase, on: Data | None = None) -> tuple[str, str, str]:
    """Return a phrase in three parts: up to its array, the array, and what follows it.

    The last two are empty where it has none.
    """
    fields = {form.names[0]: item} if isinstance(item, str) else as_mapping(item)
    names = [dsl_string(as_text(fields[name])) for name in form.names]
    before, inside = [word, " to ".join(names)], ""
    after: list[str] = []
    for name, option in form.options.items():
        given = on if option.kind == "platform" else fields.get(name)
        if option.kind == "array" and isinstance(given, list):
            before.append(name)
            inside = array(given)
        elif given is not None and (written := _option(name, option, as_text(given))):
            (after if inside else before).append(written)
    return " ".join(before), inside, " ".join(after)


def entry(word: str, key: str, item: Data, form: Entries) -> str:
    """Return an entry of the list at a key of a block of packages; `key` may be empty."""
    for keyword, source in form.sources.items():
        if source.key == key:
            return f"{keyword} {_source(item, source)}"
    fields: Mapping[str, Data] = {"package": item} if isinstance(item, str) else as_mapping(item)
    text = as_text(fields["package"])
    if not _is_simple(text) and not _stays(word, f"{word} {{\n{text}\n}}", [text]):
        text = dsl_string(text)
    return text + _selector(fields)


def as_text(found: Data) -> str:
    """Return a value that is a text."""
    if not isinstance(found, str):
        raise TypeError(f"not a text: {found!r}")
    return found


def as_list(found: Data) -> list[Data]:
    """Return a value that is a list."""
    if not isinstance(found, list):
        raise TypeError(f"not a list: {found!r}")
    return found


def as_mapping(found: Data) -> dict[str, Data]:
    """Return a value that is a mapping."""
    if not isinstance(found, dict):
        raise TypeError(f"not a mapping: {found!r}")
    return found


def _option(name: str, option: Option, text: str) -> str:
    """Return an option of a phrase; an empty text for a flag that says no."""
    match option.kind:
        case "flag" if text.startswith("${{"):
            return f"{name} {text}"
        case "flag":
            return name if text.lower() in YES else ""
        case "string":
            return f"{name} {dsl_string(text)}"
        case "platform":
            return _on(text)
        case _:
            return f"{name} {dsl_word(text)}"


def _source(item: Data, source: Source) -> str:
    """Return what stands after the word of a source."""
    if isinstance(item, str):
        return dsl_string(item)
    fields = as_mapping(item)
    name = next(name for name in (source.part, *source.names) if name in fields)
    text = as_text(fields[name])
    is_said = len(source.names) > 1 and name != name_of_string(text, source.names)
    secret = f" secret {dsl_word(as_text(fields['secret']))}" if "secret" in fields else ""
    return f"{f'{name} ' * is_said}{dsl_string(text)}{secret}{_selector(fields)}"


def _selector(fields: Mapping[str, Data]) -> str:
    return f" {_on(as_text(fields['on']))}" if "on" in fields else ""


def _on(platform: str) -> str:
    """Return `on` and a platform; a word that could be an option stands in quotes."""
    is_word = "/" in platform or "${{" in platform
    return f"on {dsl_word(platform) if is_word else dsl_string(platform)}"


def _is_simple(text: str) -> bool:
    return _SIMPLE_ENTRY.fullmatch(text) is not None


def _stays(key: str, written: str, found: Data) -> bool:
    """Return whether a statement means a value, without quotes around what it says."""
    draft = read(SourceText(name="<text>", text=f"{written}\n"))
    return not draft.problems and draft.document.data == {key: found}
