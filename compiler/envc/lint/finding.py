"""What a rule finds, and how some of it can be put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.lint.subject import Subject
from envc.syntax.document import Path

__all__ = ["Add", "Finding", "Fix", "Remove", "Replace", "Rule"]


@frozen
class Replace:
    """The characters `start` to `end` of the text at a path become other ones, maybe none."""

    path: Path
    start: int
    end: int
    text: str


@frozen
class Remove:
    """The entry of a list goes."""

    path: Path


@frozen
class Add:
    """A key of the top level is added before another one, with a list of one word."""

    key: str
    word: str
    before: str


Fix: TypeAlias = Replace | Remove | Add


@frozen
class Finding:
    """A warning; `fix` is what anybody would do about it, or None where that is for people to say."""

    warning: Diagnostic
    fix: Fix | None = None


@frozen
class Rule:
    """One thing that is looked for.

    Attributes:
        code: Of its warnings.
        name: What it is about, hyphenated.
        is_sure: Whether what it finds is a mistake for certain: those are told without being asked.
        find: Yields what it finds, in any order.
    """

    code: str
    name: str
    find: Callable[[Subject], Iterator[Finding]]
    is_sure: bool = False
