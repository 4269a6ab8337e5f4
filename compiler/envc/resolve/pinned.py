"""What was asked for by exact versions only, and found so, is not asked again: envc's own tools."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envc.files import write_if_changed
from envc.lock.package import PipPackage
from envc.resolve.base import (
    Conflict,
    PipRequest,
    PipResolution,
    PipSolver,
    Report,
    Requirement,
)

__all__ = ["Pinned"]

_PIN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)==([a-z0-9.+!]+)")


@dataclass(slots=True, kw_only=True)
class Pinned:
    """A solver that keeps the wheels of exact versions: what an index once offered as those stays it.

    What they need and no requirement pins may move, and then all is asked again. So is what holds
    more than requirements for one target.

    Attributes:
        name: The solver's.
        solver: Answers what is not known.
        folder: Where answers are kept, a file for each; made when it is needed.
    """

    name: str
    solver: PipSolver
    folder: Path

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the wheels or the conflict, as the solver does."""
        pins = _read_pins(request.requirements)
        if pins is None or not _is_plain(request):
            return self.solver.resolve(request, report)
        place = self.folder / f"{_digest(request)}.pinned"
        if known := _recall(place, pins):
            return PipResolution(packages=known)
        answer = self.solver.resolve(request, report)
        if (
            isinstance(answer, PipResolution)
            and _are(answer.packages, pins)
            and _has_no_more(answer)
        ):
            kept = [one.model_dump(mode="json") for one in answer.packages]
            # A cache that cannot be written costs time, nothing else.
            with contextlib.suppress(OSError):
                write_if_changed(place, json.dumps(kept).encode())
        return answer


def _read_pins(requirements: Iterable[Requirement]) -> dict[str, str] | None:
    """Return versions by name; None where a requirement is anything but `name==version`."""
    found = [_PIN.fullmatch(one.text) for one in requirements]
    return None if None in found else {one[1]: one[2] for one in found if one is not None}


def _is_plain(request: PipRequest) -> bool:
    plain = PipRequest(
        platform=request.platform,
        python_version=request.python_version,
        glibc=request.glibc,
        requirements=request.requirements,
        indexes=request.indexes,
        mirrors=request.mirrors,
    )
    return request == plain


def _has_no_more(answer: PipResolution) -> bool:
    return not (answer.sources or answer.build or answer.warnings)


def _are(packages: Iterable[PipPackage], pins: dict[str, str]) -> bool:
    return {one.name: one.version for one in packages} == pins


def _recall(place: Path, pins: dict[str, str]) -> tuple[PipPackage, ...]:
    """Return the packages that a file holds; none where it does not hold these."""
    try:
        kept = tuple(PipPackage.model_validate(one) for one in json.loads(place.read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()
    return kept if _are(kept, pins) else ()


def _digest(request: PipRequest) -> str:
    question = [
        request.platform.name,
        request.python_version,
        request.glibc,
        [one.text for one in request.requirements],
        [one.url for one in request.indexes],
        request.mirrors.pairs,
    ]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()
