"""What the build's tools stage needs: an image with Python, and the installers' wheels with exact pins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError
from envc.frozen import frozen
from envc.lock.model import BaseImage, Python, Tools, series
from envc.lock.package import PipPackage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Architecture, Platform
from envc.reference import ImageReference
from envc.resolve.base import (
    Conflict,
    IndexAccess,
    PipRequest,
    PipResolution,
    PipSolver,
    Report,
    Requirement,
)
from envc.resolve.image.conclusion import Inspected
from envc.resolve.world import Images

__all__ = ["TOOLS_IMAGE", "ToolsChoice", "lock_tools", "sharing", "tools_requirements"]

TOOLS_IMAGE = BaseImage(
    image="docker.io/library/python:3.12.12-slim-bookworm",
    digest="sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c",
    python="3.12.12",
    glibc="2.36",
)
"""Where packages are installed, unless another image is chosen: known, so that no registry is asked.
The digest is that of the index of all its platforms."""

# The versions that the layers are known to be reproducible with: a new one may change every layer
# and so every env id. Raise them on purpose, with a build that proves it.
_UV = "uv==0.13.8"
_RATTLER = "py-rattler==0.28.0"

_INDEX = IndexAccess(url="https://pypi.org/simple")
_ARCHITECTURES: tuple[Architecture, ...] = tuple(
    sorted(platform.architecture for platform in PLATFORMS.values())
)
_OLDEST_FOR_CONDA, _OLDEST = (3, 10), (3, 8)
_UNKNOWN_PYTHON = "3.10"  # where nobody knows: the oldest that the tools run on, and newer ones can
_ANY_SERIES = ("3.12", "3.11")


@frozen
class ToolsChoice:
    """What the choice of a tools image depends on.

    Attributes:
        platform: What is installed for; the tools run on the machine that builds.
        chosen: The image that the command line names, or None.
        base: The environment's base, which was asked for, or is kept from an old lock.
        reference: The base as the spec names it; None where that has a digest already.
        is_kept: Whether the base is that of an old lock, and nobody was asked for it.
        with_conda: Whether there are Conda packages.
        with_wheels: Whether there may be wheels, or a virtual environment for the base's Python.
        python: The environment's; None where Conda brings none.
    """

    images: Images
    platform: Platform
    chosen: ImageReference | None
    base: Inspected
    reference: ImageReference | None
    is_kept: bool
    with_conda: bool
    with_wheels: bool
    python: Python | None
    report: Report


@frozen
class _ToolsImage:
    """An image that tools can run in: `digest` is of its index where it has one."""

    image: str
    digest: str
    python: str | None
    glibc: str
    architectures: tuple[Architecture, ...]

    @staticmethod
    def of(inspected: Inspected, platform: Platform) -> _ToolsImage:
        """Return what was inspected; without an index, it is for one platform only."""
        base = inspected.base
        return _ToolsImage(
            image=base.image,
            digest=inspected.index or base.digest,
            python=base.python,
            glibc=base.glibc,
            architectures=inspected.architectures or (platform.architecture,),
        )


def tools_requirements(*, with_conda: bool, with_wheels: bool) -> tuple[Requirement, ...]:
    """Return what installs Conda packages, and wheels, where there are some.

    They are resolved by any PipSolver, for the tools image's Python and glibc, like everything
    else: py-rattler's own dependencies are pinned with it.

    >>> [one.text for one in tools_requirements(with_conda=False, with_wheels=True)]
    ['uv==0.13.8']
    """
    names = (*([_UV] if with_wheels else []), *([_RATTLER] if with_conda else []))
    return tuple(Requirement(text=name) for name in names)


def lock_tools(choice: ToolsChoice, solver: PipSolver, mirrors: MirrorMap) -> Tools:
    """Return the tools image, and the installers for each architecture that it has.

    Raises:
        InputError: The installers cannot run in it (E362), or it is none that can be used (E37x).
        ToolError: A registry or the index failed.
    """
    image = _choose_image(choice)
    with ThreadPoolExecutor(max_workers=len(image.architectures)) as pool:
        answers = pool.map(
            lambda architecture: solver.resolve(
                PipRequest(
                    platform=PLATFORMS[f"linux/{architecture}"],
                    python_version=image.python or _UNKNOWN_PYTHON,
                    glibc=image.glibc,
                    requirements=tools_requirements(
                        with_conda=choice.with_conda, with_wheels=choice.with_wheels
                    ),
                    indexes=(_INDEX,),
                    mirrors=mirrors,
                ),
                lambda text: choice.report(f"tools: {text}"),
            ),
            image.architectures,
        )
        found = dict(zip(image.architectures, answers, strict=True))
    packages: dict[Architecture, tuple[PipPackage, ...]] = {
        architecture: answer.packages
        for architecture, answer in found.items()
        if isinstance(answer, PipResolution)
    }
    for answer in found.values():
        if isinstance(answer, Conflict) and not packages:
            raise InputError([_explain(image, answer)])
    return Tools(image=image.image, digest=image.digest, python=image.python, packages=packages)


def _choose_image(choice: ToolsChoice) -> _ToolsImage:
    """Return where packages are installed: the image of the command line; else one whose Python is
    of the environment's series, so that it can compile for it; else any that can install."""
    if choice.chosen is not None:
        return _ToolsImage.of(_inspect(choice, choice.chosen), choice.platform)
    wanted = series(choice.python.version) if choice.python is not None else None
    if _runs_tools(choice, choice.base.base.python, wanted):
        return _take_base(choice)
    for reference in _list_official(choice, wanted):
        try:
            found = _inspect(choice, reference)
        except InputError:
            continue
        except ToolError:
            break
        if wanted is None or found.base.python is None or series(found.base.python) == wanted:
            return _ToolsImage.of(found, choice.platform)
    return _take_any(choice)


