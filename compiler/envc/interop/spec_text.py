"""What an importer found becomes a spec that is right: what the language refuses is left out and said."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import PurePath

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.interop.address import hide_credentials
from envc.interop.gathered import Gathered, Item, Remark
from envc.interop.repeated import join_repeated
from envc.source import Source, Span
from envc.spec.load import load_draft
from envc.syntax import Form, read
from envc.syntax.document import Data, Document, Path
from envc.syntax.notes import Notes
from envc.syntax.print_dsl import print_dsl
from envc.syntax.print_yaml import print_yaml

__all__ = ["SpecText", "write_spec"]

_ORDER = (
    "environment",
    "base",
    "platforms",
    "python",
    "cuda",
    "virtual-packages",
    "channels",
    "channel-priority",
    "exclude-newer",
    "conda",
    "distributions",
    "system",
    "pip",
    "variables",
)
_BLOCKS = {
    "conda": ("packages", "constraints"),
    "system": ("packages",),
    "pip": (
        "indexes",
        "find-links",
        "packages",
        "wheels",
        "sources",
        "sdists",
        "constraints",
        "overrides",
    ),
}
_COMMENT = 96


@frozen
class SpecText:
    """A spec that is right.

    Attributes:
        text: With a comment at its head that says where it is from, and what is not in it.
        document: The same without that comment, in YAML.
        remarks: What is not in it, or not as it was.
    """

    text: str
    document: Document
    remarks: tuple[Remark, ...]


def write_spec(gathered: Gathered, origin: str, form: Form) -> SpecText:
    """Return the spec that says what was found, as far as the language can.

    Args:
        origin: The imported file, as its source is called.
        form: The form of the text.

    """
    gathered.settle()
    items, remarks = join_repeated(gathered.items), list(gathered.remarks)
    while True:
        data, places = _assemble(items)
        document = _read(data)
        found = _find_wrong(document)
        if not found:
            break
        blamed = {id(item): (item, why) for why in found for item in _blame(document, places, why)}
        if not blamed:
            raise RuntimeError(f"{origin} became a wrong spec: {found[0].message}")
        items = [item for item in items if id(item) not in blamed]
        remarks += [_say_why(item, why) for item, why in blamed.values()]
    body = _print(_escape(data), form)
    head = _head(origin, remarks)
    return SpecText(text=head + body, document=document, remarks=tuple(remarks))


def _assemble(items: Sequence[Item]) -> tuple[dict[str, Data], dict[Path, Item]]:
    """Return the spec's data, and which item gave each value of it."""
    data: dict[str, Data] = {}
    places: dict[Path, Item] = {}
    for key in _ORDER:
        own = [item for item in items if item.path[0] == key]
        if not own:
            continue
        inner = _BLOCKS.get(key, ())
        is_plain = bool(inner) and all(item.path[1] == "packages" for item in own)
        own.sort(key=lambda item: inner.index(item.path[1]) if inner else 0)
        for item in own:
            path: Path = (key,) if is_plain else item.path
            places[_place(data, path, item)] = item
    return data, places


def _place(data: dict[str, Data], path: Path, item: Item) -> Path:
    *above, last = path
    inside: dict[str, Data] = data
    for key in above:
        found = inside.setdefault(str(key), {})
        inside = found if isinstance(found, dict) else {}
    if not item.is_listed:
        inside[str(last)] = item.value
        return path
    listed = inside.setdefault(str(last), [])
    if not isinstance(listed, list):
        raise TypeError(f"{path} is no list")
    listed.append(item.value)
    return (*path, len(listed) - 1)


def _read(data: dict[str, Data]) -> Document:
    text = _print(data, "yaml")
    return read(Source(name="spec.yaml", text=text), form="yaml").document


def _print(data: dict[str, Data], form: Form) -> str:
    empty = Document(source=Source(name="", text=""), data={}, spans={}, key_spans={})
    notes = Notes(empty, (), indented=False)
    return (print_yaml if form == "yaml" else print_dsl)(data, notes)


def _find_wrong(document: Document) -> tuple[Diagnostic, ...]:
    draft = read(document.source, form="yaml")
    try:
        load_draft(draft)
    except InputError as error:
        return error.diagnostics
    return ()


def _blame(document: Document, places: dict[Path, Item], problem: Diagnostic) -> list[Item]:
    """Return the items that a problem is about: the one that it is in, else those that are in it."""
    for label in problem.labels:
        spans = [
            (path, span)
            for path in places
            for span in (document.spans.get(path), document.key_spans.get(path))
            if span is not None
        ]
        around = [(span.end - span.start, path) for path, span in spans if _is_in(label.span, span)]
        if around:
            return [places[min(around, key=lambda pair: pair[0])[1]]]
        blocks = [path for path, span in document.key_spans.items() if span == label.span]
        inside = [
            path
            for path, span in spans
            if _is_in(span, label.span) or any(path[: len(one)] == one for one in blocks)
        ]
        found = {id(places[path]): places[path] for path in inside if path != ("environment",)}
        if found:
            return list(found.values())
    return []


def _is_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _say_why(item: Item, problem: Diagnostic) -> Remark:
    text = hide_credentials(" ".join(item.text.split()))
    return Remark(
        message=f"`{text}` is left out: {hide_credentials(problem.message)}",
        span=item.span,
        hint=hide_credentials(problem.hint),
    )


def _escape(data: dict[str, Data]) -> dict[str, Data]:
    """Return data in which `${{` is text, as it was in the foreign file, and no parameter."""

    def escape(value: Data) -> Data:
        match value:
            case str():
                return value.replace("${{", "$${{")
            case list():
                return [escape(item) for item in value]
            case dict():
                return {key: escape(item) for key, item in value.items()}

    return {key: escape(value) for key, value in data.items()}


def _head(origin: str, remarks: Sequence[Remark]) -> str:
    lines = [f"# Imported from {_one_line(PurePath(origin).name)} by envc."]
    if remarks:
        lines.append("# Not as it was there:")
    for remark in remarks:
        words = _one_line(_where(remark, origin) + remark.message)
        wrapped = textwrap.wrap(words, _COMMENT, break_long_words=False, break_on_hyphens=False)
        first, *rest = wrapped
        lines += [f"# - {first}", *(f"#   {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _where(remark: Remark, origin: str) -> str:
    """Return the line that a remark is about, with its file where that is not the imported one."""
    if remark.span is None:
        return ""
    name = remark.span.source.name
    file = f"{PurePath(os.path.relpath(name, PurePath(origin).parent)).as_posix()}, "
    return f"{file if name != origin else ''}line {remark.span.position.line}: "


def _one_line(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())
