"""Which platform is built, and what an image must be; that it is built is proved end to end."""

from __future__ import annotations

import pytest

from envc.build.image import Wanted, choose_platform
from envc.errors import UsageError


@pytest.mark.parametrize(
    ("platforms", "asked", "native", "chosen"),
    [
        (("linux/amd64", "linux/arm64"), None, "linux/arm64", "linux/arm64"),
        (("linux/amd64", "linux/arm64"), "linux/amd64", "linux/arm64", "linux/amd64"),
        (("linux/amd64",), None, "linux/arm64", "linux/amd64"),
    ],
)
def test_the_platform_is_the_one_asked_for_or_the_engines_or_the_first(
    platforms: tuple[str, ...], asked: str | None, native: str, chosen: str
) -> None:
    assert choose_platform(platforms, asked, lambda: native) == chosen


def test_a_platform_that_the_spec_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        choose_platform(("linux/amd64",), "linux/arm64", lambda: "linux/amd64")

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "E003",
        "the spec is not for the platform `linux/arm64`",
        "it is for `linux/amd64`: choose one, or add `linux/arm64` to `platforms` and lock again",
    )


def test_no_spec_is_advised_to_have_a_platform_that_there_is_not() -> None:
    with pytest.raises(UsageError) as caught:
        choose_platform(("linux/amd64",), "linux/amd46", lambda: "linux/amd64")

    [problem] = caught.value.diagnostics
    assert (problem.message, problem.hint) == (
        "the spec is not for the platform `linux/amd46`",
        "it is for `linux/amd64`: choose one",
    )


def test_an_image_is_named_by_its_env_id() -> None:
    wanted = Wanted.of("registry.example/pets", "sha256:" + "ab" * 32, "linux/amd64")

    assert wanted.name == "registry.example/pets:" + "ab" * 16
    assert wanted.failed_name == "registry.example/pets:failed-" + "ab" * 16
