"""A whole environment: who is asked what, where Python comes from, and how several platforms agree."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.lock.model import BaseImage, Python, Tools
from envc.lock.package import CondaPackage, PipPackage
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import (
    CondaRequest,
    CondaResolution,
    Conflict,
    Cutoff,
    FindLinks,
    IndexAccess,
    LocalWheel,
    PipRequest,
    PipResolution,
    Provided,
    Report,
    Requirement,
    VirtualPackage,
)
from envc.resolve.debian.apt import Apt
from envc.resolve.environment import Resolved, World, resolve
from envc.resolve.image.conclusion import Inspected
from envc.resolve.keeping import Keeping
from envc.resolve.tools import TOOLS_IMAGE
from envc.source import Span
from envc.spec.load import load
from support.documents import Everything, document

DIGEST = "sha256:" + "a" * 64
CHANNEL = "https://conda.anaconda.org/conda-forge"
INDEX = IndexAccess(url="https://pypi.org/simple")


def conda(
    name: str, version: str, distribution: str | None = None, *, depends: tuple[str, ...] = ()
) -> CondaPackage:
    return CondaPackage(
        name=name,
        version=version,
        build="0",
        subdir="linux-64",
        channel=CHANNEL,
        url=f"{CHANNEL}/linux-64/{name}-{version}-0.conda",
        sha256="c" * 64,
        distribution=distribution,
        depends=depends,
    )


def wheel(name: str) -> PipPackage:
    url = f"https://files.example/{name}-1-py3-none-any.whl"
    return PipPackage(name=name, version="1", url=url, sha256="b" * 64)


@dataclass
class FakeImages:
    """Images that all have this Python and glibc."""

    python: str | None = "3.12.7"
    missing: tuple[str, ...] = ()
    shows_unused_python: bool = False
    refuses_python: bool = False
    warnings: tuple[Diagnostic, ...] = ()
    is_down: bool = False
    asked: list[tuple[str, bool, str | None]] = field(default_factory=list)
    declared: list[str | None] = field(default_factory=list)

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
        self.asked.append((reference.familiar, needs_python, declared_python))
        self.declared.append(declared_glibc)
        if needs_python and self.refuses_python:
            raise InputError([Diagnostic(code="E372", message="there is no python3")])
        if self.is_down:
            raise ToolError([Diagnostic.at(span, "E380", "the registry cannot be reached")])
        python = self.python if needs_python or self.shows_unused_python else None
        return Inspected(base=self._image(reference, python), warnings=self.warnings)

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        if reference.familiar in self.missing:
            raise InputError([Diagnostic(code="E370", message="no such image")])
        return Inspected(base=self._image(reference, self.python))

    def _image(self, reference: ImageReference, python: str | None) -> BaseImage:
        return BaseImage(image=reference.canonical, digest=DIGEST, python=python, glibc="2.36")


@dataclass
class FakeConda:
    """Answers every request by one function, and remembers it."""

    answer: Callable[[CondaRequest], CondaResolution | Conflict]
    name: str = "fake"
    keeps_pins: bool = True
    requests: list[CondaRequest] = field(default_factory=list)

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution | Conflict:
        self.requests.append(request)
        return self.answer(request)


@dataclass
class FakePip:
    """As FakeConda."""

    answer: Callable[[PipRequest], PipResolution | Conflict]
    name: str = "fake"
    requests: list[PipRequest] = field(default_factory=list)

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        self.requests.append(request)
        return self.answer(request)


@dataclass
class Fakes:
    """A world in which everything can be had."""

    images: FakeImages = field(default_factory=FakeImages)
    conda: FakeConda = field(
        default_factory=lambda: FakeConda(
            lambda _: CondaResolution(
                packages=(conda("numpy", "2.0", "numpy"), conda("python", "3.13.1"))
            )
        )
    )
    pip: FakePip = field(
        default_factory=lambda: FakePip(lambda _: PipResolution(packages=(wheel("rich"),)))
    )
    tools: FakePip = field(
        default_factory=lambda: FakePip(lambda _: PipResolution(packages=(wheel("uv"),)))
    )
    tools_image: ImageReference | None = None
    find_links: tuple[FindLinks, ...] = ()
    wheels: tuple[LocalWheel, ...] = ()
    keeping: Keeping | None = None

    def resolve(self, **data: object) -> Resolved:
        written = document({"environment": "pets", **data})
        spec = load(written, vouched=Everything())
        world = World(
            images=self.images,
            conda=self.conda,
            pip=self.pip,
            tools=self.tools,
            system=Apt(engine=lambda: None, environment={}),
            indexes=(INDEX,),
            find_links=self.find_links,
            wheels=self.wheels,
            tools_image=self.tools_image,
            mirrors=MirrorMap(),
        )
        return resolve(spec, written, world, lambda _: None, self.keeping)

    def fail(self, **data: object) -> EnvcError:
        with pytest.raises(EnvcError) as caught:
            self.resolve(**data)
        return caught.value


def test_pip_alone_uses_the_bases_python_and_installs_in_the_base() -> None:
    world = Fakes()

    locked = world.resolve(pip=["rich"], python="3.12").lock.platforms["linux/amd64"]

    image = "docker.io/library/python:3.12-slim-bookworm"
    assert locked.base == BaseImage(image=image, digest=DIGEST, python="3.12.7", glibc="2.36")
    assert locked.python == Python(version="3.12.7", origin="base")
    assert locked.tools == Tools(
        image=image, digest=DIGEST, python="3.12.7", packages={"amd64": (wheel("uv"),)}
    )
    assert (locked.conda, locked.pip) == ((), (wheel("rich"),))
    assert world.images.asked == [("python:3.12-slim-bookworm", True, "3.12")]
    assert world.conda.requests == []


def test_conda_brings_python_and_its_distributions_are_fixed_for_pip() -> None:
    world = Fakes()

    locked = world.resolve(conda=["numpy"], pip=["rich"]).lock.platforms["linux/amd64"]

    assert locked.python == Python(version="3.13.1", origin="conda")
    assert locked.base.python is None
    assert world.images.asked == [("debian:bookworm-slim", False, None)]
    [request] = world.pip.requests
    assert (request.python_version, request.glibc, request.provided, request.indexes) == (
        "3.13.1",
        "2.36",
        (Provided(name="numpy", version="2.0"),),
        (INDEX,),
    )


def test_conda_is_asked_for_what_the_spec_says_and_implies() -> None:
    world = Fakes()

    world.resolve(conda=["numpy"], pip=["rich"], channels=["bioconda", "conda-forge"])

    [request] = world.conda.requests
    assert request.requirements == (Requirement(text="numpy"), Requirement(text="python"))
    assert [r.span.text for r in request.requirements if r.span] == ['"numpy"', '"pip"']
    assert request.channels == ("https://conda.anaconda.org/bioconda", CHANNEL)
    assert request.virtual_packages == (VirtualPackage(name="__glibc", version="2.36"),)


def test_conda_packages_are_installed_in_an_image_that_needs_no_registry() -> None:
    world = Fakes()

    locked = world.resolve(conda=["numpy"]).lock.platforms["linux/amd64"]

    assert (locked.tools.image, locked.tools.digest) == (TOOLS_IMAGE.image, TOOLS_IMAGE.digest)
    assert list(locked.tools.packages) == ["amd64", "arm64"]
    assert {request.platform.architecture for request in world.tools.requests} == {"amd64", "arm64"}
    request, _ = world.tools.requests
    assert (request.python_version, request.glibc) == ("3.12.12", "2.36")
    assert [one.text.partition("==")[0] for one in request.requirements] == ["py-rattler"]


def test_wheels_of_one_platform_are_a_reason_for_all_to_have_the_same_tools() -> None:
    world = Fakes()

    world.resolve(
        conda=["numpy"],
        platforms=["linux/amd64", "linux/arm64"],
        pip=[{"package": "rich", "on": "linux/arm64"}],
    )

    asked = {tuple(one.text.partition("==")[0] for one in request.requirements)
             for request in world.tools.requests}  # fmt: skip
    assert asked == {("uv", "py-rattler")}


def test_the_first_wheel_moves_the_tools_and_its_removal_does_not() -> None:
    world = Fakes(tools=FakePip(lambda request: PipResolution(packages=tuple(
        wheel(one.text.partition("==")[0]) for one in request.requirements))))  # fmt: skip
    alone = world.resolve(conda=["numpy"])
    keeping = Keeping(lock=alone.lock)

    both = replace(world, keeping=keeping).resolve(conda=["numpy"], pip=["rich"])
    again = replace(world, keeping=Keeping(lock=both.lock)).resolve(conda=["numpy"])

    names = [
        [one.name for one in found.lock.platforms["linux/amd64"].tools.packages["amd64"]]
        for found in (alone, both, again)
    ]
    assert names == [["py-rattler"], ["uv", "py-rattler"], ["uv", "py-rattler"]]


def test_tools_are_locked_while_conda_solves() -> None:
    is_asked = threading.Event()

    def answer_tools(_: PipRequest) -> PipResolution:
        is_asked.set()
        return PipResolution(packages=(wheel("uv"),))

    def answer_conda(_: CondaRequest) -> CondaResolution:
        assert is_asked.wait(timeout=60)
        return CondaResolution(packages=(conda("python", "3.12.4"),))

    world = Fakes(tools=FakePip(answer_tools), conda=FakeConda(answer_conda))

    locked = world.resolve(conda=["numpy"], python="3.12").lock.platforms["linux/amd64"]

    assert locked.tools.image == TOOLS_IMAGE.image
    assert len(world.tools.requests) == 2  # one for each architecture: nothing was asked twice


def test_tools_are_for_the_python_that_is_found_not_for_the_one_expected() -> None:
    found = Fakes().resolve(conda=["numpy"]).lock.platforms["linux/amd64"]

    locked = Fakes().resolve(conda=["numpy"], python="3.12").lock.platforms["linux/amd64"]

    assert locked.python == Python(version="3.13.1", origin="conda")
    assert locked.tools == found.tools


def test_a_conflict_is_told_though_tools_fail_too() -> None:
    world = Fakes(
        conda=FakeConda(lambda _: Conflict(message="nothing fits", explanation="")),
        tools=FakePip(lambda _: Conflict(message="no wheel fits", explanation="")),
    )

    error = world.fail(conda=["numpy"], python="3.12")

    assert [problem.code for problem in error.diagnostics] == ["E310"]


def test_another_tools_image_is_asked_for_its_facts() -> None:
    reference = ImageReference.parse("registry.example/tools:1")
    world = Fakes(tools_image=reference, images=FakeImages(python="3.11.2"))

    locked = world.resolve(conda=["numpy"]).lock.platforms["linux/amd64"]

    assert (locked.tools.image, locked.tools.digest) == ("registry.example/tools:1", DIGEST)
    assert world.tools.requests[0].python_version == "3.11.2"


@pytest.mark.parametrize(
    ("base", "where"),
    [
        ({"image": "pets"}, ("base", "image")),
        ({"image": "pets", "registry": "registry.example.com"}, ("base", "registry")),
    ],
)
def test_a_registry_that_fails_is_shown_where_the_spec_names_it(
    base: dict[str, str], where: tuple[str, str]
) -> None:
    fakes = Fakes(images=FakeImages(is_down=True))

    with pytest.raises(ToolError) as caught:
        fakes.resolve(base=base)

    (problem,) = caught.value.diagnostics
    span = document({"environment": "pets", "base": base}).span(where)
    assert (problem.code, problem.labels) == ("E380", (Label(span=span),))


def test_a_python_that_envc_does_not_manage_is_not_looked_for() -> None:
    fakes = Fakes(images=FakeImages(shows_unused_python=True))

    own = {"python": {"managed": "no"}, "interpreter": "/opt/py/bin/python"}
    resolved = fakes.resolve(base={"image": "pets:1"}, **own)

    (locked,) = resolved.lock.platforms.values()
    assert fakes.images.asked == [("pets:1", False, None)]
    assert (locked.python, locked.tools.packages) == (None, {})
    assert (fakes.pip.requests, fakes.tools.requests) == ([], [])


def test_a_base_that_has_python_installs_condas_packages_itself() -> None:
    fakes = Fakes(images=FakeImages(shows_unused_python=True))

    lock = fakes.resolve(base={"image": "debian:12"}, conda=["numpy"]).lock

    assert lock.platforms["linux/amd64"].tools.image == "docker.io/library/debian:12"


def test_a_base_of_another_registry_gets_its_tools_image_from_there() -> None:
    missing = ("example.com/python:3.12-slim", "example.com/library/python:3.12-slim")
    fakes = Fakes(images=FakeImages(missing=missing))

    lock = fakes.resolve(base={"image": "example.com/debian:12"}, conda=["numpy"]).lock

    assert lock.platforms["linux/amd64"].tools.image == "example.com/python:3.11-slim"


def test_what_conda_was_not_asked_for_is_known_by_what_brings_it() -> None:
    packages = (
        conda("liba", "1.0", depends=("python >=3", "libb>=1")),
        conda("libb", "1.0", depends=("liba", "numpy")),
        conda("numpy", "2.0", "numpy"),
        conda("python", "3.13.1"),
    )
    fakes = Fakes(conda=FakeConda(lambda _: CondaResolution(packages=packages)))

    fakes.resolve(conda=["liba 1.*"], pip=["rich"])

    (provided,) = fakes.pip.requests[0].provided
    assert provided.asked is None
    assert provided.via is not None
    assert provided.via.text == "liba 1.*"


def test_a_distribution_that_two_conda_packages_provide_is_fixed_once() -> None:
    packages = (
        conda("matplotlib", "3.9", "matplotlib"),
        conda("matplotlib-base", "3.9", "matplotlib"),
        conda("python", "3.13.1"),
    )
    fakes = Fakes(conda=FakeConda(lambda _: CondaResolution(packages=packages)))

    fakes.resolve(conda=["numpy"], pip=["rich"])

    assert fakes.pip.requests[0].provided == (Provided(name="matplotlib", version="3.9"),)


@pytest.mark.parametrize("asked", ["matplotlib >=3", "matplotlib-base >=3"])
def test_what_conda_provides_knows_the_line_that_asked_for_it(asked: str) -> None:
    packages = (
        conda("matplotlib", "3.9", "matplotlib"),
        conda("matplotlib-base", "3.9", "matplotlib"),
        conda("numpy", "2.0", "numpy"),
        conda("python", "3.13.1"),
    )
    fakes = Fakes(conda=FakeConda(lambda _: CondaResolution(packages=packages)))

    fakes.resolve(conda=[asked], pip=["rich"])

    [request] = fakes.pip.requests
    asked_by = {one.name: one.asked and one.asked.text for one in request.provided}
    assert asked_by == {"matplotlib": asked, "numpy": None}


def test_what_a_solver_fails_with_anywhere_is_shown_at_its_block() -> None:
    def fail(_: PipRequest) -> PipResolution:
        raise ToolError([Diagnostic(code="E335", message="the index cannot be reached")])

    [problem] = Fakes(pip=FakePip(fail)).fail(pip=["rich"]).diagnostics

    assert [label.span.text for label in problem.labels] == ['"pip"']


def test_conda_is_told_all_that_limits_its_choice() -> None:
    world = Fakes()

    world.resolve(
        **{
            "conda": {"packages": ["numpy"], "constraints": ["pillow <9"]},
            "channel-priority": "disabled",
            "cuda": "12.4",
            "virtual-packages": {"__glibc": "2.28", "__archspec": "x86_64_v3"},
            "exclude-newer": "2026-01-31",
        }
    )

    [request] = world.conda.requests
    assert request.channel_priority == "disabled"
    assert request.virtual_packages == (
        VirtualPackage(name="__archspec", version="x86_64_v3"),
        VirtualPackage(name="__cuda", version="12.4"),
        VirtualPackage(name="__glibc", version="2.28"),
    )
    assert request.constraints == (Requirement(text="pillow <9"),)
    assert request.exclude_newer == Cutoff(moment=datetime(2026, 2, 1, tzinfo=UTC))
    spans = [request.constraints[0].span, request.exclude_newer.span]
    assert [span.text for span in spans if span] == ['"pillow <9"', '"2026-01-31"']


def test_pip_is_told_all_that_limits_its_choice() -> None:
    places = (FindLinks(path="wheels", folder=Path("wheels")),)
    world = Fakes(find_links=places)

    world.resolve(
        **{
            "pip": {
                "packages": ["rich"],
                "constraints": ["numpy <2"],
                "overrides": ["protobuf ==4.*"],
                "find-links": [{"path": "wheels"}],
            },
            "virtual-packages": {"__glibc": "2.28"},
            "exclude-newer": "2026-01-31T12:00:00+01:00",
        }
    )

    [request] = world.pip.requests
    assert (request.glibc, request.find_links) == ("2.28", places)
    assert request.constraints == (Requirement(text="numpy <2"),)
    assert request.overrides == (Requirement(text="protobuf ==4.*"),)
    assert request.exclude_newer == Cutoff(moment=datetime(2026, 1, 31, 11, tzinfo=UTC))
    [tools] = world.tools.requests
    assert (tools.glibc, tools.exclude_newer, tools.find_links) == ("2.36", None, ())


def test_without_cuda_there_is_none() -> None:
    world = Fakes()

    world.resolve(conda=["numpy"], cuda="none")

    assert [one.name for one in world.conda.requests[0].virtual_packages] == ["__glibc"]


@pytest.mark.parametrize("glibc", ["2.37", "3.0", "2.36.1"])
def test_a_c_library_that_the_base_does_not_have_is_refused_citing_both(glibc: str) -> None:
    problems = Fakes().fail(
        **{
            "base": {"image": "debian:12"},
            "conda": ["numpy"],
            "virtual-packages": {"__glibc": glibc},
        }
    )

    [problem] = problems.diagnostics
    assert (problem.code, problem.message) == (
        "E363",
        f"`__glibc` is {glibc}, and the base has glibc 2.36",
    )
    assert [(label.span.text, label.text) for label in problem.labels] == [
        (f'"{glibc}"', ""),
        ('"debian:12"', "`docker.io/library/debian:12` is the base"),
    ]


def test_a_c_library_that_the_base_has_is_declared_to_whoever_looks_at_it() -> None:
    fakes = Fakes()

    fakes.resolve(**{"pip": ["rich"], "virtual-packages": {"__glibc": "2.36"}})

    assert fakes.images.declared == ["2.36"]


def test_what_pip_warns_of_is_told_once_and_placed() -> None:
    warning = Diagnostic(code="W321", message="`a` 1 was withdrawn")
    answer = PipResolution(packages=(wheel("rich"),), warnings=(warning,))

    warnings = Fakes(pip=FakePip(lambda _: answer)).resolve(pip=["rich"], platforms=BOTH).warnings

    assert [(one.code, one.labels[0].span.text) for one in warnings] == [("W321", '"pip"')]


def test_a_spec_without_packages_needs_no_solver_and_no_tools() -> None:
    world = Fakes()

    locked = world.resolve(base={"image": "debian:bookworm-slim"}).lock.platforms["linux/amd64"]

    image = "docker.io/library/debian:bookworm-slim"
    assert (locked.python, locked.tools) == (None, Tools(image=image, digest=DIGEST))
    assert (world.pip.requests, world.tools.requests, world.conda.requests) == ([], [], [])


def test_pip_packages_without_any_python_are_refused() -> None:
    world = Fakes(conda=FakeConda(lambda _: CondaResolution(packages=(conda("zlib", "1"),))))

    [problem] = world.fail(conda=["numpy"], pip=["rich"]).diagnostics

    assert (problem.code, problem.labels[0].span.text) == ("E361", '"pip"')


def test_a_conflict_shows_every_requirement_that_causes_it() -> None:
    def conflict(request: CondaRequest) -> Conflict:
        causes = request.requirements[:2]
        return Conflict(message="numpy and pillow clash", explanation="because", causes=causes)

    world = Fakes(conda=FakeConda(conflict))

    error = world.fail(conda=["numpy", "pillow"])

    [problem] = error.diagnostics
    assert isinstance(error, InputError)
    assert (problem.code, problem.message, problem.notes, problem.hint) == (
        "E310",
        "numpy and pillow clash",
        ("because",),
        "relax one of these requirements",
    )
    assert [(label.span.text, label.text) for label in problem.labels] == [
        ('"numpy"', "asks for `numpy`"),
        ('"pillow"', "asks for `pillow`"),
    ]


def test_a_conflict_without_causes_is_shown_at_its_block() -> None:
    world = Fakes(pip=FakePip(lambda _: Conflict(message="no", hint="do that")))

    [problem] = world.fail(pip=["rich"]).diagnostics

    assert (problem.code, problem.hint, problem.labels[0].span.text) == ("E320", "do that", '"pip"')


def test_tools_that_cannot_run_in_their_image_are_our_own_diagnostic() -> None:
    world = Fakes(tools=FakePip(lambda _: Conflict(message="no wheel fits", explanation="musl")))

    [problem] = world.fail(pip=["rich"]).diagnostics

    assert (problem.code, problem.notes) == ("E362", ("musl",))


AMD64, ARM64 = BOTH = ["linux/amd64", "linux/arm64"]


def test_every_platform_is_asked_for_itself() -> None:
    world = Fakes()

    lock = world.resolve(conda=["numpy"], pip=["rich"], platforms=BOTH).lock

    assert list(lock.platforms) == BOTH
    assert sorted(request.platform.subdir for request in world.conda.requests) == [
        "linux-64",
        "linux-aarch64",
    ]


def test_the_same_problem_on_two_platforms_is_told_once() -> None:
    world = Fakes(pip=FakePip(lambda _: Conflict(message="no", explanation="because")))

    [problem] = world.fail(pip=["rich"], platforms=BOTH).diagnostics

    assert problem.notes == ("because",)


def test_a_problem_of_one_platform_names_it() -> None:
    def only_on_arm(request: PipRequest) -> PipResolution | Conflict:
        if request.platform.architecture == "arm64":
            return Conflict(message="no wheel")
        return PipResolution(packages=())

    world = Fakes(pip=FakePip(only_on_arm))

    [problem] = world.fail(pip=["rich"], platforms=BOTH).diagnostics

    assert problem.notes == ("only on linux/arm64",)


def test_a_wrong_spec_is_told_before_a_failed_tool() -> None:
    def fail(request: PipRequest) -> PipResolution | Conflict:
        if request.platform.architecture == "arm64":
            raise ToolError([Diagnostic(code="E335", message="the index is down")])
        return Conflict(message="no")

    assert [
        p.code for p in Fakes(pip=FakePip(fail)).fail(pip=["rich"], platforms=BOTH).diagnostics
    ] == ["E320"]


def test_what_had_to_be_assumed_is_told_once() -> None:
    warning = Diagnostic(code="W370", message="nobody could look")
    world = Fakes(images=FakeImages(warnings=(warning,)))

    assert world.resolve(pip=["rich"], platforms=BOTH).warnings == (warning,)


def test_each_platform_is_asked_for_what_is_for_it() -> None:
    world = Fakes()

    world.resolve(
        platforms=BOTH,
        conda=["numpy", {"package": "pillow", "on": AMD64}],
        pip=[{"package": "six", "on": ARM64}, "rich"],
    )

    assert {
        request.platform.name: [one.text for one in request.requirements]
        for request in world.conda.requests
    } == {AMD64: ["numpy", "pillow", "python"], ARM64: ["numpy", "python"]}
    asked = {request.platform.name: request for request in world.pip.requests}
    assert {
        name: [(one.text, one.span.text if one.span else "") for one in request.requirements]
        for name, request in asked.items()
    } == {AMD64: [("rich", '"rich"')], ARM64: [("six", '"six"'), ("rich", '"rich"')]}


def test_what_is_implied_is_implied_for_each_platform() -> None:
    world = Fakes()

    locked = world.resolve(
        platforms=BOTH, conda=["numpy"], pip=[{"package": "rich", "on": ARM64}]
    ).lock

    assert {
        request.platform.name: [one.text for one in request.requirements]
        for request in world.conda.requests
    } == {AMD64: ["numpy"], ARM64: ["numpy", "python"]}
    assert [request.platform.name for request in world.pip.requests] == [ARM64]
    assert {name: len(one.pip) for name, one in locked.platforms.items()} == {AMD64: 0, ARM64: 1}


def test_a_platform_takes_the_local_wheels_that_are_for_it() -> None:
    def local(path: str) -> LocalWheel:
        return LocalWheel(path=path, file=Path(path), sha256="e" * 64, size=1)

    paths = ["a/pets-1-py3-none-any.whl", "b/pets-1-py3-none-any.whl", "dogs-1-py3-none-any.whl"]
    world = Fakes(wheels=tuple(map(local, paths)))

    world.resolve(
        platforms=BOTH,
        pip={
            "wheels": [
                {"wheel": f"./{paths[0]}", "on": AMD64},
                {"wheel": paths[1], "on": ARM64},
                paths[2],
            ]
        },
    )

    assert {
        request.platform.name: [
            (one.path, one.span.text if one.span else "") for one in request.wheels
        ]
        for request in world.pip.requests
    } == {
        AMD64: [(paths[0], f'"./{paths[0]}"'), (paths[2], f'"{paths[2]}"')],
        ARM64: [(paths[1], f'"{paths[1]}"'), (paths[2], f'"{paths[2]}"')],
    }


def test_python_may_come_from_conda_on_one_platform_and_from_the_base_on_the_other() -> None:
    world = Fakes()

    locked = world.resolve(
        platforms=BOTH,
        base={"image": "python:3.12-slim"},
        conda=[{"package": "numpy", "on": AMD64}],
        pip=["rich"],
    ).lock

    assert {name: one.python for name, one in locked.platforms.items()} == {
        AMD64: Python(version="3.13.1", origin="conda"),
        ARM64: Python(version="3.12.7", origin="base"),
    }
    assert sorted(world.images.asked) == [
        ("python:3.12-slim", False, None),
        ("python:3.12-slim", True, None),
    ]


def test_all_platforms_have_the_same_default_base_whose_python_is_used_only_where_it_is_needed() -> (
    None
):
    world = Fakes()

    locked = world.resolve(platforms=BOTH, conda=[{"package": "numpy", "on": AMD64}]).lock

    assert world.images.asked == [("debian:bookworm-slim", False, None)] * 2
    assert locked.platforms[ARM64].python is None
    assert locked.platforms[ARM64].tools.packages == {}


def test_a_base_without_the_python_that_one_platform_needs_says_that_conda_brings_none_there() -> (
    None
):
    world = Fakes(images=FakeImages(python=None, refuses_python=True))

    [problem] = world.fail(
        platforms=BOTH, conda=[{"package": "numpy", "on": AMD64}], pip=["rich"]
    ).diagnostics

    assert (problem.code, problem.notes) == ("E372", ("only on linux/arm64",))
    assert [(label.span.text, label.text) for label in problem.labels] == [
        ('"conda"', f"none of these is for `{ARM64}`, whose Python has to be the base's")
    ]


def test_only_the_solver_whose_question_is_another_one_is_asked_again() -> None:
    old = Fakes().resolve(conda=["numpy"], pip=["rich"]).lock
    fakes = Fakes(keeping=Keeping(lock=old))

    fakes.resolve(conda=["numpy"], pip=["rich", "tomli"])

    asked = (fakes.images.asked, fakes.conda.requests, fakes.tools.requests)
    assert asked == ([], [], [])
    [request] = fakes.pip.requests
    assert request.preferred == (wheel("rich"),)


def test_a_conda_package_more_lets_the_others_be_preferred() -> None:
    old = Fakes().resolve(conda=["numpy"]).lock
    fakes = Fakes(keeping=Keeping(lock=old))

    fakes.resolve(conda=["numpy", "scipy"])

    [request] = fakes.conda.requests
    assert [one.name for one in request.preferred] == ["numpy", "python"]
    assert fakes.images.asked == []


def test_a_conda_package_that_is_to_move_is_pinned_to_what_it_would_be_anew() -> None:
    old = Fakes().resolve(conda=["numpy"]).lock
    fakes = Fakes(keeping=Keeping(lock=old, moving=frozenset({"numpy"})))

    fakes.resolve(conda=["numpy"])

    first, second = fakes.conda.requests
    assert (first.preferred, first.constraints) == ((), ())
    assert [one.name for one in second.preferred] == ["python"]
    assert [one.text for one in second.constraints] == ["numpy ==2.0 0"]


def test_a_solver_that_keeps_nothing_says_so() -> None:
    old = Fakes().resolve(conda=["numpy"]).lock
    fakes = Fakes(keeping=Keeping(lock=old))
    fakes.conda.keeps_pins = False

    warnings = fakes.resolve(conda=["numpy", "scipy"]).warnings

    assert [(one.code, one.labels[0].span.text) for one in warnings] == [("W460", '"conda"')]
    assert fakes.conda.requests[0].preferred == ()


@pytest.mark.parametrize(
    ("then", "now", "asked"),
    [
        ({}, {}, []),
        ({"base": {"image": "pets:1"}}, {"base": {"image": "pets:1"}}, []),
        ({"base": {"image": "pets:1"}}, {"base": {"image": "pets:2"}}, ["pets:2"]),
        ({"python": "3.12"}, {"python": "3.12.7"}, ["python:3.12.7-slim-bookworm"]),
        (
            {"base": {"image": "pets:1"}, "python": "3.12"},
            {"base": {"image": "pets:1"}, "python": "3"},
            [f"pets:1@{DIGEST}"],
        ),
    ],
)
def test_a_base_is_asked_again_only_where_its_reference_or_its_python_is_another(
    then: dict[str, object], now: dict[str, object], asked: list[str]
) -> None:
    old = Fakes().resolve(pip=["rich"], **then).lock
    fakes = Fakes(keeping=Keeping(lock=old))

    fakes.resolve(pip=["rich"], **now)

    assert [name for name, _, _ in fakes.images.asked] == asked


def test_tags_are_asked_again_where_images_are_not_to_be_kept() -> None:
    old = Fakes().resolve(pip=["rich"]).lock
    fakes = Fakes(keeping=Keeping(lock=old, keeps_images=False))

    fakes.resolve(pip=["rich"])

    assert len(fakes.images.asked) == 1
    assert fakes.pip.requests == []


def test_local_wheels_that_have_changed_are_resolved_again() -> None:
    local = PipPackage(name="rich", version="1", path="dist/rich.whl", sha256="b" * 64)
    answer = FakePip(lambda _: PipResolution(packages=(local,)))
    old = Fakes(pip=answer).resolve(pip=["rich"]).lock
    fakes = Fakes(keeping=Keeping(lock=old, wheels={"dist/rich.whl": "c" * 64}))

    fakes.resolve(pip=["rich"])

    assert len(fakes.pip.requests) == 1
