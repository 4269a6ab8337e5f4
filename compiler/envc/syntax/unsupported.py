"""What the language will have and no stage honours yet: an error in both forms, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.syntax.document import Data, Document, Path

__all__ = ["check_supported"]

_PARAMETER = re.compile(r"\$\{\{.*?(?:\}\}|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"(?<=\s)on\s+\S.*\Z", re.DOTALL)
_PACKAGE_LISTS: frozenset[Path] = frozenset(
    {("conda",), ("conda", "packages"), ("pip",), ("pip", "packages"), ("system",)}
)
_NO_PARAMETERS = "write the value itself"
_NO_SELECTORS = "keep one spec per platform until then"


def check_supported(document: Document) -> Iterator[tuple[Path, Diagnostic]]:
    """Yield every `${{ name }}` (E111) and every `on` selector (E112), with the path of its value."""
    for path, span in document.key_spans.items():
        if "${{" in str(path[-1]):
            message = "parameters are not supported yet"
            yield path, Diagnostic.at(span, "E111", message, hint=_NO_PARAMETERS)
    for path in document.spans:
        value = document.data_at(path)
        if isinstance(value, str) and "${{" in value:
            yield from ((path, found) for found in _find_parameters(document, path, value))
        if path[:-1] in _PACKAGE_LISTS and isinstance(path[-1], int) and value is not None:
            yield from ((path, found) for found in _find_selector(document, path, value))


def _find_parameters(document: Document, path: Path, value: str) -> Iterator[Diagnostic]:
    for match in _PARAMETER.finditer(value):
        yield Diagnostic.at(
            document.part(path, *match.span()),
            "E111",
            "parameters are not supported yet",
            hint=_NO_PARAMETERS,
        )


def _find_selector(document: Document, path: Path, value: Data) -> Iterator[Diagnostic]:
    message = "a package for some platforms only is not supported yet"
    if isinstance(value, dict) and "on" in value:
        yield Diagnostic.at(document.key_span((*path, "on")), "E112", message, hint=_NO_SELECTORS)
    match = _SELECTOR.search(value) if isinstance(value, str) else None
    if match:
        span = document.part(path, *match.span())
        yield Diagnostic.at(span, "E112", message, hint=_NO_SELECTORS)
