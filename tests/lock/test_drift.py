"""Drift: what is resolved and differs is told at its line, and what is not resolved does not matter."""

from __future__ import annotations

import pytest

from envc.lock.drift import drift
from envc.lock.intent import intent
from envc.lock.model import BaseImage, Intent, Lock, LockFile, PlatformLock, Tools
from envc.lock.package import PipPackage
from envc.source import Source
from envc.spec.load import load
from envc.spec.model import EnvSpec
from envc.syntax import parse
from envc.syntax.document import Document
from support.composing import composed
from support.documents import Everything

DIGEST = "sha256:" + "a" * 64
SPEC = """\
environment: pets
base: {image: "debian:bookworm-slim"}
python: "3.12"
platforms: [linux/amd64]
channels: [conda-forge]
conda:
  - numpy >=1.26,<2
  - pillow
pip:
  indexes: [{url: "https://pypi.org/simple"}]
  packages: [rich ==14.*]
  wheels: [dist/pets-1.0-py3-none-any.whl]
variables: {A: "1"}
"""
WHEEL = "dist/pets-1.0-py3-none-any.whl"


def read(text: str, name: str = "pets.yaml") -> tuple[EnvSpec, Document]:
    document = parse(Source(name=name, text=text))
    return load(document, vouched=("numpy <2,>=1.26", "numpy ==2", "pillow", "scipy")), document


def lock_of(text: str) -> Lock:
    spec, _ = read(text)
    wheels = tuple(
        PipPackage(name="pets", version="1.0", path=path, sha256="b" * 64)
        for path in intent(spec).wheels
    )
    platform = PlatformLock(
        base=BaseImage(image="docker.io/library/debian:bookworm-slim", digest=DIGEST, glibc="2.36"),
        tools=Tools(image="docker.io/library/python:3.12", digest=DIGEST),
        pip=wheels,
    )
    return Lock(intent=intent(spec), platforms=dict.fromkeys(spec.platforms, platform))


def found(text: str, lock: Lock, **wheels: str) -> list[tuple[str, str, str]]:
    spec, document = read(text)
    problems = drift(spec, document, lock, wheels={WHEEL: wheels["sha256"]} if wheels else None)
    assert {problem.hint for problem in problems} <= {"run `envc lock pets.yaml`"}
    return [
        (problem.code, problem.message, problem.labels[0].span.text.strip()) for problem in problems
    ]


def test_an_intent_is_the_resolved_part_in_normal_form() -> None:
    spec, _ = read(SPEC)

    assert intent(spec) == Intent(
        base="docker.io/library/debian:bookworm-slim",
        python="3.12",
        channels=("https://conda.anaconda.org/conda-forge",),
        conda=("numpy <2,>=1.26", "pillow"),
        indexes=("https://pypi.org/simple",),
        pip=("rich==14.*",),
        wheels=(WHEEL,),
    )


def test_what_is_never_asked_has_no_address_in_the_intent() -> None:
    spec, _ = read("environment: pets\n")

    assert intent(spec) == Intent(base="docker.io/library/python:3.12-slim-bookworm")


@pytest.mark.parametrize(
    ("change", "into"),
    [
        ("environment: pets", "environment: dogs"),
        ('variables: {A: "1"}', "variables: {B: '2'}\nuser: root\ncheck: {import: [numpy]}"),
        ("numpy >=1.26,<2", "NumPy  <2, >=1.26"),
        ("  - numpy >=1.26,<2\n  - pillow", "  - pillow\n  - numpy >=1.26,<2"),
        ("[rich ==14.*]", "['Rich==14.*']"),
        ("channels: [conda-forge]", "channels: ['https://conda.anaconda.org/conda-forge/']"),
        ("[dist/pets", "[./dist/pets"),
        ("conda:\n  - numpy", "conda:\n# a comment\n  - numpy"),
    ],
)
def test_what_means_the_same_or_is_not_resolved_does_not_drift(change: str, into: str) -> None:
    assert change in SPEC

    assert found(SPEC.replace(change, into), lock_of(SPEC)) == []


