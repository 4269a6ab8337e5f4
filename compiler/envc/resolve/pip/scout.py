"""Fetches ahead of pip what it will ask for next: pip asks for one thing at a time, and waits.

What a scout fetches is kept by the client behind it, so that who asks next has it at once. It
guesses, so nothing depends on it: what it cannot have, whoever needs it asks for again, and tells.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from envc.errors import EnvcError
from envc.resolve.index.client import IndexFile
from envc.resolve.index.wheel_file import Target, distribution_of, is_sdist
from envc.resolve.pip.input import PipInput

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed
    from packaging.specifiers import SpecifierSet

__all__ = ["IndexScout"]

_SCOUTS = 8
_PATIENCE = 2
"""From which version on that pip tries of a distribution, it is expected to try more."""
_FARTHEST = 32
"""How many versions behind the one that it tries are fetched at most."""


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
        self._ways: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._seen: set[tuple[str, str]] = set()
        self._tried: dict[str, int] = {}
        self._behind: set[tuple[str, str]] = set()
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
        while (look := self._ways.get()) is not None and not self._is_over:
            try:
                look()
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
                self._ways.put(partial(self._look_at, one))

    def look_behind(self, name: str, shown: str) -> None:
        """Fetch what pip will try next, if a version of a distribution was not the last one it tries.

        Each one tried doubles how far that goes: where versions fail, their neighbours do, too.

        Args:
            name: The distribution.
            shown: The file that pip asks for now.
        """
        with self._guard:
            count = self._tried[name] = self._tried.get(name, 0) + 1
        if count < _PATIENCE or self._is_over:
            return
        offers = self._offers(name) or {}
        older = _older(offers, shown)[: min(2**count, _FARTHEST)]
        with self._guard:
            new = [one for one in older if (name, one) not in self._behind]
            self._behind |= {(name, one) for one in new}
        for one in new:
            if not is_sdist(offers[one].filename):
                self._ways.put(partial(self._metadata, (name, one)))


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


def _older(offers: Mapping[str, IndexFile], shown: str) -> list[str]:
    """Return the files of versions before that of one of them, the newest first."""
    from packaging.version import Version

    found = {one: distribution_of(file.filename) for one, file in offers.items()}
    versions = {one: Version(named[1]) for one, named in found.items() if named is not None}
    newest_first = sorted(versions, key=versions.__getitem__, reverse=True)
    return [one for one in newest_first if versions[one] < versions[shown]]


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
