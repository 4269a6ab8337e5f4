"""What the command line prints: data to stdout, everything else to stderr."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from envc.diagnostics import Diagnostic, draw, to_json
from envc.errors import EnvcError

__all__ = ["Console"]


class Console:
    """Two streams, and how to write to them.

    Attributes:
        out: Data only.
        err: Everything else.
        environment: This process's environment variables.
        has_json: Whether stdout gets one JSON object, which has `ok` and `diagnostics` always.
    """

    def __init__(
        self, out: TextIO, err: TextIO, environment: Mapping[str, str], *, has_json: bool
    ) -> None:
        """Write to these streams; colours are for a terminal that wants them."""
        self.out = out
        self.err = err
        self.environment = environment
        self.has_json = has_json
        self._has_color = _wants_color(err, environment)
        self._warned: list[Diagnostic] = []
        self._has_printed = False

    def print(self, text: str) -> None:
        """Write data."""
        self.out.write(text + "\n")

    def print_json(
        self, data: Mapping[str, Any], diagnostics: Sequence[Diagnostic] = (), *, ok: bool = True
    ) -> None:
        """Write data as one JSON object on one line, with all that `warn` was told."""
        told = [to_json(problem) for problem in (*diagnostics, *self._warned)]
        self._has_printed = True
        self.print(json.dumps({"ok": ok, **data, "diagnostics": told}))

    def note(self, text: str) -> None:
        """Write a line for the reader; never data."""
        self.err.write(text + "\n")
        self.err.flush()

    def show(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Write diagnostics for the reader."""
        if diagnostics:
            self.err.write(draw(diagnostics, color=self._has_color))
            self.err.flush()

    def warn(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Write what is wrong beside what the verb does: for the reader, and with its data later."""
        self._warned += diagnostics
        self.show(diagnostics)

    def stop(self) -> None:
        """Write that somebody has stopped the verb."""
        self.note("interrupted")
        self._end({"interrupted": True})

    def fail(self, error: EnvcError) -> None:
        """Write why the verb stopped: for the reader, and as data where that is asked for."""
        self.show(error.diagnostics)
        if self.err.isatty():
            self.note(f"\n`envc explain {error.diagnostics[0].code}` says more")
        if self.has_json:
            self.print_json({}, error.diagnostics, ok=False)
            self.out.flush()

    def _end(self, data: Mapping[str, Any]) -> None:
        """Write as data that there is none, unless there is some already."""
        if self.has_json and not self._has_printed:
            self.print_json(data, ok=False)
            self.out.flush()

    def crash(self, error: Exception) -> None:
        """Write what escaped: our bug."""
        self.err.write("".join(traceback.format_exception(error)))
        self.note(
            f"\nThis is a bug in envc: {type(error).__name__}. Nothing is wrong with your spec. "
            "Please report it with the lines above."
        )
        self._end({"bug": type(error).__name__})


def _wants_color(stream: TextIO, environment: Mapping[str, str]) -> bool:
    # https://no-color.org: set and not empty.
    if environment.get("NO_COLOR"):
        return False
    return stream.isatty() and environment.get("TERM") != "dumb"
