"""One reading of a text in YAML: its events go into a builder, up to where its structure breaks.

YAML's traps are closed: a plain scalar is the text that is written (`3.10` stays `3.10`, `no` stays
`no`), a key stands once, and there are no tags, anchors, aliases or merge keys. Events are read, not
nodes, so that depth is bounded and nothing is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from envc.diagnostics import Diagnostic
from envc.source import BYTE_ORDER_MARK, Span
from envc.syntax.builder import DEPTH_LIMIT, Builder, visible
from envc.syntax.document import Data, Path
from envc.syntax.excerpt import excerpt
from envc.syntax.quote import find_curly_quote, find_stray_quote, refuse_curly_quote
from envc.syntax.yaml_error import missing_colon
from envc.syntax.yaml_event import as_node, events, is_null
from envc.syntax.yaml_recovery import mask
from envc.syntax.yaml_text import find_misread

__all__ = ["Composer", "MisreadError", "TooDeepError"]

_ONE_DOCUMENT = "keep one spec in a file"
_WRITE_OUT = "write the value out wherever it is needed"
_EMPTY_ITEM = "write a value, or remove the item"
_EMPTY_KEY = "write a value, or remove the key; an empty list is `[]`, an empty mapping `{}`"
_KEY = "write a name before the `:`"
_KEY_LINE = re.compile(r"^[A-Za-z_-]+:(?:[ \t\r]|$)", re.MULTILINE)
_STEPS = frozenset({("steps",), ("before-packages",)})


class MisreadError(Exception):
    """Something is YAML and cannot be meant; the reading starts again without it."""

    def __init__(self, problem: Diagnostic, place: Span) -> None:
        self.problem = problem
        self.place = place
        super().__init__(problem)


class TooDeepError(Exception):
    """Collections nest deeper than the limit; it is reported already."""


class Composer:
    """Reads events into a builder, once.

    Attributes:
        source: The whole text, as the user wrote it.
        offset: Where the text that YAML reads starts: after a byte order mark.
        text: That text, with blanks for what earlier readings left out.
        has_root: Whether the text is a mapping as far as it was read; where it is none, what breaks
            after that is not worth a word.
    """

    def __init__(self, builder: Builder, lost: Sequence[Span] = ()) -> None:
        """Take the builder of a source, and what of the source is left out."""
        text = builder.source.text
        self.offset = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
        self._lost = lost
        self.text = mask(text, lost)[self.offset :]
        self._builder = builder
        self.source = builder.source
        self.has_root = True
        self._depth = self._flow_depth = 0
        self._events = events(self.text)

    def read(self) -> None:
        """Read the whole text, which is at most one document.

        Raises:
            MisreadError: Some of it cannot be meant as YAML reads it.
            TooDeepError: It nests too deep.
            yaml.YAMLError: It is not YAML.
        """
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._report_word(event, "E121", "a second document starts here", _ONE_DOCUMENT)
                    return
            elif isinstance(event, yaml.NodeEvent):
                self._read_root(event)

    def _read_root(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.MappingStartEvent):
            self._check_properties(event)
            end = self._read_mapping(event, ())
            self._builder.place((), self.source.span(self._start(event), end))
            return
        if isinstance(event, yaml.ScalarEvent) and is_null(event) and not event.tag:
            return
        start = self._start(event)
        if isinstance(event, yaml.ScalarEvent) and not event.style and _KEY_LINE.search(self.text):
            line = self.source.line_span(self.source.position(start).line)
            raise MisreadError(missing_colon(self.source, start), line)
        self.has_root = False
        try:
            span = self.source.span(start, self._skip(event))
        except yaml.YAMLError:
            span = self.source.span(start, start + 1)
        hint = "write `key: value` lines, as in `environment: pets`"
        if re.match(r"[a-z]+[ \t]+[\"\w]", span.text):
            hint += "; envc's own language stands in a file whose name ends in `.envc`"
        self._builder.report(span, "E122", "a spec is a mapping of keys to values", hint=hint)

    def _read_value(self, event: yaml.NodeEvent, path: Path, key: Span | None) -> int:
        """Put a value and return where it ends; a list's item has no key."""
        self._check_properties(event)
        match event:
            case yaml.ScalarEvent():
                span = self._span_of_scalar(event)
                if not event.style and self._check_plain(span):
                    self._check_lines(span, path, key)
                if is_null(event):
                    self._report_null(span, key)
                else:
                    self._put(path, event.value, span, key)
                return span.end
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                start = self._start(event)
                place = self.source.span(start, start)
                target = self._put(path, {} if is_mapping else [], place, key)
                if target is None:
                    return self._skip(event)
                read = self._read_mapping if is_mapping else self._read_sequence
                end = read(event, target)
                self._builder.stretch(target, end)
                return end
            case _:
                return self._skip(event)

    def _put(self, path: Path, value: Data, span: Span, key: Span | None) -> Path | None:
        """Put or append a value, and return its path; None where its key was taken."""
        if key is None:
            return self._builder.append(path, value, span)
        return path if self._builder.put(path, value, span, key=key) else None

    def _read_mapping(self, event: yaml.NodeEvent, path: Path) -> int:
        self._enter(event)
        end = self._start(event)
        for key in self._events:
            if isinstance(key, yaml.MappingEndEvent):
                return self._leave(event, key, end)
            name = self._read_key(as_node(key))
            end = self._end(key)
            value = as_node(next(self._events))
            if name is None:
                end = max(end, self._skip(value))
            else:
                end = max(end, self._read_value(value, (*path, name.value), self._span(name)))
        return end

    def _read_sequence(self, event: yaml.NodeEvent, path: Path) -> int:
        self._enter(event)
        end = self._start(event)
        for item in self._events:
            if isinstance(item, yaml.SequenceEndEvent):
                return self._leave(event, item, end)
            end = max(end, self._read_value(as_node(item), path, None))
        return end

    def _read_key(self, event: yaml.NodeEvent) -> yaml.ScalarEvent | None:
        """Return a key, or report why it is none and pass over it."""
        self._check_properties(event)
        if isinstance(event, yaml.AliasEvent):
            return None
        if not isinstance(event, yaml.ScalarEvent):
            span = self.source.span(self._start(event), self._skip(event))
            self._builder.report(span, "E125", "a key is text, not a list or a mapping", hint=_KEY)
            return None
        span = self._span_of_scalar(event)
        if is_null(event):
            self._builder.report(span, "E125", "a key is missing here", hint=_KEY)
            return None
        if not event.style and "\uff1a" in event.value:
            line = self.source.line_span(span.position.line)
            raise MisreadError(missing_colon(self.source, span.start), line)
        if not event.style and re.match(r"-[\sA-Za-z]", event.value):
            hint = f"write an item of a list as `- {event.value[1:].strip()}`"
            dash = Diagnostic.at(span.within(0, 1), "E120", "expected a space after `-`", hint=hint)
            raise MisreadError(dash, span.within(0, 0))
        if not event.style and not self._check_plain(span):
            event.value = visible(event.value)
        if event.value == "<<" and not event.style:
            self._builder.report(span, "E124", "merge keys are not allowed", hint=_WRITE_OUT)
            return None
        return event

    def _check_properties(self, event: yaml.NodeEvent) -> None:
        """Report a tag, an anchor or an alias."""
        if isinstance(event, yaml.AliasEvent):
            span = self._span(event)
            self._builder.report(span, "E124", "aliases are not allowed", hint=_WRITE_OUT)
            return
        if event.anchor is not None:
            self._report_property(event, "&", "E124", "anchors are not allowed", _WRITE_OUT)
        if getattr(event, "tag", None) is not None:
            hint = "remove it: every value is text, a list or a mapping by its form"
            self._report_property(event, "!", "E123", "tags are not allowed", hint)

    def _report_property(
        self, event: yaml.Event, mark: str, code: str, message: str, hint: str
    ) -> None:
        """Report the word before a value that starts with a mark."""
        start = self._start(event)
        words = self.source.text[start : start + 1000].split(maxsplit=2)[:2]
        word = next((word for word in words if word.startswith(mark)), mark)
        place = self.source.text.find(word, start)
        self._builder.report(self.source.span(place, place + len(word)), code, message, hint=hint)

    def _report_null(self, span: Span, key: Span | None) -> None:
        if not span.text and self._is_lost_after(span.end if key is None else key.end):
            return
        if key is None:
            place = span if span.text else span.source.span(span.start - 1, span.start)
            self._builder.report(place, "E109", "this item of the list is empty", hint=_EMPTY_ITEM)
            return
        place = span if span.text else key
        self._builder.report(place, "E109", f"`{excerpt(key.text)}` has no value", hint=_EMPTY_KEY)

    def _is_lost_after(self, place: int) -> bool:
        """Return whether the value that should stand at a place has been left out."""
        rest = self.text[place - self.offset :]
        following = place + len(rest) - len(rest.lstrip(": \t\r\n"))
        return any(span.start < following and span.end > place for span in self._lost)

    def _report_word(self, event: yaml.Event, code: str, message: str, hint: str) -> None:
        start = self._start(event)
        length = len(self.source.text[start : start + 100].split(maxsplit=1)[0])
        self._builder.report(self.source.span(start, start + length), code, message, hint=hint)

    def _enter(self, event: yaml.Event) -> None:
        self._depth += 1
        self._flow_depth += bool(getattr(event, "flow_style", False))
        self._check_depth(self._depth, event)

    def _check_depth(self, depth: int, event: yaml.Event) -> None:
        """End the reading where collections nest too deep; libyaml's cost grows with depth, squared."""
        if depth <= DEPTH_LIMIT:
            return
        start = self._start(event)
        self._builder.report(
            self.source.span(start, start + 1),
            "E110",
            f"collections nest more than {DEPTH_LIMIT} deep here",
            hint="no spec needs that; is one never closed?",
        )
        raise TooDeepError

    def _leave(self, start: yaml.NodeEvent, end: yaml.Event, content_end: int) -> int:
        """Return where a collection ends: a block one ends with its last value."""
        self._depth -= 1
        self._flow_depth -= bool(getattr(start, "flow_style", False))
        return self._end(end) if getattr(start, "flow_style", False) else content_end

    def _skip(self, event: yaml.Event) -> int:
        """Pass over a value that has no place, and return where it ends."""
        depth, last = 0, event
        while True:
            depth += isinstance(last, yaml.CollectionStartEvent)
            depth -= isinstance(last, yaml.CollectionEndEvent)
            self._check_depth(self._depth + depth, last)
            if depth <= 0:
                return max(self._end(last), self._start(event))
            last = next(self._events)

    def _span_of_scalar(self, event: yaml.ScalarEvent) -> Span:
        """Return where a scalar stands; a block scalar ends with its last line that has text."""
        span = self._span(event)
        if event.style in ("|", ">"):
            return span.within(0, len(span.text.rstrip()))
        return span

    def _check_plain(self, span: Span) -> bool:
        """Report what text without quotes cannot be meant to have: E106, E113, E120.

        Returns:
            Whether there is nothing of it.
        """
        text = span.text
        if found := find_curly_quote(text):
            place = span.within(*found)
            code, message, hint = refuse_curly_quote(place.text)
            self._report_in(span, place, code, message, hint)
        elif found := find_stray_quote(text):
            message = f"this text ends with a quote that nothing opens: `{excerpt(text)}`"
            hint = "write the quote at its start, too, or put all of it into quotes"
            self._report_in(span, span.within(*found), "E120", message, hint)
        else:
            return self._builder.check_plain(span)
        return False

    def _report_in(self, whole: Span, place: Span, code: str, message: str, hint: str) -> None:
        self._builder.lose(whole)
        self._builder.report(place, code, message, hint=hint)

    def _check_lines(self, span: Span, path: Path, key: Span | None) -> None:
        """Start again without a line that was meant as an item of a list (E120)."""
        found = None
        if not self._flow_depth:
            found = find_misread(
                span.text,
                is_item=key is None,
                is_first=not self._builder.has((*path, 0)),
                is_command=path[:1] in _STEPS or path[:2] == ("check", "run"),
            )
        if found is None:
            return
        place = span.within(found.start, found.end)
        shown = span.within(found.start, found.start + found.marked)
        problem = Diagnostic.at(shown, "E120", found.message, hint=found.hint)
        line_start = self.source.line_start(place.start)
        if not self.source.text[line_start : place.start].strip(" \t-"):
            place = self.source.span(line_start, place.end)
        raise MisreadError(problem, place)

    def _span(self, event: yaml.Event) -> Span:
        return self.source.span(self._start(event), self._end(event))

    def _start(self, event: yaml.Event) -> int:
        return self.offset + (event.start_mark.index if event.start_mark else 0)

    def _end(self, event: yaml.Event) -> int:
        return self.offset + (event.end_mark.index if event.end_mark else 0)
