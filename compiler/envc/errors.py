"""What stops a verb: diagnostics for the user, wrapped in one exception per exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from envc.diagnostics import Diagnostic, draw

__all__ = ["DriftError", "EnvcError", "InputError", "ToolError", "UsageError"]


class EnvcError(Exception):
    """One or more problems, found together; the exit code says of which kind.

    Attributes:
        diagnostics: At least one, in the order of their places.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return draw(self.diagnostics)


class InputError(EnvcError):
    """The spec or the lock is wrong, or asks for what cannot be had."""

    exit_code = 1


class UsageError(EnvcError):
    """The command line is wrong."""

    exit_code = 2


class ToolError(EnvcError):
    """A program, the network, a registry or the engine failed; the spec may well be right."""

    exit_code = 3


class DriftError(EnvcError):
    """Something is not what a `--check` says it should be."""

    exit_code = 4
