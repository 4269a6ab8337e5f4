"""The text of a Dockerfile as BuildKit's parser splits it: directives, instructions, here-documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile

from envc.diagnostics import Diagnostic
from envc.dockerfile.word import WordError, expand, split
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Source, Span

__all__ = ["Instruction", "Text", "Word", "parse_text", "read_json"]

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = frozenset({"check", "escape", "syntax"})
_CONTINUED = re.compile(r"(?:(?<=[^\\])|^)\\[ \t]*$")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)$")
_TAKES_HEREDOC = frozenset({"ADD", "COPY", "RUN"})


@frozen
class Word:
    """A word of an instruction: its text, as it is written, and where it stands in the source."""

    text: str
    start: int
    end: int


@frozen
class Instruction:
    """An instruction.

    Attributes:
        name: In capital letters.
        words: What follows its name, line continuations and comments taken out; a JSON array is
            words, too, as it is written.
        heredocs: The names of its here-documents, in order.
        span: All its lines, without the last line end.
        name_end: Where its name ends in the source.
    """

    name: str
    words: tuple[Word, ...]
    heredocs: tuple[str, ...]
    span: Span
    name_end: int

    @property
    def flags(self) -> tuple[Word, ...]:
        """The options before its arguments, such as `--from=build`."""
        return self.words[: len(self.words) - len(self.arguments)]

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words after its options."""
        return _after_flags(self.words)

    def flag(self, name: str) -> str | None:
        """Return the value of an option, or None where it is not given."""
        start = f"--{name}="
        found = [word.text for word in self.flags if word.text.startswith(start)]
        return found[-1].removeprefix(start) if found else None


@frozen
class Text:
    """A Dockerfile; `directives` are those at its head, by name, with the place of each."""

    source: Source
    directives: Mapping[str, tuple[str, Span]]
    instructions: tuple[Instruction, ...]


def parse_text(source: Source) -> Text:
    """Return the instructions of a Dockerfile.

    Args:
        source: Its line ends are line feeds.

    Raises:
        InputError: It cannot be read (E386).
    """
    lines = _Lines(source)
    directives = _read_directives(source, lines)
    return Text(
        source=source,
        directives=directives,
        instructions=tuple(_read_instructions(source, lines)),
    )


class _Lines:
    """The lines of a text, and where each starts."""

    def __init__(self, source: Source) -> None:
        self.texts = source.text.split("\n")
        self.starts = []
        place = 0
        for line in self.texts:
            self.starts.append(place)
            place += len(line) + 1
        if self.texts[0].startswith("\ufeff"):
            self.texts[0] = self.texts[0][1:]
            self.starts[0] = 1

    def __len__(self) -> int:
        return len(self.texts)

    def says_nothing(self, number: int) -> bool:
        line = self.texts[number].strip()
        return not line or line.startswith("#")


def _read_directives(source: Source, lines: _Lines) -> dict[str, tuple[str, Span]]:
    found: dict[str, tuple[str, Span]] = {}
    for number, line in enumerate(lines.texts):
        match = _DIRECTIVE.match(line)
        if match is None:
            break
        name = match[1].lower()
        if name not in _DIRECTIVES:
            continue
        span = source.span(lines.starts[number], lines.starts[number] + len(line))
        if name in found:
            raise _refuse(span, f"the directive `{name}` is there twice", "keep one of them")
        found[name] = (match[2], span)
    return found


def _read_instructions(source: Source, lines: _Lines) -> Iterator[Instruction]:
    number = 0
    while number < len(lines):
        if lines.says_nothing(number):
            number += 1
            continue
        first = number
        joined, offsets, number = _join(lines, number)
        words = _words(joined, offsets)
        name = words[0].text.upper()
        heredocs = tuple(_find_heredocs(name, words[1:]))
        for chomps, heredoc in heredocs:
            number = _skip_heredoc(source, lines, number, (chomps, heredoc), first)
        end = lines.starts[number - 1] + len(lines.texts[number - 1])
        yield Instruction(
            name=name,
            words=words[1:],
            heredocs=tuple(heredoc for _, heredoc in heredocs),
            span=source.span(lines.starts[first], end),
            name_end=words[0].end,
        )


def _join(lines: _Lines, number: int) -> tuple[str, list[int], int]:
    """Return an instruction as one line, where each character of it stands, and the line after it."""
    joined: list[str] = []
    offsets: list[int] = []
    while True:
        line, start = lines.texts[number], lines.starts[number]
        content = _CONTINUED.sub("", line)
        joined.append(content)
        offsets.extend(range(start, start + len(content)))
        number += 1
        if content == line:
            break
        while number < len(lines) and lines.says_nothing(number):
            number += 1
        if number == len(lines):
            break
    return "".join(joined), offsets, number


def _words(joined: str, offsets: list[int]) -> tuple[Word, ...]:
    return tuple(
        Word(text=joined[start:end], start=offsets[start], end=offsets[end - 1] + 1)
        for start, end in split(joined)
    )


def _after_flags(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(dropwhile(lambda word: word.text.startswith("--"), words))


def _find_heredocs(name: str, words: tuple[Word, ...]) -> Iterator[tuple[bool, str]]:
    """Yield, of each here-document, whether its end may be indented by tabs, and its name."""
    if name == "ONBUILD" and words:
        name, words = words[0].text.upper(), words[1:]
    if name not in _TAKES_HEREDOC or read_json(_after_flags(words)) is not None:
        return
    for word in words:
        if (found := _HEREDOC.match(word.text)) is not None:
            try:
                yield bool(found[1]), expand(found[2], lambda _: None)
            except WordError:
                continue


def read_json(arguments: Sequence[Word]) -> list[str] | None:
    """Return the strings of arguments that are a JSON array of them; None of others.

    Those that only start like one are words, as `[ab].txt` is.
    """
    try:
        data = json.loads(" ".join(word.text for word in arguments))
    except ValueError:
        return None
    is_list = isinstance(data, list) and all(isinstance(one, str) for one in data)
    return data if is_list else None


def _skip_heredoc(
    source: Source, lines: _Lines, number: int, heredoc: tuple[bool, str], first: int
) -> int:
    """Return the line after a here-document."""
    chomps, name = heredoc
    while number < len(lines):
        line = lines.texts[number].lstrip("\t") if chomps else lines.texts[number]
        number += 1
        if line == name:
            return number
    span = source.line_span(first + 1)
    raise _refuse(span, f"the here-document `{name}` has no end", f"end it with the line `{name}`")


def _refuse(span: Span, message: str, hint: str) -> InputError:
    return InputError([Diagnostic.at(span, "E386", message, hint=hint)])
