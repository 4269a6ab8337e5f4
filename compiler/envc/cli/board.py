"""Many builds made visible: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from envc.build.report.event import BuildEvent, Notice, StepDone, StepStarted
from envc.build.report.failure import shorten
from envc.cli.build import tell

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from envc.pipeline.baking import Baked

__all__ = ["Board"]

_MAX_ROWS = 20


@dataclass(slots=True)
class _Row:
    state: str = "waits"
    steps: int = 0
    started: float | None = None
    is_over: bool = False


class Board:
    """A row for each build: its name, its state, how many steps are done, and the time."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._rows: dict[str, _Row] = {}
        self._guard = threading.Lock()
        self._live: Live | None = None

    def __enter__(self) -> Board:
        """Begin to draw, where the stream is a terminal."""
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self._stream, highlight=False, markup=False)
            self._live = Live(
                console=console, get_renderable=self.draw, refresh_per_second=4, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the table; the lines about what became of all stay."""
        if self._live is not None:
            self._live.stop()

    def expect(self, names: Sequence[str]) -> None:
        """Take down what there is to do."""
        with self._guard:
            self._rows = {name: _Row() for name in names}

    def begin(self, name: str) -> None:
        """Show that an image is built now."""
        with self._guard:
            row = self._rows[name]
            row.state, row.started = "builds", time.monotonic()
        if self._live is None:
            self._write(f"{name}: builds")

    def tell(self, name: str, event: BuildEvent) -> None:
        """Show what happens while it is."""
        with self._guard:
            row = self._rows[name]
            match event:
                case StepStarted(name=step):
                    row.state = f"builds {shorten(step)}"
                case StepDone(name=step) if not step.startswith("[internal]"):
                    row.steps += 1
                case Notice(text=text):
                    row.state = text
        if isinstance(event, Notice) and self._live is None:
            self._write(f"{name}: {event.text}")

    def end(self, baked: Baked) -> None:
        """Show what has become of it."""
        with self._guard:
            self._rows.setdefault(baked.name, _Row()).is_over = True
        if baked.image is not None:
            self._write(f"{baked.name}: {tell(baked.image)}")
        elif baked.error is not None:
            codes = dict.fromkeys(one.code for one in baked.error.diagnostics)
            self._write(f"{baked.name}: failed ({', '.join(codes)})")

    def draw(self) -> RenderableType:
        """Return the table of those that are not done; those that are built now come first."""
        from rich.table import Table
        from rich.text import Text

        with self._guard:
            rows = list(self._rows.items())
        left = [(name, row) for name, row in rows if not row.is_over]
        left.sort(key=lambda entry: entry[1].started is None)
        table = Table(box=None, pad_edge=False)
        for heading in ("environment", "state", "steps", "time"):
            table.add_column(heading, no_wrap=True, overflow="ellipsis")
        now = time.monotonic()
        for name, row in left[:_MAX_ROWS]:
            took = f"{now - row.started:.1f} s" if row.started is not None else ""
            cells = (name, row.state, str(row.steps or ""), took)
            table.add_row(*(Text(cell) for cell in cells))
        table.caption = f"{len(rows) - len(left)} of {len(rows)} done"
        return table

    def _write(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, overflow="ellipsis", no_wrap=True)
            return
        with self._guard:
            self._stream.write(line + "\n")
            self._stream.flush()
