"""Fetches ahead of pip what it will ask for next: pip asks for one thing at a time, and waits.

What a scout fetches is kept by the client behind it, so that who asks next has it at once. It
guesses, so nothing depends on it: what it cannot have, whoever needs it asks for again, and tells.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from envc.errors import EnvcError
from envc.resolve.index import IndexFile
from envc.resolve.pip_input import PipInput
from envc.resolve.wheel_file import Target, distribution_of, is_sdist

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed
    from packaging.specifiers import SpecifierSet

__all__ = ["IndexScout"]

_SCOUTS = 8


class IndexScout:
    """Follows what the newest versions need, from the requirements on; a context manager.

    Leaving it does not wait for what is under way.

    Args:
        given: The problem.
        offers: Returns what pip may choose from of a distribution, by file name, or None where
            there is no such thing; may raise `EnvcError`.
        metadata: Returns that of one of these files, by the distribution's name and the file's.
    """

    def __init__(
        self,
        given: PipInput,
        offers: Callable[[str], Mapping[str, IndexFile] | None],
        metadata: Callable[[tuple[str, str]], str],
    ) -> None:
        self._given = given
        self._offers = offers
        self._metadata = metadata
        self._ways: queue.SimpleQueue[Parsed | None] = queue.SimpleQueue()
        self._seen: set[tuple[str, str]] = set()
        self._guard = threading.Lock()
        self._is_over = False

    def __enter__(self) -> Self:
        for _ in range(_SCOUTS):
            threading.Thread(target=self._walk, daemon=True).start()
        self._go_on(root.parsed for root in self._given.roots)
        for one in self._given.settled.values():
            if not one.is_provided:
                self._go_on(_needs(one.metadata, frozenset(), self._given.target))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._is_over = True
        for _ in range(_SCOUTS):
            self._ways.put(None)

    def _walk(self) -> None:
        while (wanted := self._ways.get()) is not None and not self._is_over:
            try:
                self._look_at(wanted)
            except EnvcError:
                # An index that fails is asked by whoever needs it, who waits and tells.
                self._stop()

    def _look_at(self, wanted: Parsed) -> None:
        name = _normal_name(wanted)
        if name in self._given.settled:
            return
        offers = self._offers(name) or {}
        shown = _newest(offers, self._limit(name, wanted))
        if shown is None or is_sdist(offers[shown].filename) or self._is_over:
            return
        metadata = self._metadata((name, shown))
        self._go_on(_needs(metadata, frozenset(wanted.extras), self._given.target))

    def _limit(self, name: str, wanted: Parsed) -> SpecifierSet:
        """Return which versions a requirement allows, and the spec."""
        limit = wanted.specifier
        for root in (*self._given.roots, *self._given.constraints):
            if root.name == name:
                limit &= root.parsed.specifier
        return limit

    def _go_on(self, needs: Iterable[Parsed]) -> None:
        """Queue what was not looked at yet: each distribution once, and once for each extra."""
        for one in needs:
            ways = {(_normal_name(one), extra) for extra in ("", *one.extras)}
            with self._guard:
                is_new = not ways <= self._seen
                self._seen |= ways
            if is_new:
                self._ways.put(one)


def _normal_name(wanted: Parsed) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(wanted.name)


def _newest(offers: Mapping[str, IndexFile], limit: SpecifierSet) -> str | None:
    """Return which file has the newest version within a limit, as pip would take it."""
    from packaging.version import Version

    versions = {
        found[1]: shown
        for shown, file in offers.items()
        if not file.yanked and (found := distribution_of(file.filename)) is not None
    }
    fitting = limit.filter(versions, prereleases=True)
    newest = max(fitting, key=Version, default=None)
    return None if newest is None else versions[newest]


def _needs(metadata: str, extras: frozenset[str], target: Target) -> list[Parsed]:
    """Return what a wheel needs on a target; what cannot be read is left to pip."""
    from email.parser import HeaderParser

    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    needs = []
    for text in HeaderParser().parsestr(metadata).get_all("Requires-Dist", []):
        try:
            one = Requirement(" ".join(text.split()))
            marker = one.marker
            counts = marker is None or any(
                marker.evaluate({**target.markers(), "extra": extra}) for extra in ("", *extras)
            )
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
            continue
        if counts:
            needs.append(one)
    return needs
