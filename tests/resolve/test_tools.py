"""Tools: in which image packages are installed, and that it runs on the machine that builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError
from envc.lock.model import BaseImage, Python
from envc.lock.package import PipPackage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.reference import ImageReference
from envc.resolve.base import Conflict, PipRequest, PipResolution, Report
from envc.resolve.image.conclusion import Inspected
from envc.resolve.tools import TOOLS_IMAGE, ToolsChoice, lock_tools, sharing
from envc.source import Span

DIGEST, INDEX = "sha256:" + "1" * 64, "sha256:" + "2" * 64
UV = PipPackage(name="uv", version="1", url="https://files.example/uv-1.whl", sha256="b" * 64)
HUB_PYTHON = "python:3.13-slim-bookworm"


@dataclass
class Images:
    """Images by their familiar names, with their Python; all are there for both architectures."""

    pythons: Mapping[str, str] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

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
        raise AssertionError("the base is known")

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        self.asked.append(reference.familiar)
        if self.is_down:
            raise ToolError([Diagnostic(code="E382", message="it cannot be reached")])
        if reference.familiar not in self.pythons:
            raise InputError([Diagnostic(code="E370", message="there is no such image")])
        return image(reference.canonical, self.pythons[reference.familiar], index=INDEX)


@dataclass
class Solver:
    """Finds uv for every architecture but some."""

    lacking: tuple[str, ...] = ()
    name: str = "known"
    asked: list[str] = field(default_factory=list)

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        self.asked.append(request.platform.architecture)
        if request.platform.architecture in self.lacking:
            return Conflict(message="there is no wheel")
        return PipResolution(packages=(UV,))


def image(name: str, python: str | None, *, index: str | None) -> Inspected:
    base = BaseImage(image=name, digest=DIGEST, python=python, glibc="2.36")
    return Inspected(base=base, index=index, architectures=("amd64", "arm64") if index else ())


def choice(
    images: Images,
    base: Inspected,
    python: str | None = "3.13.1",
    *,
    chosen: str | None = None,
    with_conda: bool = True,
    is_pinned: bool = False,
    is_kept: bool = False,
) -> ToolsChoice:
    return ToolsChoice(
        images=images,
        platform=PLATFORMS["linux/amd64"],
        chosen=ImageReference.parse(chosen) if chosen is not None else None,
        base=base,
        reference=None if is_pinned else ImageReference.parse(base.base.image),
        is_kept=is_kept,
        with_conda=with_conda,
        with_wheels=True,
        python=Python(version=python, origin="conda") if python is not None else None,
        report=lambda _: None,
    )


DEBIAN = image("docker.io/library/debian:12", None, index=INDEX)
ELSEWHERE = image("example.com/debian:12", None, index=INDEX)


@pytest.mark.parametrize(
    ("base", "pythons", "expected"),
    [
        # The base itself, where it has the environment's series.
        (image("docker.io/library/python:3.13", "3.13.9", index=INDEX), {}, "python:3.13"),
        (image("docker.io/library/python:3.9", "3.9.1", index=INDEX), {}, TOOLS_IMAGE.image),
        # Else an official image of that series.
        (DEBIAN, {HUB_PYTHON: "3.13.7"}, HUB_PYTHON),
        (ELSEWHERE, {"example.com/python:3.13-slim": "3.13.7"}, "example.com/python:3.13-slim"),
        (
            ELSEWHERE,
            {"example.com/library/python:3.13-slim": "3.13.7"},
            "example.com/library/python:3.13-slim",
        ),
        # Else any that is as near as the base, though it cannot compile for the environment.
        (DEBIAN, {}, TOOLS_IMAGE.image),
        (ELSEWHERE, {"example.com/python:3.11-slim": "3.11.7"}, "example.com/python:3.11-slim"),
        (ELSEWHERE, {}, TOOLS_IMAGE.image),
        (image("example.com/python:3.12", "3.12.1", index=INDEX), {}, "example.com/python:3.12"),
    ],
)
def test_the_nearest_image_that_can_compile_installs(
    base: Inspected, pythons: Mapping[str, str], expected: str
) -> None:
    tools = lock_tools(choice(Images(pythons), base), Solver(), MirrorMap())

    assert tools.image == ImageReference.parse(expected).canonical
    assert tools.packages == {"amd64": (UV,), "arm64": (UV,)}


def test_a_registry_that_cannot_be_reached_is_asked_once() -> None:
    images = Images(is_down=True)

    tools = lock_tools(choice(images, DEBIAN), Solver(), MirrorMap())

    assert (tools.image, tools.digest) == (TOOLS_IMAGE.image, TOOLS_IMAGE.digest)
    assert images.asked == [HUB_PYTHON]


def test_what_has_the_series_of_the_known_image_asks_nobody() -> None:
    images = Images()

    lock_tools(choice(images, DEBIAN, "3.12.1"), Solver(), MirrorMap())
    lock_tools(choice(images, DEBIAN, None), Solver(), MirrorMap())

    assert images.asked == []


def test_tools_are_of_the_index_where_there_is_one() -> None:
    base = image("docker.io/library/python:3.13", "3.13.9", index=INDEX)
    single = image("docker.io/library/python:3.13", "3.13.9", index=None)

    of_index = lock_tools(choice(Images(), base), Solver(), MirrorMap())
    of_manifest = lock_tools(choice(Images(), single), Solver(), MirrorMap())

    assert (of_index.digest, list(of_index.packages)) == (INDEX, ["amd64", "arm64"])
    assert (of_manifest.digest, list(of_manifest.packages)) == (DIGEST, ["amd64"])


def test_a_digest_that_the_spec_gives_is_taken_for_an_index() -> None:
    base = image("docker.io/library/python:3.13", "3.13.9", index=None)

    tools = lock_tools(choice(Images(), base, is_pinned=True), Solver(), MirrorMap())

    assert (tools.digest, list(tools.packages)) == (DIGEST, ["amd64", "arm64"])


@pytest.mark.parametrize(
    ("images", "digest"),
    [
        (Images({"python:3.13": "3.13.2"}), INDEX),
        (Images({"python:3.13": "3.14.0"}), DIGEST),
        (Images(is_down=True), DIGEST),
    ],
)
def test_the_index_of_a_base_that_is_kept_is_asked_for(images: Images, digest: str) -> None:
    base = image("docker.io/library/python:3.13", "3.13.9", index=None)

    tools = lock_tools(choice(images, base, is_kept=True), Solver(), MirrorMap())

    assert (tools.digest, images.asked) == (digest, ["python:3.13"])


def test_an_old_python_of_the_base_installs_wheels_but_no_conda_packages() -> None:
    base = image("docker.io/library/python:3.9", "3.9.1", index=INDEX)

    wheels = lock_tools(choice(Images(), base, "3.9.1", with_conda=False), Solver(), MirrorMap())
    conda = lock_tools(choice(Images(), base, "3.9.1"), Solver(), MirrorMap())

    assert (wheels.image, wheels.python) == ("docker.io/library/python:3.9", "3.9.1")
    assert conda.image == TOOLS_IMAGE.image


def test_an_architecture_that_the_installers_lack_is_left_out() -> None:
    tools = lock_tools(choice(Images(), DEBIAN), Solver(lacking=("arm64",)), MirrorMap())

    assert list(tools.packages) == ["amd64"]


def test_installers_that_run_nowhere_are_a_problem() -> None:
    with pytest.raises(InputError) as caught:
        lock_tools(choice(Images(), DEBIAN), Solver(lacking=("amd64", "arm64")), MirrorMap())

    assert [problem.code for problem in caught.value.diagnostics] == ["E362"]


def test_platforms_that_want_the_same_tools_ask_once() -> None:
    solver = Solver()
    shared = sharing(solver)

    first = lock_tools(choice(Images(), DEBIAN), shared, MirrorMap())
    second = lock_tools(choice(Images(), DEBIAN), shared, MirrorMap())

    assert (sorted(solver.asked), first) == (["amd64", "arm64"], second)
