"""Statements with a string or two and options in; the items of the lists that they add to out."""

from __future__ import annotations

from dataclasses import replace

from envc.source import Span
from envc.syntax.document import Path
from envc.syntax.form import Listed, Phrase, Step, Steps
from envc.syntax.phrase import Spoken, put_field, read_phrase
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Line, Word

__all__ = ["read_before", "read_listed", "read_step"]


def read_step(path: Path, call: Call, form: Step, reading: Reading) -> None:
    """Add a statement to the list of steps at a path, in the shape of the YAML form."""
    if call.block is not None or call.more:
        extra = reading.span(call.block) if call.block else reading.span(call.more[0])
        message = f"expected the end of the line after `{call.keyword}` and its strings"
        reading.report(extra, message, f"write it as `{call.example}`")
        return
    spoken = read_phrase(call, form.phrase, reading)
    if spoken is None:
        return
    builder = reading.builder
    span = reading.source.span(call.key.start, call.end)
    _open_list(path, span, call.key, reading)
    item = builder.append(path, {}, span)
    _put_spoken((*item, call.keyword), spoken, form.phrase, call.key, reading)
    if spoken.selector is not None:
        selector = spoken.selector
        builder.put((*item, "on"), selector.platform, selector.span, key=selector.key)


def read_before(path: Path, call: Call, form: Steps, reading: Reading) -> None:
    """Put the steps of a block at a path: `before packages { run "make" }`."""
    word = call.items[0] if call.items else None
    if not isinstance(word, Word) or reading.text(word) != form.after:
        reading.expect(f"`{form.after}`", call, reading.span(word) if word else None)
        return
    key = reading.source.span(call.key.start, word.end)
    block = reading.only_block(replace(call, keyword=key.text, key=key, items=call.items[1:]))
    if block is None or not reading.put(path, [], block, key):
        return
    for line in block.lines:
        first = reading.span(line.items[0])
        step = form.words.get(first.text)
        if step is None or not isinstance(line.items[0], Word):
            words = " or ".join(f"`{word}`" for word in form.words)
            message = f"expected {words} in `{key.text}`, not `{first.text}`"
            reading.report(first, message, f"write it as `{form.example}`")
            continue
        inner = Call(
            keyword=first.text,
            key=first,
            items=line.items[1:],
            block=line.block,
            more=(),
            end=line.end,
            example=step.example,
        )
        read_step(path, inner, step, reading)


def read_listed(path: Path, call: Call, form: Listed, reading: Reading) -> None:
    """Add what a statement lists to the list at a path."""
    first = Line(start=call.key.end, end=call.key.end, items=call.items, block=call.block)
    for line in (first, *call.more):
        if line.block is not None:
            message = f"expected the end of the line after `{call.keyword}` and its strings"
            reading.report(reading.span(line.block), message, f"write it as `{call.example}`")
            continue
        end = line.items[-1].end if line.items else line.end
        part = replace(call, items=line.items, block=None, more=(), end=end)
        spoken = read_phrase(part, form.phrase, reading)
        if spoken is not None:
            _open_list(path, spoken.span, call.key, reading)
            _append_spoken(path, spoken, form.phrase, reading)


def _put_spoken(path: Path, spoken: Spoken, phrase: Phrase, key: Span, reading: Reading) -> None:
    text = _sole_text(spoken, phrase)
    reading.builder.put(path, {} if text is None else text, spoken.span, key=key)
    if text is None:
        for field in spoken.fields:
            put_field(path, field, reading)


def _append_spoken(path: Path, spoken: Spoken, phrase: Phrase, reading: Reading) -> None:
    text = _sole_text(spoken, phrase)
    item = reading.builder.append(path, {} if text is None else text, spoken.span)
    if text is None:
        for field in spoken.fields:
            put_field(item, field, reading)


def _sole_text(spoken: Spoken, phrase: Phrase) -> str | None:
    """Return the text that stands for a phrase without options; None where it is a mapping."""
    first = spoken.fields[0].value
    is_sole = len(phrase.names) == 1 and len(spoken.fields) == 1
    return first if is_sole and isinstance(first, str) else None


def _open_list(path: Path, span: Span, key: Span, reading: Reading) -> None:
    if reading.builder.has(path):
        reading.builder.stretch(path, span.end)
    else:
        reading.builder.put(path, [], span, key=key)
