"""What a build tells while it runs: BuildKit's raw JSON progress, a line at a time, becomes events."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from envc.build.report.redaction import NOTHING_HIDDEN, Redaction
from envc.frozen import frozen

if TYPE_CHECKING:
    from envc.build.report.title import Title, Titles

__all__ = [
    "BuildEvent",
    "Failure",
    "Message",
    "Notice",
    "Progress",
    "StepDone",
    "StepFailed",
    "StepLog",
    "StepProgress",
    "StepStarted",
    "StepWaiting",
]

_TAIL_LINES = 20
_STEP = re.compile(r"^\[(?:[^\]]* )?\d+/\d+\] (?!LINK )")
_FETCH = re.compile(r"^\[(?:[^\]]* )?\d+/\d+\] (?:FROM|ADD) ")
_CACHE = re.compile(r"^(importing cache manifest from|exporting cache to) ?(.*)")
_CANCELED = re.compile(r"context canceled|code = Canceled")


@frozen
class StepStarted:
    """A step began; `name` is BuildKit's, such as `[tools 2/3] RUN …` or `exporting to image`, and
    `title`, where there is one, what the spec or envc calls it."""

    step: str
    name: str
    title: Title | None = None


@frozen
class StepLog:
    """A line that a step's command wrote."""

    step: str
    name: str
    text: str
    title: Title | None = None


@frozen
class StepProgress:
    """How far a part of a step is: of a download or an export.

    Attributes:
        part: BuildKit's name for it.
        current: Bytes, mostly.
        total: As `current`; 0 where nobody knows.
    """

    step: str
    part: str
    current: int
    total: int


@frozen
class StepWaiting:
    """A step that fetches knows now what; it starts again once that is needed, which may be never."""

    step: str


@frozen
class StepDone:
    """A step ended well; `cached` where nothing had to be done."""

    step: str
    name: str
    cached: bool
    duration_s: float
    title: Title | None = None


@frozen
class StepFailed:
    """A step ended badly, or was `canceled` because another one did."""

    step: str
    name: str
    error: str
    canceled: bool
    title: Title | None = None


@frozen
class Message:
    """A line that is no progress: BuildKit's warnings, and its last words."""

    text: str


@frozen
class Notice:
    """A sentence of envc's own that whoever waits should read."""

    text: str


BuildEvent: TypeAlias = (
    StepStarted | StepLog | StepProgress | StepWaiting | StepDone | StepFailed | Message | Notice
)


@frozen
class Failure:
    """The step that broke a build: its name, BuildKit's reason, and the last lines it wrote."""

    name: str
    error: str
    output: tuple[str, ...]


@dataclass(slots=True)
class _Vertex:
    """A node of BuildKit's graph; it starts and ends more than once, the last time counts.

    What fetches (FROM, the remote half of ADD) has no inputs; it runs once for its cache key and, if
    nothing is cached, a second time for its content.
    """

    name: str = ""
    has_inputs: bool = False
    started: str = ""
    runs: int = 0
    ended: bool = False
    cached: bool = False
    duration_s: float = 0.0
    pending: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))


