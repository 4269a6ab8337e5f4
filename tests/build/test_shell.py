"""Bases without a shell: known before anything is built, where anybody can look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from envc.build.shell import PinnedBase, refuse_shellless
from envc.diagnostics import Diagnostic
from envc.engine.facts import EngineFacts
from envc.engine.lookup import LocalImage
from envc.errors import InputError, ToolError
from envc.platform import PLATFORMS, Platform
from envc.reference import ImageReference

DIGEST = "sha256:" + "d" * 64
BASE = PinnedBase(
    name="pets:1",
    source=ImageReference.parse(f"docker.io/library/pets@{DIGEST}"),
    platform=PLATFORMS["linux/arm64"],
    span=None,
)


@dataclass
class FakeEngine:
    """An engine with one image, or that gets one."""

    holds: tuple[str, ...] = ("/bin/sh",)
    own: str | None = "linux/arm64"
    has_manifests: bool = True
    fails: bool = False
    looked: list[str] = field(default_factory=list)

    def describe(self) -> EngineFacts:
        return EngineFacts(
            version="28",
            api="1.51",
            platform="linux/amd64",
            has_manifests=self.has_manifests,
            has_nvidia=False,
            root="/nowhere",
            is_local=True,
        )

    def find(self, name: str) -> LocalImage | None:
        if self.own is None:
            return None
        return LocalImage(id="x", digest=DIGEST, labels={}, platform=self.own, size_bytes=1)

    def read_folders(
        self,
        reference: ImageReference,
        platform: Platform,
        paths: Sequence[str],
        *,
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, bytes]:
        self.looked.append(f"{reference} {platform.name}")
        if self.fails:
            raise ToolError([Diagnostic(code="E604", message="no")])
        return {path: b"" for path in paths if path in self.holds}


def test_a_base_without_a_shell_is_refused() -> None:
    engine = FakeEngine(holds=())

    with pytest.raises(InputError) as caught:
        refuse_shellless([BASE], engine, may_fetch=False)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "E375",
        "the base `pets:1` has no `/bin/sh` for `linux/arm64`, and images with Conda packages need one",
    )
    assert engine.looked == [f"docker.io/library/pets@{DIGEST} linux/arm64"]


@pytest.mark.parametrize(
    ("engine", "may_fetch", "looks"),
    [
        pytest.param(FakeEngine(), False, 1, id="has a shell"),
        pytest.param(FakeEngine(holds=(), fails=True), True, 1, id="cannot be read"),
        pytest.param(FakeEngine(holds=(), own=None), False, 0, id="nothing may be fetched"),
        pytest.param(
            FakeEngine(holds=(), own="linux/amd64", has_manifests=False),
            True,
            0,
            id="would be fetched twice",
        ),
    ],
)
def test_what_nobody_can_tell_is_left_to_the_checks(
    engine: FakeEngine, may_fetch: bool, looks: int
) -> None:
    refuse_shellless([BASE], engine, may_fetch=may_fetch)

    assert len(engine.looked) == looks


def test_what_the_build_fetches_for_the_engine_is_fetched_before() -> None:
    engine = FakeEngine(holds=(), own=None)

    with pytest.raises(InputError):
        refuse_shellless([BASE], engine, may_fetch=True)

    assert len(engine.looked) == 1
