"""A document in; what stands where the language has no place for it, in either form, out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.source import Span
from envc.syntax.document import Data, Document, Path
from envc.syntax.excerpt import excerpt
from envc.syntax.form import Entries
from envc.syntax.words import STATEMENTS

__all__ = ["find_misplaced"]

_PARAMETER = re.compile(r"\$\{\{.*?(?:\}\}|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"(?<=\s)on(?:\s+(\S.*))?\Z", re.DOTALL)
_BLOCKS = frozenset(word for word, form in STATEMENTS.items() if isinstance(form, Entries))
_PACKAGES = frozenset({*((word,) for word in _BLOCKS), *((word, "packages") for word in _BLOCKS)})
_OTHERS = frozenset((word, key) for word in _BLOCKS for key in ("constraints", "overrides"))


def find_misplaced(document: Document) -> Iterator[tuple[Path, Diagnostic]]:
    """Yield every parameter in a name (E111) and every `on` in a package's text (E112).

    Each comes with the path of its value.
    """
    for path, span in document.key_spans.items():
        if "${{" in str(path[-1]):
            yield path, _refuse_parameter(span)
    for path in document.spans:
        if path[:1] and path[0] in _BLOCKS and isinstance(path[-1], int):
            yield from _find_selector(document, path)


def _refuse_parameter(key: Span) -> Diagnostic:
    found = _PARAMETER.search(key.text)
    return Diagnostic.at(
        key.within(*found.span()) if found else key,
        "E111",
        "a name cannot hold a parameter",
        hint="write the name itself; `${{ name }}` may stand in values",
    )


def _find_selector(document: Document, path: Path) -> Iterator[tuple[Path, Diagnostic]]:
    value: Data | None = document.data_at(path)
    if path[:-1] in _PACKAGES and isinstance(value, dict):
        path = (*path, "package")
        value = value.get("package")
    elif path[:-1] not in _PACKAGES | _OTHERS:
        return
    found = _SELECTOR.search(value) if isinstance(value, str) else None
    if found is None or not isinstance(value, str):
        return
    name, platform = excerpt(value[: found.start()]), excerpt(found[1] or "linux/amd64")
    hint = (
        f"write it as `{{package: {name}, on: {platform}}}`; "
        "in envc's own language `on` stands outside of the quotes"
    )
    if path[:-1] in _OTHERS:
        hint = "remove it: constraints and overrides are for all platforms"
    message = "`on` is no part of a package's own text"
    span = document.part(path, *found.span())
    yield path, Diagnostic.at(span, "E112", message, hint=hint)
