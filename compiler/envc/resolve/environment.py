"""A whole environment resolved: the spec goes to the solvers platform by platform, and comes back a lock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError
from envc.frozen import frozen
from envc.lock.intent import intent
from envc.lock.model import BaseImage, Lock, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage
from envc.platform import PLATFORMS, Platform
from envc.resolve.access import warn_of_borrowed
from envc.resolve.base import (
    CondaRequest,
    CondaResolution,
    Conflict,
    PipRequest,
    PipResolution,
    Report,
)
from envc.resolve.debian.system import System, SystemQuestion
from envc.resolve.expected import expect_python
from envc.resolve.image.basis import Basis, look_into_base
from envc.resolve.image.conclusion import Inspected
from envc.resolve.keeping import Keeping, Kept, is_of_one_series, pin_conda, pin_pip
from envc.resolve.problem import explain_conflict, merge, placed, side_by_side, tell_once
from envc.resolve.request import ask_conda, ask_pip
from envc.resolve.tools import ToolsChoice, lock_tools, sharing
from envc.resolve.world import Images, World
from envc.spec.defaults import base_image, source_paths, wants_pip
from envc.spec.defaults import wheels as wheel_paths
from envc.spec.model import EnvSpec
from envc.spec.select import for_platform
from envc.syntax.document import Document

__all__ = ["Images", "Resolved", "World", "resolve"]

_ABOUT_PYTHON = frozenset({"E372", "E373", "E376"})


@frozen
class Resolved:
    """A lock, and what had to be assumed for it."""

    lock: Lock
    warnings: tuple[Diagnostic, ...]


def resolve(
    spec: EnvSpec,
    document: Document,
    world: World,
    report: Report,
    keeping: Keeping | None = None,
) -> Resolved:
    """Return the lock of a spec: all its platforms, or none.

    Platforms are resolved side by side. What several have to say in the same words is told once.

    Args:
        keeping: What the old lock has, which stays where it is still right; None keeps nothing.

    Raises:
        InputError: What the spec asks for cannot be had (E30x, E32x, E36x, E37x; conflicts E310 and
            E320).
        ToolError: A program, a channel, an index or a registry failed (E33x, E38x).
    """
    platforms = [PLATFORMS[name] for name in sorted(spec.platforms)]
    world = replace(world, tools=sharing(world.tools))
    with ThreadPoolExecutor(max_workers=len(platforms)) as pool:
        futures = [
            pool.submit(
                _take_up(spec, document, world, report, platform, keeping).resolve, platform
            )
            for platform in platforms
        ]
    answers: dict[str, _Answer] = {}
    failures: dict[str, EnvcError] = {}
    for platform, future in zip(platforms, futures, strict=True):
        try:
            answers[platform.name] = future.result()
        except EnvcError as error:
            failures[platform.name] = error
    if failures:
        raise merge(failures, len(platforms))
    warnings = {name: answer.warnings for name, answer in answers.items()}
    return Resolved(
        lock=Lock(
            intent=intent(spec),
            platforms={name: answer.locked for name, answer in answers.items()},
        ),
        warnings=tell_once(warnings, len(platforms)),
    )


@frozen
class _Answer:
    locked: PlatformLock
    warnings: tuple[Diagnostic, ...]


@frozen
class _Ahead:
    """Tools that are locked for a Python that is expected; what fails counts if that is the one."""

    python: Python
    tools: Future[Tools]


@frozen
class _Task:
    """What is to be resolved for one platform.

    Attributes:
        spec: What the spec says for it.
        document: The same, with its places.
        whole: The spec for all platforms, which have one base.
        world: With the wheels that are for this platform.
        kept: What the old lock has for it; None where that is nothing.
    """

    spec: EnvSpec
    document: Document
    whole: EnvSpec
    world: World
    report: Report
    kept: Kept | None

    def resolve(self, platform: Platform) -> _Answer:
        """Return the lock of one platform."""
        with self._explaining_python(platform):
            inspected = self._inspect_base(platform)
        base = inspected.base
        with self._locking_tools_ahead(platform, inspected) as ahead:
            (solved, python, pip), system = side_by_side(
                partial(self._solve_packages, platform, base),
                partial(self._resolve_system, platform, base),
            )
        conda = solved.packages
        warnings = (*inspected.warnings, *system.warnings, *solved.warnings, *pip.warnings)
        tools = (
            ahead.tools.result()
            if ahead is not None and is_of_one_series(ahead.python, python)
            else self._lock_tools(platform, inspected, with_conda=bool(conda), python=python)
        )
        locked = PlatformLock(
            base=base,
            python=python,
            tools=tools,
            conda=conda,
            pip=pip.packages,
            system=system.packages,
            unresolved=system.unresolved,
            sources=pip.sources,
            build=pip.build,
        )
        return _Answer(locked=locked, warnings=warnings)

    @property
    def _wants_pip(self) -> bool:
        return wants_pip(self.spec)

    @property
    def _wants_base_python(self) -> bool:
        """Whether the environment's Python is the base's: the default base is taken for its own."""
        if self.spec.conda.packages or self.spec.interpreter is not None:
            return False
        is_default = self.spec.base is None and not self.whole.conda.packages
        return self._wants_pip or self.spec.python is not None or is_default

    @contextmanager
    def _explaining_python(self, platform: Platform) -> Iterator[None]:
        """Let what is wrong with the base's Python say why that is needed on this platform only."""
        try:
            yield
        except InputError as error:
            if not self._wants_base_python or not self.whole.conda.packages:
                raise
            text = f"none of these is for `{platform.name}`, whose Python has to be the base's"
            label = Label(span=self.document.key_span(("conda",)), text=text)
            raise InputError(
                replace(problem, labels=(*problem.labels, label))
                if problem.code in _ABOUT_PYTHON
                else problem
                for problem in error.diagnostics
            ) from error

    def _inspect_base(self, platform: Platform) -> Inspected:
        basis = Basis(
            spec=self.spec,
            document=self.document,
            whole=self.whole,
            kept=self.kept,
            needs_python=self._wants_base_python,
        )
        return look_into_base(basis, platform, self.world, self.report)

    def _resolve_system(self, platform: Platform, base: BaseImage) -> System:
        question = SystemQuestion(
            spec=self.spec,
            document=self.document,
            whole=self.whole,
            platform=platform,
            base=base,
            kept=self.kept,
            world=self.world,
            report=self.report,
        )
        return question.resolve()

    def _solve_packages(
        self, platform: Platform, base: BaseImage
    ) -> tuple[CondaResolution, Python | None, PipResolution]:
        """Return the Conda packages, the Python that they or the base bring, and the pip packages."""
        solved = self._solve_conda(platform, base)
        python = self._choose_python(base, solved.packages)
        return solved, python, self._solve_pip(platform, base, solved.packages, python)

    def _solve_conda(self, platform: Platform, base: BaseImage) -> CondaResolution:
        if not self.spec.conda.packages:
            return CondaResolution(packages=())
        if self.kept is not None and self.kept.has_conda(self.spec, base):
            return CondaResolution(packages=self.kept.locked.conda)
        world = self.world
        request = ask_conda(self.spec, self.document, platform, base, world.mirrors, world.channels)
        preferred = self.kept.conda() if self.kept is not None else ()
        if not preferred:
            return self._ask_conda(request)
        if not self.world.conda.keeps_pins:
            block = self.document.key_span(("conda",))
            warning = Diagnostic.at(
                block,
                "W460",
                f"`{self.world.conda.name}` keeps nothing of the old lock: all Conda packages are "
                "resolved anew",
                hint="use `--conda-solver rattler`, which moves only what must move",
            )
            return replace(self._ask_conda(request), warnings=(warning,))
        moving = self.kept.moving_conda() if self.kept is not None else frozenset()
        if moving:
            request = pin_conda(request, self._ask_conda(request).packages, moving)
        return self._ask_conda(replace(request, preferred=preferred))

    def _ask_conda(self, request: CondaRequest) -> CondaResolution:
        with placed(self.document.key_span(("channels",) if self.spec.channels else ("conda",))):
            answer = self.world.conda.resolve(request, self.report)
        if isinstance(answer, Conflict):
            raise InputError([explain_conflict("E310", answer, self.document.key_span(("conda",)))])
        used = {package.channel for package in answer.packages}
        borrowed = warn_of_borrowed(request.logins, used)
        return replace(answer, warnings=(*answer.warnings, *borrowed))

    def _choose_python(self, base: BaseImage, conda: tuple[CondaPackage, ...]) -> Python | None:
        found = next((package for package in conda if package.name == "python"), None)
        if found is not None:
            return Python(version=found.version, origin="conda")
        if not self._wants_base_python or base.python is None:
            return None
        return Python(version=base.python, origin="base")

    def _solve_pip(
        self,
        platform: Platform,
        base: BaseImage,
        conda: tuple[CondaPackage, ...],
        python: Python | None,
    ) -> PipResolution:
        if not self._wants_pip:
            return PipResolution(packages=())
        if python is None:
            raise InputError([self._explain_no_python(base)])
        if self.kept is not None and self.kept.has_pip(self.spec, base, python, conda):
            locked = self.kept.locked
            return PipResolution(packages=locked.pip, sources=locked.sources, build=locked.build)
        request = ask_pip(
            self.spec,
            self.document,
            platform,
            python_version=python.version,
            base=base,
            conda=conda,
            indexes=self.world.indexes,
            find_links=self.world.find_links,
            wheels=self.world.wheels,
            sources=self.world.sources,
            mirrors=self.world.mirrors,
        )
        preferred = self.kept.pip() if self.kept is not None else ()
        moving = self.kept.moving_pip() if self.kept is not None else frozenset()
        if self.kept is not None and moving:
            commits = tuple(one for one in self.kept.sources() if one.commit is not None)
            anew = self._ask_pip(replace(request, preferred_sources=commits))
            request = pin_pip(request, anew, moving)
        if self.kept is not None:
            request = replace(
                request,
                preferred=preferred,
                preferred_sources=self.kept.sources(),
                preferred_build=self.kept.build(),
            )
        return self._ask_pip(request)

    def _ask_pip(self, request: PipRequest) -> PipResolution:
        block = self.document.key_span(("pip",))
        with placed(block):
            answer = self.world.pip.resolve(request, self.report)
        if isinstance(answer, Conflict):
            raise InputError([explain_conflict("E320", answer, block)])
        labels = (Label(span=block),)
        warnings = tuple(
            one if one.labels else replace(one, labels=labels) for one in answer.warnings
        )
        used = {package.index for package in answer.packages if package.index is not None}
        places = (*request.indexes, *(one.page for one in request.find_links if one.page))
        return replace(answer, warnings=(*warnings, *warn_of_borrowed(places, used)))

    def _explain_no_python(self, base: BaseImage) -> Diagnostic:
        return Diagnostic.at(
            self.document.key_span(("pip",)),
            "E361",
            f"pip packages need Python, and neither Conda nor the base `{base.image}` brings one",
            hint="add `python` to the Conda packages, or name a base that has Python",
        )

    @contextmanager
    def _locking_tools_ahead(
        self, platform: Platform, inspected: Inspected
    ) -> Iterator[_Ahead | None]:
        """Lock beside the solvers what will install, where it is clear for which Python that is."""
        expected = expect_python(self.spec, inspected.base, of_base=self._wants_base_python)
        if expected is None:
            yield None
            return
        with_conda = bool(self.spec.conda.packages)
        with ThreadPoolExecutor(max_workers=1) as pool:
            tools = pool.submit(
                self._lock_tools, platform, inspected, with_conda=with_conda, python=expected
            )
            yield _Ahead(python=expected, tools=tools)

    def _lock_tools(
        self, platform: Platform, inspected: Inspected, *, with_conda: bool, python: Python | None
    ) -> Tools:
        """Return what installs, where anything is to be installed."""
        base = inspected.base
        if python is None and not with_conda:
            return Tools(image=base.image, digest=base.digest)
        chosen = self.world.tools_image
        with_wheels = wants_pip(self.whole) or not with_conda
        if self.kept is not None and self.kept.has_tools(
            base, python, chosen, with_conda=with_conda, with_wheels=with_wheels
        ):
            return self.kept.locked.tools
        own = base_image(self.whole) if base.built is None else None
        choice = ToolsChoice(
            images=self.world.images,
            platform=platform,
            chosen=chosen,
            base=inspected,
            reference=own if own is not None and own.digest is None else None,
            is_kept=self.kept is not None and base == self.kept.locked.base,
            with_conda=with_conda,
            with_wheels=with_wheels,
            python=python,
            report=self.report,
        )
        return lock_tools(choice, self.world.tools, self.world.mirrors)


def _take_up(
    spec: EnvSpec,
    document: Document,
    world: World,
    report: Report,
    platform: Platform,
    keeping: Keeping | None,
) -> _Task:
    """Return what is to be resolved for a platform: of the spec, only what concerns it."""
    own, selected = for_platform(spec, document, platform.name)
    if own is not spec:
        found = {wheel.path: wheel for wheel in world.wheels}
        wheels = (
            replace(found[path], span=selected.span(("pip", "wheels", number)))
            for number, path in enumerate(wheel_paths(own))
        )
        folders = {source.path: source for source in world.sources}
        sources = (
            replace(folders[path], span=selected.span(("pip", "sources", number)))
            for number, path in enumerate(source_paths(own))
        )
        world = replace(world, wheels=tuple(wheels), sources=tuple(sources))
    kept = keeping.on(platform.name) if keeping is not None else None
    return _Task(spec=own, document=selected, whole=spec, world=world, report=report, kept=kept)
