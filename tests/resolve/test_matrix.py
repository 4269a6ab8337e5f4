"""All variants of a spec resolved: side by side, and none where one fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.lock.model import BaseImage
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import (
    CondaRequest,
    CondaResolution,
    PipRequest,
    PipResolution,
    Report,
)
from envc.resolve.debian.apt import Apt
from envc.resolve.environment import World
from envc.resolve.image.conclusion import Inspected
from envc.resolve.matrix import Wanted, resolve_variants
from envc.source import Span
from envc.spec.load import load
from support.composing import composed
from support.documents import document

DIGEST = "sha256:" + "a" * 64


@dataclass
class FakeImages:
    """Images without Python, of which some cannot be had, and which say what they are asked."""

    failures: dict[str, EnvcError] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()

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
        report(f"asking for {reference.familiar}")
        if reference.familiar in self.failures:
            raise self.failures[reference.familiar]
        base = BaseImage(image=reference.canonical, digest=DIGEST, glibc="2.36")
        return Inspected(base=base, warnings=self.warnings)

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        raise AssertionError("nothing is installed")


class NoConda:
    """A solver that nothing is asked of."""

    name = "none"
    keeps_pins = True

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution:
        raise AssertionError("nothing is wanted")


class NoPip:
    """As NoConda."""

    name = "none"

    def resolve(self, request: PipRequest, report: Report) -> PipResolution:
        raise AssertionError("nothing is wanted")


def wanted(images: FakeImages, base: str) -> Wanted:
    written = document({"environment": "zoo", "base": {"image": base}})
    world = World(
        images=images,
        conda=NoConda(),
        pip=NoPip(),
        tools=NoPip(),
        system=Apt(engine=lambda: None, environment={}),
        mirrors=MirrorMap(),
    )
    return Wanted(spec=load(written), document=written, world=world)


def problem(code: str, message: str = "m") -> Diagnostic:
    return Diagnostic(code=code, message=message)


def test_each_variant_gets_its_own_lock_in_the_order_given() -> None:
    images = FakeImages()
    variants = {name: wanted(images, f"debian:{name}") for name in ("c", "b", "a", "f", "e", "d")}
    said: list[str] = []

    resolved = resolve_variants(variants, said.append)

    assert [
        (name, one.lock.platforms["linux/amd64"].base.image) for name, one in resolved.items()
    ] == [(name, f"docker.io/library/debian:{name}") for name in variants]
    assert sorted(said) == [f"{name}: asking for debian:{name}" for name in sorted(variants)]


def test_of_a_spec_without_a_matrix_no_variant_is_named() -> None:
    said: list[str] = []

    resolved = resolve_variants({"": wanted(FakeImages(), "debian:12")}, said.append)

    assert (list(resolved), said) == ([""], ["asking for debian:12"])


def test_what_is_wrong_in_any_variant_is_told_once() -> None:
    images = FakeImages(
        failures={
            "debian:1": InputError([problem("E370"), problem("E371")]),
            "debian:2": InputError([problem("E370")]),
            "debian:3": ToolError([problem("E382")]),
        }
    )
    variants = {name: wanted(images, f"debian:{name}") for name in ("1", "2", "3", "4")}

    with pytest.raises(InputError) as caught:
        resolve_variants(variants, lambda _: None)

    assert [(one.code, one.notes) for one in caught.value.diagnostics] == [
        ("E370", ("only in the variants `1` and `2`",)),
        ("E371", ("only in the variant `1`",)),
    ]


def test_the_values_of_parameters_are_told_beside_what_they_cause() -> None:
    text = 'environment: zoo\nparams: {tag: "12"}\nbase: {image: "debian:${{ tag }}"}\n'
    own = composed({"spec.yaml": text}).variants[""].document
    wrong = Diagnostic.at(own.span(("base", "image")), "E370", "m")
    images = FakeImages(failures={"debian:12": InputError([wrong])})
    asked = replace(wanted(images, "debian:12"), spec=load(own), document=own)

    with pytest.raises(InputError) as caught:
        resolve_variants({"": asked}, lambda _: None)

    [problem] = caught.value.diagnostics
    assert [(label.span.text, label.text) for label in problem.labels] == [
        ('"debian:${{ tag }}"', ""),
        ('"12"', "`tag` is `12`"),
    ]


def test_warnings_stay_with_their_variant() -> None:
    images = FakeImages(warnings=(problem("W370"),))

    resolved = resolve_variants({"cpu": wanted(images, "debian:12")}, lambda _: None)

    assert [one.code for one in resolved["cpu"].warnings] == ["W370"]
