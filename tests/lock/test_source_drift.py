"""Drift of what is built from its source: named, allowed and changed."""

from __future__ import annotations

import pytest

from envc.lock.drift import drift
from envc.lock.intent import intent
from envc.lock.model import BaseImage, Lock, PlatformLock, Tools
from envc.lock.package import SourcePackage
from envc.source import Source
from envc.spec.load import load
from envc.syntax import parse
from envc.syntax.document import Document

SPEC = """\
environment pets
base image "python:3.12-slim-bookworm"
pip {
    toys ==1.*
    sdist "toys"
    source "libs/pets"
}
"""
DIGEST = "sha256:" + "a" * 64


def lock() -> Lock:
    spec = load(parse(Source(name="pets.envc", text=SPEC)))
    image = "docker.io/library/python:3.12-slim-bookworm"
    pets = SourcePackage(
        name="pets", version="1.0", kind="folder", path="libs/pets", sha256="b" * 64, backend="x"
    )
    platform = PlatformLock(
        base=BaseImage(image=image, digest=DIGEST, glibc="2.36"),
        tools=Tools(image=image, digest=DIGEST, packages={}),
        sources=(pets,),
    )
    return Lock(intent=intent(spec), platforms={"linux/amd64": platform})


def found(text: str, **wheels: str) -> list[tuple[str, str, str]]:
    document = parse(Source(name="pets.envc", text=text))
    problems = drift(
        load(document),
        document,
        lock(),
        wheels={"libs/pets": wheels["sha256"]} if wheels else None,
    )
    return [(one.code, one.message, one.labels[0].span.text) for one in problems]


@pytest.mark.parametrize(
    ("change", "into", "expected"),
    [
        (
            '    source "libs/pets"\n',
            "",
            ("E415", "the lock has the source `libs/pets`, which the spec does not ask for", "pip"),
        ),
        (
            "libs/pets",
            "libs/cats",
            ("E415", "the lock does not know the source `libs/cats`", '"libs/cats"'),
        ),
        (
            '    sdist "toys"\n',
            "",
            ("E420", "the lock lets `toys` come as its source, which the spec does not", "pip"),
        ),
        (
            'sdist "toys"\n',
            'sdist "toys"\n    sdist "Other"\n',
            ("E420", "the lock does not know that `Other` may come as its source", '"Other"'),
        ),
    ],
)
def test_what_may_be_built_is_compared(
    change: str, into: str, expected: tuple[str, str, str]
) -> None:
    assert change in SPEC

    assert expected in found(SPEC.replace(change, into))


def test_a_folder_that_has_changed_is_drift_and_one_that_has_not_is_none() -> None:
    assert found(SPEC, sha256="b" * 64) == []
    assert found(SPEC, sha256="c" * 64) == [
        ("E416", "the source `libs/pets` has changed since it was locked", '"libs/pets"')
    ]


def test_another_name_of_a_repository_is_drift() -> None:
    def parsed(ref: str) -> Document:
        line = f"toys @ git+https://a.example/toys.git{ref}#subdirectory=x"
        return parse(Source(name="pets.envc", text=SPEC.replace("toys ==1.*", line)))

    locked = lock().model_copy(update={"intent": intent(load(parsed("@v1")))})
    sha256 = {"libs/pets": "b" * 64}

    same = drift(load(parsed("@v1")), parsed("@v1"), locked, wheels=sha256)
    (other,) = drift(load(parsed("@v2")), parsed("@v2"), locked, wheels=sha256)

    assert same == ()
    assert other.code == "E410"
    assert other.message == (
        "the spec asks for `toys @ git+https://a.example/toys.git@v2#subdirectory=x`, and the lock was "
        "made for `toys @ git+https://a.example/toys.git@v1#subdirectory=x`"
    )
