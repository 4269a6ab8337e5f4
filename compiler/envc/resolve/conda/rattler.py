"""The default Conda solver: rattler, in a process of its own, for any platform from any host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from envc.resolve.base import CondaRequest, CondaResolution, Conflict, Report
from envc.resolve.conda.patience import SILENCE_S, TIMEOUT_S
from envc.resolve.worker import Workers, rattler_workers

__all__ = ["Rattler"]


class Rattler:
    """Solves with rattler."""

    name = "rattler"
    keeps_pins = True

    def __init__(
        self,
        *,
        cache: Path,
        environment: Mapping[str, str],
        timeout_s: int = TIMEOUT_S,
        silence_s: float = SILENCE_S,
        workers: Workers | None = None,
    ) -> None:
        """Keep what channels say under `cache`; of `environment`, only the network is used.

        Args:
            timeout_s: How long one answer of a channel may take; then it is asked again.
            silence_s: How long a channel may take to begin an answer; then it is given up.
            workers: Of `rattler_workers`, some of them running; whoever gives them closes them.
        """
        self._cache = cache / "rattler"
        self._environment = environment
        self._timeout_s = timeout_s
        self._silence_s = silence_s
        self._workers = workers if workers is not None else rattler_workers(environment)

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution | Conflict:
        """Return the packages or the conflict; the order of the requirements does not matter.

        Raises:
            InputError: A requirement cannot be served (E301 to E306).
            ToolError: A channel (E340, E344) or the worker (E342) failed.
        """
        # They load slowly, and a lock without Conda packages opens this solver, too.
        from envc.resolve.conda.asking import conclude, pose
        from envc.resolve.conda.question import Answer

        count = len(request.requirements)
        report(f"solving {count} Conda requirements for {request.platform.name}")
        question = pose(
            request, cache=self._cache, timeout_s=self._timeout_s, silence_s=self._silence_s
        )
        return conclude(request, Answer.from_json(self._workers.ask(question)))
