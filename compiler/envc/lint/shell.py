"""A shell script in; its simple commands with their words and places out, as far as rules need them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envc.frozen import frozen

__all__ = ["Command", "Redirection", "Word", "commands"]

_TOKEN = re.compile(
    r"""
      (?P<blank>(?:[ \t\r]|\\\r?\n)+)
    | (?P<comment>(?<![^\s;&|()])\#[^\n]*)
    | (?P<operator>\n|&&|\|\||;;|\|&|[;&|()])
    | (?P<redirection>[0-9]*(?:<<-?|>>|[<>]&|&>|<>|>\||[<>]))
    | (?P<word>(?:
          '[^']*'
        | "(?:\\.|[^"\\])*"
        | \\.
        | \$\((?:[^()]|\([^()]*\))*\)
        | \$\{[^}]*\}
        | `[^`]*`
        | [^\s;&|()<>'"\\`]
      )+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_BEFORE_PROGRAMS = frozenset(
    {"!", "{", "command", "do", "elif", "else", "env", "exec", "if", "nice", "then", "time"}
    | {"until", "while"}
)


@frozen
class Word:
    """A word: `text` is without quotes; it stands at `start` to `end` of the script."""

    text: str
    start: int
    end: int


@frozen
class Redirection:
    """`>` and the like.

    Attributes:
        sign: Such as `>` or `2>&`.
        target: What it names; None where nothing follows.
        joined: The word that it follows without a blank, or None.
    """

    sign: str
    target: Word | None = None
    joined: Word | None = None


@frozen
class Command:
    """A simple command.

    Attributes:
        assignments: Those before its program, such as `A=b`; all of it where there is no program.
        words: Its program and what that is given, at least one where there are no assignments.
        redirections: In their order.
        before: The operator before it: empty at the start, a line end, `|`, `&&` and so on.
        sudo: The word `sudo` before its program, where no option follows it.
    """

    assignments: tuple[Word, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]
    before: str
    sudo: Word | None = None

    @property
    def program(self) -> str:
        """The name of what runs, without its folder; empty where there are assignments only."""
        return self.words[0].text.rpartition("/")[2] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The texts of the words after the program."""
        return tuple(word.text for word in self.words[1:])

    @property
    def start(self) -> int:
        """Where its first word starts."""
        return (*self.assignments, *self.words)[0].start

    @property
    def end(self) -> int:
        """Where its last word ends."""
        return (*self.assignments, *self.words)[-1].end


def commands(script: str) -> tuple[Command, ...]:
    """Return the simple commands of a script in their order.

    This is no parser of the shell: what it does not understand gives words that no rule looks for.
    The bodies of here documents are left out, and what stands in `$( )` is part of its word.

    >>> [command.arguments for command in commands("cd /app && pip install 'a>1' | tee log")]
    [('/app',), ('install', 'a>1'), ('log',)]
    """
    return tuple(_Reader(script).read())


class _Reader:
    """Reads one script from its start to its end."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._words: list[Word] = []
        self._redirections: list[Redirection] = []
        self._operator = ""
        self._last: Word | None = None
        self._awaits_target = False
        self._here: list[str] = []

    def read(self) -> Iterator[Command]:
        while token := _TOKEN.match(self._script, self._at):
            self._at = token.end()
            match token.lastgroup:
                case "operator":
                    yield from self._finish(token.group())
                case "redirection":
                    self._redirections.append(
                        Redirection(sign=token.group(), joined=self._adjacent(token.start()))
                    )
                    self._awaits_target = True
                case "word":
                    self._add(token)
        yield from self._finish("")

    def _adjacent(self, start: int) -> Word | None:
        return self._last if self._last is not None and self._last.end == start else None

    def _add(self, token: re.Match[str]) -> None:
        text = _QUOTED.sub(lambda part: part[1] or part[2] or part[3] or "", token.group())
        word = Word(text=text, start=token.start(), end=token.end())
        self._last = word
        if not self._awaits_target:
            self._words.append(word)
            return
        self._awaits_target = False
        self._redirections[-1] = replace(self._redirections[-1], target=word)
        if self._redirections[-1].sign.endswith(("<<", "<<-")):
            self._here.append(text)

    def _finish(self, operator: str) -> Iterator[Command]:
        assignments, words = _split(self._words)
        has_sudo = len(words) > 1 and words[0].text == "sudo" and words[1].text[:1] != "-"
        if assignments or words:
            yield Command(
                assignments=assignments,
                words=words[1:] if has_sudo else words,
                redirections=tuple(self._redirections),
                before=self._operator,
                sudo=words[0] if has_sudo else None,
            )
            self._operator = operator
        elif operator not in ("", "\n"):
            self._operator = operator
        self._words, self._redirections = [], []
        self._last, self._awaits_target = None, False
        if operator == "\n":
            self._skip_here_documents()

    def _skip_here_documents(self) -> None:
        for end in self._here:
            body = re.compile(rf"(?:.*\n)*?\t*{re.escape(end)}(?:\n|\Z)")
            found = body.match(self._script, self._at)
            self._at = found.end() if found else len(self._script)
        self._here = []


def _split(words: Sequence[Word]) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Return the assignments before a program, and the program with what it is given."""
    start = 0
    while start < len(words) and words[start].text in _BEFORE_PROGRAMS:
        start += 1
    end = start
    while end < len(words) and _ASSIGNMENT.match(words[end].text):
        end += 1
    return tuple(words[start:end]), tuple(words[end:])