def _take_base(choice: ToolsChoice) -> _ToolsImage:
    """Return the base; where it was kept from an old lock, its index is asked for now."""
    inspected = choice.base
    if choice.reference is None:
        given = replace(inspected, index=inspected.base.digest, architectures=_ARCHITECTURES)
        return _ToolsImage.of(given, choice.platform)
    if inspected.index is None and choice.is_kept:
        try:
            found = _inspect(choice, choice.reference)
        except (InputError, ToolError):
            return _ToolsImage.of(inspected, choice.platform)
        then, now = inspected.base.python, found.base.python
        if then is not None and now is not None and series(then) == series(now):
            return _ToolsImage.of(found, choice.platform)
    return _ToolsImage.of(inspected, choice.platform)


def _list_official(choice: ToolsChoice, wanted: str | None) -> Iterator[ImageReference]:
    """Yield the official Python images of the base's registry, those of the wanted series first.

    A base from another registry than Docker Hub says that this may be out of reach: any image of
    its own registry goes before envc's choice, though it may be of another series.
    """
    registry = ImageReference.parse(choice.base.base.image).registry
    if registry == ImageReference.parse(TOOLS_IMAGE.image).registry:
        if wanted not in {None, series(TOOLS_IMAGE.python or "")}:
            yield ImageReference.parse(f"python:{wanted}-slim-bookworm")
        return
    for folder in ("", "library/"):
        yield ImageReference.parse(f"{registry}/{folder}python:{wanted or _ANY_SERIES[0]}-slim")


def _take_any(choice: ToolsChoice) -> _ToolsImage:
    """Return an image that can install, though it cannot compile for the environment's Python."""
    if _runs_tools(choice, choice.base.base.python, None):
        return _take_base(choice)
    registry = ImageReference.parse(choice.base.base.image).registry
    if registry != ImageReference.parse(TOOLS_IMAGE.image).registry:
        for name in (
            f"{folder}python:{one}-slim" for one in _ANY_SERIES for folder in ("", "library/")
        ):
            try:
                found = _inspect(choice, ImageReference.parse(f"{registry}/{name}"))
            except InputError:
                continue
            except ToolError:
                break
            return _ToolsImage.of(found, choice.platform)
    return _ToolsImage(
        image=TOOLS_IMAGE.image,
        digest=TOOLS_IMAGE.digest,
        python=TOOLS_IMAGE.python,
        glibc=TOOLS_IMAGE.glibc,
        architectures=_ARCHITECTURES,
    )


def _inspect(choice: ToolsChoice, reference: ImageReference) -> Inspected:
    return choice.images.inspect_tools(reference, choice.platform, report=choice.report)


def _runs_tools(choice: ToolsChoice, python: str | None, wanted: str | None) -> bool:
    """Say whether an image's Python runs the installers, and is of the wanted series if there is one."""
    # What a user's Dockerfile makes of an image is no place for what must not depend on it.
    if choice.base.base.built is not None:
        return False
    if python is None or (wanted is not None and series(python) != wanted):
        return False
    oldest = _OLDEST_FOR_CONDA if choice.with_conda else _OLDEST
    return tuple(int(part) for part in series(python).split(".")) >= oldest


def _explain(image: _ToolsImage, conflict: Conflict) -> Diagnostic:
    return Diagnostic(
        code="E362",
        message=f"envc's own tools cannot run in `{image.image}`, with Python {image.python} and "
        f"glibc {image.glibc}: {conflict.message}",
        notes=(conflict.explanation,) if conflict.explanation else (),
        hint="choose another image with `--tools-image`, with Python 3.10 or newer",
    )


def sharing(solver: PipSolver) -> PipSolver:
    """Return a solver that is asked once what several ask: all platforms want the same tools."""
    return _Sharing(name=solver.name, solver=solver)


@dataclass(slots=True)
class _Sharing:
    name: str
    solver: PipSolver
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _answers: dict[tuple[object, ...], Future[PipResolution | Conflict]] = field(
        default_factory=dict
    )

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the answer to a request: who comes first asks, and the others wait for it."""
        question = (
            request.platform,
            request.python_version,
            request.glibc,
            request.requirements,
            request.mirrors,
        )
        with self._guard:
            is_first = question not in self._answers
            answer = self._answers.setdefault(question, Future())
        if is_first:
            try:
                answer.set_result(self.solver.resolve(request, report))
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()
