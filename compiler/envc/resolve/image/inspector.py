"""Images asked through one registry client and one engine, each opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.resolve.base import Report
from envc.resolve.image.conclusion import Inspected
from envc.resolve.image.inspection import inspect_base, inspect_tools
from envc.resolve.image.probed import Probes
from envc.source import Span

if TYPE_CHECKING:
    from envc.engine.docker import Engine

__all__ = ["ImageInspector"]


class ImageInspector:
    """Knows what images hold; platforms and variants may ask side by side, and each thing once."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        mirrors: MirrorMap,
        cache: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Remember how to ask, and whom to tell of waits; nothing is opened yet.

        Args:
            cache: Where is kept what images say, by digest; None keeps nothing.
        """
        self._probes = Probes(folder=cache / "images") if cache is not None else None
        self._environment = environment
        self._registry = Registry(environment=environment, mirrors=mirrors, tell=tell)
        self._guard = threading.Lock()
        self._opened: list[Engine | None] = []
        self._answers: dict[tuple[object, ...], Future[Inspected]] = {}
        self._told: set[str] = set()

    def inspect_base(
        self,
        reference: ImageReference,
        platform: Platform,
        *,
        needs_python: bool,
        declared_python: str | None,
        declared_glibc: str | None,
        span: Span | None,
        report: Report,
    ) -> Inspected:
        """Return what a base holds; see `envc.resolve.image.inspection.inspect_base`."""

        def ask() -> Inspected:
            return inspect_base(
                reference,
                platform,
                registry=self._registry,
                engine=self.engine,
                needs_python=needs_python,
                declared_python=declared_python,
                declared_glibc=declared_glibc,
                report=self._once(report),
                span=span,
                probes=self._probes,
            )

        question = (reference, platform, needs_python, declared_python, declared_glibc, span)
        return self._ask_once(question, ask)

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        """Return what a tools image holds; see `envc.resolve.image.inspection.inspect_tools`."""

        def ask() -> Inspected:
            return inspect_tools(
                reference,
                platform,
                registry=self._registry,
                engine=self.engine,
                report=self._once(report),
                probes=self._probes,
            )

        return self._ask_once((reference, platform), ask)

    def close(self) -> None:
        """Drop the connection to the engine."""
        for engine in self._opened:
            if engine is not None:
                engine.close()
        self._opened.clear()

    def _ask_once(self, question: tuple[object, ...], ask: Callable[[], Inspected]) -> Inspected:
        """Return the answer to a question: who comes first asks, and the others wait for it."""
        with self._guard:
            is_first = question not in self._answers
            answer = self._answers.setdefault(question, Future())
        if is_first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def _once(self, report: Report) -> Report:
        """Return what tells a line only once: one image may be the base, and install packages, too."""

        def tell(text: str) -> None:
            with self._guard:
                is_new = text not in self._told
                self._told.add(text)
            if is_new:
                report(text)

        return tell

    def engine(self) -> Engine | None:
        """Return the engine, or None where there is none: a lock can do without."""
        from envc.engine.docker import Engine

        with self._guard:
            if not self._opened:
                try:
                    self._opened.append(Engine.connect(self._environment))
                except ToolError:
                    self._opened.append(None)
            return self._opened[0]