@pytest.mark.parametrize(
    ("change", "into", "expected"),
    [
        (
            "numpy >=1.26,<2",
            "numpy ==2",
            (
                "E410",
                "the spec asks for `numpy ==2`, and the lock was made for `numpy <2,>=1.26`",
                "numpy ==2",
            ),
        ),
        (
            "- pillow",
            "- pillow\n  - scipy",
            ("E410", "the lock does not know the Conda package `scipy`", "scipy"),
        ),
        (
            "\n  - pillow",
            "",
            (
                "E410",
                "the lock has the Conda package `pillow`, which the spec does not ask for",
                "conda",
            ),
        ),
        (
            "rich ==14.*",
            "rich ==15.*",
            (
                "E410",
                "the spec asks for `rich ==15.*`, and the lock was made for `rich==14.*`",
                "rich ==15.*",
            ),
        ),
        (
            "[conda-forge]",
            "[bioconda, conda-forge]",
            ("E411", "the channels are not those of the lock", "[bioconda, conda-forge]"),
        ),
        (
            "https://pypi.org/simple",
            "https://pypi.example.com/simple",
            (
                "E411",
                "the package indexes are not those of the lock",
                '[{url: "https://pypi.example.com/simple"}]',
            ),
        ),
        (
            "debian:bookworm-slim",
            "debian:trixie-slim",
            (
                "E412",
                "the base is `docker.io/library/debian:trixie-slim`, and the lock was made for "
                "`docker.io/library/debian:bookworm-slim`",
                '"debian:trixie-slim"',
            ),
        ),
        (
            '"3.12"',
            '"3.13"',
            ("E413", "Python is `3.13`, and the lock was made for `3.12`", '"3.13"'),
        ),
        (
            'python: "3.12"\n',
            "",
            ("E413", "Python is not named, and the lock was made for `3.12`", "environment"),
        ),
        (
            "[linux/amd64]",
            "[linux/amd64, linux/arm64]",
            ("E414", "the lock does not know the platform `linux/arm64`", "linux/arm64"),
        ),
        (
            "[linux/amd64]",
            "[linux/arm64]",
            (
                "E414",
                "the lock has the platform `linux/amd64`, which the spec does not ask for",
                "platforms",
            ),
        ),
        (
            "dist/pets-1.0",
            "dist/pets-2.0",
            (
                "E415",
                "the lock does not know the wheel `dist/pets-2.0-py3-none-any.whl`",
                "dist/pets-2.0-py3-none-any.whl",
            ),
        ),
    ],
)
def test_drift_is_told_where_the_spec_says_otherwise(
    change: str, into: str, expected: tuple[str, str, str]
) -> None:
    assert change in SPEC

    assert expected in found(SPEC.replace(change, into), lock_of(SPEC))


def test_a_wheel_that_was_built_again_has_drifted() -> None:
    lock = lock_of(SPEC)

    assert found(SPEC, lock, sha256="b" * 64) == []
    assert found(SPEC, lock, sha256="c" * 64) == [
        ("E416", f"the wheel `{WHEEL}` has changed since it was locked", WHEEL)
    ]


def test_all_drift_is_told_at_once_in_the_order_of_the_spec() -> None:
    text = SPEC.replace("debian:bookworm", "debian:trixie").replace("rich", "poor")

    assert [code for code, _, _ in found(text, lock_of(SPEC))] == ["E412", "E410", "E410"]


SELECTED = """\
environment: pets
base: {image: "debian:bookworm-slim"}
platforms: [linux/amd64, linux/arm64]
channels: [conda-forge]
conda:
  - {package: "numpy >=1.26,<2", on: linux/amd64}
  - {package: numpy ==2, on: linux/arm64}
  - pillow
pip:
  packages: [{package: rich, on: linux/arm64}]
  wheels: [{wheel: dist/pets-1.0-py3-none-any.whl, on: linux/amd64}]
"""


