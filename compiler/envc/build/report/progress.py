"""A build made visible: a log file, plain lines for CI, a live display for terminals."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, TextIO, TypeAlias, assert_never

from envc.build.report.event import (
    BuildEvent,
    Message,
    Notice,
    StepDone,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    StepWaiting,
)
from envc.build.report.failure import shorten

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = [
    "DISPLAYS",
    "Display",
    "LiveReporter",
    "PlainReporter",
    "Reporter",
    "open_reporter",
    "write_log",
]

Display: TypeAlias = Literal["auto", "plain", "json", "quiet"]
DISPLAYS: tuple[Display, ...] = ("auto", "plain", "json", "quiet")

_INTERNAL = ("[internal]", "[auth]")
_MEGABYTE = 1_000_000
_MAX_ROWS = 8
_QUICK_S = 1.0


class Reporter(Protocol):
    """Shows a build; use it in a `with` block and call it with each event."""

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        ...

    def __enter__(self) -> Reporter:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and leave the terminal as it was."""
        ...


def open_reporter(stream: TextIO, display: Display = "auto") -> Reporter:
    """Return what shows a build: by itself the live display where `stream` is a terminal, else plain
    lines."""
    match display:
        case "auto":
            return LiveReporter(stream) if stream.isatty() else PlainReporter(stream)
        case "plain":
            return PlainReporter(stream)
        case "json":
            from envc.build.report.feed import JsonReporter

            return JsonReporter(stream)
        case "quiet":
            from envc.build.report.feed import QuietReporter

            return QuietReporter()
        case _:
            assert_never(display)


def write_log(log: TextIO, event: BuildEvent) -> None:
    """Add an event to a log file: everything but how far downloads are."""
    match event:
        case StepStarted(name=name, title=title):
            text = f"BEGIN  {name}"
            if title is not None:
                text += f"\nFOR    {title.line}"
        case StepLog(text=said, name=name):
            text = f"       {said}"
        case StepDone(name=name, cached=True):
            text = f"CACHED {name}"
        case StepDone(name=name, duration_s=duration_s):
            text = f"DONE   {name} ({duration_s:.1f} s)"
        case StepFailed(name=name, canceled=True):
            text = f"CANCEL {name}"
        case StepFailed(name=name, error=error):
            text = f"FAILED {name}: {error}"
        case Message(text=said) | Notice(text=said):
            text = said
        case StepProgress() | StepWaiting():
            return
        case _:
            assert_never(event)
    log.write(text + "\n")
    log.flush()


class PlainReporter:
    """Writes a line for each step that ends, and the output of steps as it comes."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._lines = _Lines()

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        line = self._lines.describe(event)
        if line is not None:
            self._stream.write(line + "\n")
            self._stream.flush()

    def __enter__(self) -> PlainReporter:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


class LiveReporter:
    """Keeps the steps that run at the bottom of a terminal, and lets those that ended scroll away."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on `stream`, which is a terminal."""
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        self._lines = _Lines()
        self._console = Console(file=stream, highlight=False, markup=False)
        self._running: dict[str, tuple[str, float]] = {}
        self._parts: dict[str, dict[str, tuple[int, int]]] = {}
        self._live = Live(self, console=self._console, transient=True, refresh_per_second=8)

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        match event:
            case StepStarted(step=step, name=name):
                if not name.startswith(_INTERNAL):
                    self._running[step] = (_call(event), self._clock())
            case StepProgress(step=step, part=part, current=current, total=total):
                self._parts.setdefault(step, {})[part] = (current, total)
            case StepWaiting(step=step) | StepDone(step=step) | StepFailed(step=step):
                self._running.pop(step, None)
                self._parts.pop(step, None)
            case StepLog() | Message() | Notice():
                pass
            case _:
                assert_never(event)
        line = self._lines.describe(event)
        if line is not None:
            self._console.print(line, style=_style(event), overflow="ellipsis", no_wrap=True)

    def __enter__(self) -> LiveReporter:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the display."""
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the running steps, the oldest first."""
        from rich.text import Text

        now = self._clock()
        rows = sorted(self._running.items(), key=lambda row: row[1][1])
        for step, (name, since) in rows[:_MAX_ROWS]:
            text = f"{now - since:6.1f} s  {name}{_amount(self._parts.get(step, {}))}"
            yield Text(text, style="cyan", no_wrap=True, overflow="ellipsis")
        if len(rows) > _MAX_ROWS:
            yield Text(f"          and {len(rows) - _MAX_ROWS} more", style="dim")


class _Lines:
    """The lines of events: a step that BuildKit splits in two under one name gets one line."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    def describe(self, event: BuildEvent) -> str | None:
        """Return an event's line, or None where it is not worth one."""
        if isinstance(event, StepDone | StepFailed):
            name = event.name.replace("] LINK ", "] ", 1)
            if name in self._done:
                return None
            self._done.add(name)
        return _describe(event)


def _describe(event: BuildEvent) -> str | None:
    match event:
        case StepDone(name=name) | StepFailed(name=name) if name.startswith(_INTERNAL):
            return None
        case StepDone(cached=cached, duration_s=duration_s) if _is_fetch(event) and (
            cached or duration_s < _QUICK_S
        ):
            # Hundreds of files that came at once would hide the steps; the log has them all.
            return None
        case StepDone(cached=True):
            return f"  cached  {_call(event)}"
        case StepDone(duration_s=duration_s):
            return f"{duration_s:6.1f} s  {_call(event)}"
        case StepFailed(canceled=False):
            return f"  failed  {_call(event)}"
        case StepLog(text=text):
            return f"       |  {text}"
        case Message(text=text) if text.startswith("warning: "):
            return text
        case Notice(text=text):
            return f"         {text}"
        case StepStarted() | StepProgress() | StepWaiting() | StepFailed() | Message():
            return None
        case _:
            assert_never(event)


def _call(event: StepStarted | StepDone | StepFailed) -> str:
    """Return what a step is called in a line."""
    return event.title.line if event.title is not None else shorten(event.name)


def _is_fetch(event: BuildEvent) -> bool:
    return isinstance(event, StepDone) and "] ADD " in event.name


def _style(event: BuildEvent) -> str:
    match event:
        case StepFailed():
            return "bold red"
        case StepDone(cached=True) | StepLog():
            return "dim"
        case _:
            return ""


def _amount(parts: dict[str, tuple[int, int]]) -> str:
    """Return how many of how many MB are there, where a step fetches more than one."""
    current = sum(done for done, total in parts.values() if total)
    total = sum(total for _, total in parts.values())
    if total < _MEGABYTE:
        return ""
    return f"  {current / _MEGABYTE:.0f}/{total / _MEGABYTE:.0f} MB"
