"""What `build` and `run` did, recorded in the store; where that cannot be, a warning says so."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from envc.cli.console import Console
from envc.cli.ending import Ended
from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, ToolError

if TYPE_CHECKING:
    from envc.build.image import Image, Wanted
    from envc.machine import Machine
    from envc.store.activity import Build
    from envc.store.record import Anonymous
    from envc.store.store import Store

__all__ = ["Recorder"]

_PATIENCE_S = 1.0
"""How long to wait for other processes that use the store: nobody is to wait for a record."""
_COARSE_S = 2.0
"""How coarse the times of files may be."""
_INTERNAL_ERROR, _SIGNALLED, _INTERRUPTED = 70, 128, 130


class Recorder:
    """Records what one command does; what it does goes on whatever becomes of the record."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        console: Console,
        home: Path,
        log_of: Callable[[Wanted], Path | None] = lambda _: None,
    ) -> None:
        """Record what these arguments ask for, in the store of a folder.

        Args:
            log_of: Returns where the log of a build is to be.
        """
        self._log_of = log_of
        self._console = console
        self._home = home
        given = arguments.given[arguments.spec]
        is_file = given == str(arguments.spec) and not getattr(arguments, "named_image", "")
        self._spec = str(arguments.spec.absolute()) if is_file else given
        self._spec_file: Path = arguments.spec
        # What they give does not belong to the spec: by it alone, another image would come.
        self._is_given = bool(
            getattr(arguments, "sets", None) or getattr(arguments, "templates", None)
        )
        self._started: dict[tuple[str, str], float] = {}
        self._wanted: dict[tuple[str, str], Wanted] = {}
        self._last: tuple[str, str] | None = None

    def begin(self, variant: str, wanted: Wanted) -> None:
        """Take down that an image is wanted next."""
        self._last = (variant, wanted.platform)
        self._started[self._last] = time.time()
        self._wanted[self._last] = wanted

    @contextmanager
    def recording_failure(self) -> Iterator[None]:
        """Record the image that was wanted last, should anything be raised."""
        try:
            yield
        except BaseException as error:
            if self._last is not None:
                self._record_failure(*self._last, exit_code=_exit_code_of(error))
            raise

    def record_failure(self, variant: str, error: BaseException) -> None:
        """Record the image of a variant that was wanted last, which there is none of."""
        platforms = [platform for own, platform in self._wanted if own == variant]
        if platforms:
            self._record_failure(variant, platforms[-1], exit_code=_exit_code_of(error))

    def record_cut_off(self, ended: Collection[str], error: BaseException) -> None:
        """Record the images that were wanted of all other variants than those that had ended."""
        for variant in dict.fromkeys(variant for variant, _ in tuple(self._wanted)):
            if variant not in ended:
                self.record_failure(variant, error)

    def record_images(self, images: Mapping[str, Image], machine: Machine) -> None:
        """Record images that were found or built, by variant; each platform's for itself.

        The spec that they are of is kept with all that belongs to it, unless the store knows it.
        """
        builds = [
            self._describe(variant, part)
            for variant, image in images.items()
            for part in (*image.parts, image)
        ]
        built = self._describe_content(images)

        ids = [env_id for own in built.draft.env_ids.values() for env_id in own.values()]
        unknown: list[str] = []

        def write(store: Store) -> None:
            store.record_build(*builds)
            if not store.knows(ids, is_keepable=not built.lack):
                unknown.extend(ids)

        self._write(write, "what was built")
        if unknown:
            self._remember(built, machine)

    def _remember(self, built: Anonymous, machine: Machine) -> None:
        from envc.pipeline.registering import remember

        self._write(
            lambda store: remember(self._spec_file, machine, built, store),
            "the content of what was built",
        )

    @contextmanager
    def recording_run(
        self, variant: str, image: Image, command: Sequence[str]
    ) -> Iterator[Callable[[int], None]]:
        """Record a command when it has ended; what is given is to be told its exit code."""
        started, clock = time.time(), time.monotonic()
        codes: list[int] = []
        try:
            yield codes.append
        except BaseException as error:
            codes.append(_exit_code_of(error))
            raise
        finally:
            from envc.store.activity import Run

            run = Run(
                env_id=image.env_id,
                variant=variant,
                platform=image.platform,
                image=image.name,
                digest=image.digest,
                spec=self._spec,
                command=tuple(command),
                started=started,
                duration_s=time.monotonic() - clock,
                exit_code=codes[-1] if codes else _INTERNAL_ERROR,
            )
            self._write(lambda store: store.record_run(run), "what ran")

    def _describe_content(self, images: Mapping[str, Image]) -> Anonymous:
        """Return what the images are of, as far as they themselves say it."""
        from envc.store.record import Anonymous, Draft

        env_ids = {
            variant: {part.platform: part.env_id for part in image.parts or (image,)}
            for variant, image in images.items()
        }
        return Anonymous(
            name=self._spec_file.stem,
            draft=Draft(digest="", spec_id="", env_ids=env_ids, files=()),
            origin=self._spec,
            created=time.time(),
            lack="given" if self._is_given else "",
        )

    def _describe(self, variant: str, image: Image) -> Build:
        from envc.store.activity import Build

        key = (variant, image.platform)
        started = self._started.get(key, time.time() - image.duration_s)
        return Build(
            env_id=image.env_id,
            variant=variant,
            platform=image.platform,
            image=image.name,
            digest=image.digest,
            size_bytes=image.size_bytes,
            spec=self._spec,
            started=started,
            duration_s=image.duration_s,
            outcome="cached" if image.is_cached else "built",
            log=None if image.is_cached else self._find_log(key, started),
        )

    def _find_log(self, key: tuple[str, str], started: float) -> str | None:
        """Return the log that a build wrote; one of an earlier build is not its."""
        wanted = self._wanted.get(key)
        place = self._log_of(wanted) if wanted is not None else None
        try:
            is_own = place is not None and place.stat().st_mtime >= started - _COARSE_S
        except OSError:
            return None
        return str(place.absolute()) if place is not None and is_own else None

    def _record_failure(self, variant: str, platform: str, *, exit_code: int) -> None:
        from envc.store.activity import Build

        wanted, started = self._wanted[variant, platform], self._started[variant, platform]
        build = Build(
            env_id=wanted.env_id,
            variant=variant,
            platform=platform,
            image=wanted.name,
            digest=None,
            size_bytes=None,
            spec=self._spec,
            started=started,
            duration_s=max(time.time() - started, 0.0),
            outcome="failed",
            exit_code=exit_code,
            log=self._find_log((variant, platform), started),
        )
        self._write(lambda store: store.record_build(build), "what was built")

    def _write(self, write: Callable[[Store], None], what: str) -> None:
        from envc.store.store import Store

        try:
            with Store.open(self._home, timeout_s=_PATIENCE_S) as store:
                write(store)
        except ToolError as error:
            self._console.warn([_explain(problem, what) for problem in error.diagnostics])


def _explain(problem: Diagnostic, what: str) -> Diagnostic:
    message = f"{what} is not recorded: {problem.message}"
    return Diagnostic(code="W712", message=message, hint=problem.hint)


def _exit_code_of(error: BaseException) -> int:
    """Return what a command ends with that is ended by this."""
    match error:
        case EnvcError():
            return error.exit_code
        case Ended():
            return _SIGNALLED + error.number
        case KeyboardInterrupt():
            return _INTERRUPTED
    return _INTERNAL_ERROR
