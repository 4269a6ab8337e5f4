"""A build's progress on stderr, shown only once there is one: a hit loads no display."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from envc.build.report.event import BuildEvent
    from envc.build.report.progress import Display, Reporter

__all__ = ["Progress", "add_progress"]


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Describe how a build is shown."""
    parser.add_argument(
        "--progress",
        choices=("auto", "plain", "json", "quiet"),
        default="auto",
        help="how a build is shown on stderr: live on a terminal and plain lines elsewhere (auto: the "
        "default), plain lines, an event a line as JSON, or not at all",
    )


class Progress:
    """Takes a build's events; use it in a `with` block."""

    def __init__(self, stream: TextIO, display: Display = "auto") -> None:
        """Write to `stream`, once there is something to write."""
        self._stream = stream
        self._display = display
        self._stack = ExitStack()
        self._reporter: Reporter | None = None

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        if self._reporter is None:
            from envc.build.report.progress import open_reporter

            self._reporter = self._stack.enter_context(open_reporter(self._stream, self._display))
        self._reporter(event)

    def begin(self, variant: str) -> None:
        """Show the build of another variant; its steps have nothing to do with those so far."""
        self._stack.close()
        self._reporter = None
        if variant and self._display in {"auto", "plain"}:
            self._stream.write(f"{variant}:\n")
            self._stream.flush()

    def __enter__(self) -> Progress:
        """Begin, with nothing shown."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and leave the terminal as it was."""
        self._stack.close()