class Progress:
    """The state of one build, fed with the lines that `--progress=rawjson` writes.

    Attributes:
        messages: All lines that were no JSON, in order.
        cache_failures: What could not be had from caches in registries, or put there; a build goes on
            without.
    """

    def __init__(self, titles: Titles | None = None, redaction: Redaction = NOTHING_HIDDEN) -> None:
        """Start with a build of which nothing is known but the titles of its steps, and what none of
        its words may show."""
        self._titles = titles
        self._hide = redaction.hide
        self.messages: list[str] = []
        self._vertices: dict[str, _Vertex] = {}
        self.cache_failures: list[Failure] = []
        self._failed: tuple[_Vertex, str] | None = None

    @property
    def failure(self) -> Failure | None:
        """The first step that failed by itself, or None."""
        if self._failed is None:
            return None
        vertex, error = self._failed
        return Failure(name=vertex.name, error=error, output=tuple(vertex.tail))

    @property
    def total_steps(self) -> int:
        """How many of the Dockerfile's own steps have ended."""
        return sum(1 for vertex in self._ended_steps())

    @property
    def cached_steps(self) -> int:
        """How many of these were cached."""
        return sum(1 for vertex in self._ended_steps() if vertex.cached)

    def feed(self, line: str) -> tuple[BuildEvent, ...]:
        """Take a line and return what it tells, in order; may be empty."""
        data = _parse(line)
        if data is None:
            if not line.strip():
                return ()
            shown = self._hide(line)
            self.messages.append(shown)
            return (Message(text=shown),)
        return tuple(self._read(data))

    def _read(self, data: dict[str, Any]) -> Iterator[BuildEvent]:
        vertices = _objects(data, "vertexes")
        for vertex in vertices:
            self._learn(vertex)
        for status in _objects(data, "statuses"):
            yield StepProgress(
                step=str(status.get("vertex")),
                part=str(status.get("id")),
                current=int(status.get("current") or 0),
                total=int(status.get("total") or 0),
            )
        # A step's last words may come in one line with its end, so they are read before it.
        for log in _objects(data, "logs"):
            yield from self._log(log)
        for vertex in vertices:
            yield from self._begin(vertex)
            yield from self._end(vertex)
        for warning in _objects(data, "warnings"):
            yield Message(text=f"warning: {_decode(warning.get('short'))}")

    def _learn(self, data: dict[str, Any]) -> None:
        vertex = self._vertices.setdefault(str(data.get("digest")), _Vertex())
        vertex.name = str(data.get("name") or vertex.name)
        vertex.has_inputs = vertex.has_inputs or bool(data.get("inputs"))

    def _begin(self, data: dict[str, Any]) -> Iterator[BuildEvent]:
        step, started = str(data.get("digest")), str(data.get("started") or "")
        vertex = self._vertices[step]
        if started and started != vertex.started:
            vertex.started = started
            vertex.runs += 1
            vertex.ended = False
            title = self._title(vertex)
            yield StepStarted(step=step, name=vertex.name, title=title)

    def _end(self, data: dict[str, Any]) -> Iterator[BuildEvent]:
        step = str(data.get("digest"))
        vertex = self._vertices[step]
        if not data.get("completed") or vertex.ended:
            return
        vertex.ended = True
        # What a cache has is reported again, as not cached, where its content is fetched later.
        vertex.cached = vertex.cached or bool(data.get("cached"))
        vertex.duration_s += _seconds(vertex.started, str(data["completed"]))
        if vertex.pending:
            yield self._line(step, vertex, vertex.pending)
            vertex.pending = ""
        error = self._hide(str(data.get("error") or ""))
        if error:
            canceled = _CANCELED.search(error) is not None
            if _CACHE.match(vertex.name):
                self.cache_failures.append(Failure(name=vertex.name, error=error, output=()))
            elif not canceled and self._failed is None:
                self._failed = (vertex, error)
            yield StepFailed(
                step=step,
                name=vertex.name,
                error=error,
                canceled=canceled,
                title=self._title(vertex),
            )
        elif _FETCH.match(vertex.name) and not vertex.has_inputs and vertex.runs == 1:
            yield StepWaiting(step=step)
        else:
            yield StepDone(
                step=step,
                name=vertex.name,
                cached=vertex.cached,
                duration_s=vertex.duration_s,
                title=self._title(vertex),
            )

    def _log(self, data: dict[str, Any]) -> Iterator[BuildEvent]:
        step = str(data.get("vertex"))
        vertex = self._vertices.setdefault(step, _Vertex())
        # Output comes as it was written, not in lines.
        *whole, vertex.pending = (vertex.pending + _decode(data.get("data"))).split("\n")
        for text in whole:
            yield self._line(step, vertex, text)

    def _line(self, step: str, vertex: _Vertex, text: str) -> StepLog:
        shown = self._hide(text.rstrip("\r").rpartition("\r")[2])
        vertex.tail.append(shown)
        title = self._title(vertex)
        return StepLog(step=step, name=vertex.name, text=shown, title=title)

    def _title(self, vertex: _Vertex) -> Title | None:
        return self._titles.find(vertex.name) if self._titles is not None else None

    def _ended_steps(self) -> Iterable[_Vertex]:
        return (
            vertex
            for vertex in self._vertices.values()
            if vertex.ended and vertex.has_inputs and _STEP.match(vertex.name)
        )


def _parse(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _objects(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [entry for entry in data.get(key) or () if isinstance(entry, dict)]


def _decode(data: object) -> str:
    try:
        return base64.b64decode(str(data or "")).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _seconds(start: str, end: str) -> float:
    try:
        return max((_time(end) - _time(start)).total_seconds(), 0.0)
    except ValueError:
        return 0.0


def _time(text: str) -> datetime:
    """Return a time of Go's RFC 3339 form; it has up to nine digits after the point."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
