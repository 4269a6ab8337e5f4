"""An image in the place of a spec: what is said of names, before any engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspace import EnvcMain

IMAGE = "ghcr.io/team/envs:0123"


@pytest.mark.parametrize("verb", ["build", "hash", "check", "lock", "compile", "verify"])
def test_other_verbs_say_that_they_need_a_spec(envc: EnvcMain, verb: str) -> None:
    words = ["-o", "out"] if verb == "compile" else []

    ran = envc(verb, IMAGE, *words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error[E737]: `{IMAGE}` is an image, not a spec\n"
        f"hint: name the spec that it is made of; `envc run {IMAGE} -- COMMAND` runs in the image\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "a=b"],
        ["--variant", "gpu"],
        ["--templates", "t"],
        ["--vendor", "v"],
        ["--repository", "r"],
        ["--from", "ghcr.io/x"],
        ["--ca-bundle", "f"],
        ["--network", "none"],
        ["--log", "l"],
        ["--builder", "b"],
        ["--cache", "ghcr.io/x/cache"],
    ],
)
def test_options_about_specs_are_refused(envc: EnvcMain, words: list[str]) -> None:
    ran = envc("run", IMAGE, *words, "--", "true")

    told = (
        f"error[E738]: `{words[0]}` is for specs, and `{IMAGE}` is an image\nhint: leave it out\n"
    )
    assert (ran.code, ran.err) == (2, told)


def test_a_platform_that_nobody_knows_is_refused(envc: EnvcMain) -> None:
    ran = envc("run", IMAGE, "--platform", "plan9/mips")

    assert (ran.code, ran.err.splitlines()) == (
        2,
        [
            "error[E739]: `plan9/mips` is no platform that images are for",
            "hint: choose one of `linux/amd64`, `linux/arm64`",
        ],
    )


@pytest.mark.parametrize("name", ["nope.envc", "nope.yaml", "Pets:1"])
def test_what_cannot_be_an_image_is_a_file_that_lacks(envc: EnvcMain, name: str) -> None:
    ran = envc("run", name, "--", "true")

    assert (ran.code, ran.err.startswith("error[E150]")) == (1, True), ran.err


def test_a_label_that_lacks_is_told_without_an_engine(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc", "--label", "prod")

    ran = envc("run", "pets:prd", "--", "true")

    assert (ran.code, ran.err) == (
        2,
        "error[E704]: the environment `pets` has no label `prd`\nhint: did you mean `pets:prod`?\n",
    )


def test_a_file_goes_before_an_image(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets:1").write_text("environment pets\nnonsense\n")

    ran = envc("run", "pets:1", "--", "true")

    assert ran.code == 1
    assert "E736" not in ran.err


def test_an_env_id_is_never_an_image(envc: EnvcMain) -> None:
    ran = envc("run", "0123456789abcdef", "--", "true")

    assert (ran.code, "error[E714]" in ran.err) == (2, True), ran.err