def test_an_intent_says_what_is_for_some_platforms_only() -> None:
    spec, _ = read(SELECTED)

    wanted = intent(spec)

    assert (wanted.conda, wanted.pip, wanted.wheels) == (
        ("numpy <2,>=1.26 on linux/amd64", "numpy ==2 on linux/arm64", "pillow"),
        ("rich on linux/arm64",),
        (f"{WHEEL} on linux/amd64",),
    )


def test_a_lock_vouches_for_what_is_for_some_platforms_only() -> None:
    assert LockFile.of(lock_of(SELECTED)).vouched == ("numpy <2,>=1.26", "numpy ==2", "pillow")


def test_how_selectors_are_ordered_and_written_is_no_drift() -> None:
    text = SELECTED.replace("  - pillow\n", "").replace(
        "conda:\n",
        "conda:\n"
        "  - {package: pillow, on: linux/arm64}\n"
        "  - {package: Pillow, on: linux/amd64}\n"
        "  - {package: 'numpy <2, >=1.26', on: linux/amd64}\n",
    )
    text = text.replace('  - {package: "numpy >=1.26,<2", on: linux/amd64}\n', "")

    assert found(text, lock_of(SELECTED)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "numpy ==2, on",
            "scipy, on",
            [
                (
                    "E410",
                    "the lock has the Conda package `numpy ==2 on linux/arm64`, "
                    "which the spec does not ask for",
                    "conda",
                ),
                (
                    "E410",
                    "the lock does not know the Conda package `scipy on linux/arm64`",
                    "scipy",
                ),
            ],
        ),
        (
            "  - pillow\n",
            "  - {package: pillow, on: linux/arm64}\n",
            [
                (
                    "E410",
                    "the spec asks for `pillow on linux/arm64`, and the lock was made for `pillow`",
                    "pillow",
                )
            ],
        ),
        (
            '"numpy >=1.26,<2", on: linux/amd64',
            "numpy ==2, on: linux/amd64",
            [
                (
                    "E410",
                    "the spec asks for `numpy ==2 on linux/amd64`, "
                    "and the lock was made for `numpy <2,>=1.26 on linux/amd64`",
                    "numpy ==2",
                ),
            ],
        ),
        (
            "{package: rich, on: linux/arm64}",
            "rich",
            [
                (
                    "E410",
                    "the spec asks for `rich`, and the lock was made for `rich on linux/arm64`",
                    "rich",
                )
            ],
        ),
        (
            "whl, on: linux/amd64",
            "whl, on: linux/arm64",
            [
                (
                    "E415",
                    f"the spec asks for `{WHEEL} on linux/arm64`, "
                    f"and the lock was made for `{WHEEL} on linux/amd64`",
                    WHEEL,
                )
            ],
        ),
    ],
    ids=["other package", "now for one", "both the same", "now for all", "wheel"],
)
def test_what_a_selector_changes_is_told_at_its_line(
    old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    assert old in SELECTED

    assert found(SELECTED.replace(old, new), lock_of(SELECTED)) == expected


def test_what_is_for_a_platform_that_only_one_of_both_has_is_told_with_the_platform() -> None:
    fewer = SELECTED.replace(", linux/arm64]", "]")
    fewer = "".join(line for line in fewer.splitlines(True) if "linux/arm64" not in line)

    assert found(fewer, lock_of(SELECTED)) == [
        (
            "E414",
            "the lock has the platform `linux/arm64`, which the spec does not ask for",
            "platforms",
        )
    ]
    assert found(SELECTED, lock_of(fewer)) == [
        ("E414", "the lock does not know the platform `linux/arm64`", "linux/arm64")
    ]


def test_what_a_parameter_has_to_do_with_it_is_told() -> None:
    text = SPEC.replace("pillow", "${{ x }}") + "params: {x: scipy}\n"
    document = composed({"spec.yaml": text}).variants[""].document

    problems = drift(load(document, vouched=Everything()), document, lock_of(SPEC))

    assert [[(label.span.text, label.text) for label in one.labels] for one in problems] == [
        [("conda", "")],
        [("${{ x }}", ""), ("scipy", "`x` is `scipy`")],
    ]
