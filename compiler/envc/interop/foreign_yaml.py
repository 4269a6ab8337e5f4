"""A YAML file of another tool as plain data: every value is its text, and has its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Source, Span
from envc.syntax.document import Data, Path

__all__ = ["ForeignYaml", "read_yaml"]

_DEPTH_MAX = 50
_VALUES_MAX = 500_000
_NULL = "tag:yaml.org,2002:null"


@frozen
class ForeignYaml:
    """What a file says.

    Attributes:
        data: Mappings, lists and texts; what is empty is an empty text.
        spans: Where each value stands, by its path.
        key_spans: Where the key of each value in a mapping stands, by the value's path.
    """

    source: Source
    data: Data
    spans: dict[Path, Span]
    key_spans: dict[Path, Span]

    def span(self, *path: str | int) -> Span | None:
        """Return where a value stands."""
        return self.spans.get(path)

    def key_span(self, *path: str | int) -> Span | None:
        """Return where the key of a value stands."""
        return self.key_spans.get(path)

    def comment(self, *path: str | int) -> str:
        """Return the comment beside a value, without its `#`; may be empty."""
        span = self.spans.get(path)
        if span is None:
            return ""
        end = self.source.line_span(self.source.position(span.end).line).end
        rest = self.source.text[span.end : end].strip()
        return rest[1:].strip() if rest.startswith("#") else ""


def read_yaml(source: Source) -> ForeignYaml:
    """Return what a YAML file says.

    Anchors are followed; tags mean nothing.

    Raises:
        InputError: It is not YAML, where a key stands in a mapping once (E431).
    """
    import yaml

    try:
        node = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError([_explain(source, error)]) from error
    found = ForeignYaml(source=source, data={}, spans={}, key_spans={})
    return replace(found, data=_convert(node, (), found)) if node is not None else found


def _convert(node: Any, path: Path, found: ForeignYaml) -> Data:
    """Return what a node says, and note in `found` where it stands."""
    import yaml

    if len(path) > _DEPTH_MAX or len(found.spans) > _VALUES_MAX:
        what = "is nested too deeply" if len(path) > _DEPTH_MAX else "has too many values"
        message = f"`{found.source.name}` {what}"
        raise InputError([Diagnostic.at(_span(node, found.source), "E431", message)])
    found.spans[path] = _span(node, found.source)
    match node:
        case yaml.MappingNode():
            values: dict[str, Data] = {}
            for key, value in node.value:
                here = (*path, _key(key))
                if here in found.key_spans:
                    raise InputError([_explain_twice(found.key_spans[here], key, found.source)])
                found.key_spans[here] = _span(key, found.source)
                values[_key(key)] = _convert(value, here, found)
            return values
        case yaml.SequenceNode():
            return [
                _convert(item, (*path, number), found) for number, item in enumerate(node.value)
            ]
        case _:
            return "" if node.tag == _NULL else str(node.value)


def _key(node: Any) -> str:
    return node.value if isinstance(node.value, str) else str(node.start_mark.index)


def _span(node: Any, source: Source) -> Span:
    return source.span(node.start_mark.index, node.end_mark.index)


def _explain_twice(first: Span, key: Any, source: Source) -> Diagnostic:
    """Return that a key is there again: conda refuses it, others take the first or the last."""
    return Diagnostic(
        code="E431",
        message=f"`{source.name}` has the key `{_key(key)}` twice",
        labels=(Label(span=_span(key, source)), Label(span=first, text="the first one")),
        hint="make one of the two: other tools ignore one or refuse the file",
    )


def _explain(source: Source, error: Exception) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or "it cannot be read").partition("\n")[0]
    span = source.span(mark.index, mark.index + 1) if mark is not None else None
    message = f"`{source.name}` is not YAML: {reason[:1].lower()}{reason[1:]}"
    return Diagnostic.at(span, "E431", message, hint="check the file with the tool that it is for")
