"""Limits of a solver's choice: each is in the lock where it counts, and drift is told at its line."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.codec import dumps, loads
from envc.lock.drift import drift
from envc.lock.intent import intent
from envc.lock.model import BaseImage, Intent, Lock, LockFile, PlatformLock, Tools
from envc.lock.package import PipPackage
from envc.spec.load import load
from support.documents import Everything, document

DIGEST = "sha256:" + "a" * 64
SPEC: dict[str, Any] = {
    "environment": "pets",
    "base": {"image": "debian:bookworm-slim"},
    "cuda": "12.4",
    "virtual-packages": {"__glibc": "2.28"},
    "exclude-newer": "2026-01-31",
    "channel-priority": "disabled",
    "conda": {"packages": ["numpy"], "constraints": ["pillow <9"]},
    "pip": {
        "packages": ["rich"],
        "find-links": [{"path": "wheels/"}, {"url": "https://x.example/links/"}],
        "constraints": ["six <2"],
        "overrides": ["protobuf ==4.*"],
    },
}
WHEEL = "wheels/pets-1.0-py3-none-any.whl"


def lock_of(data: dict[str, Any], *wheels: str) -> Lock:
    image = "docker.io/library/debian:bookworm-slim"
    platform = PlatformLock(
        base=BaseImage(image=image, digest=DIGEST, glibc="2.36"),
        tools=Tools(image=image, digest=DIGEST),
        pip=tuple(
            PipPackage(name=f"p{number}", version="1.0", path=path, sha256="b" * 64)
            for number, path in enumerate(wheels)
        ),
    )
    known = intent(load(document(data), vouched=Everything()))
    return Lock(intent=known, platforms={"linux/amd64": platform})


def found(
    data: dict[str, Any], lock: Lock, wheels: dict[str, str | None] | None = None
) -> list[tuple[str, str, str]]:
    written = document(data)
    problems = drift(load(written, vouched=Everything()), written, lock, wheels=wheels)
    return [(one.code, one.message, one.labels[0].span.text) for one in problems]


def changed(*path: str, to: Any) -> dict[str, Any]:
    """Return the spec with another value at a path; None takes it away."""
    first, *rest = path
    inner = changed_in(SPEC[first], rest[0], to) if rest else to
    return changed_in(SPEC, first, inner)


def changed_in(data: dict[str, Any], key: str, to: Any) -> dict[str, Any]:
    kept = {name: value for name, value in data.items() if name != key}
    return kept if to is None else {**kept, key: to}


def test_an_intent_has_all_limits_in_normal_form() -> None:
    known = lock_of(SPEC).intent

    assert known.model_dump(exclude_defaults=True) == {
        "base": "docker.io/library/debian:bookworm-slim",
        "channels": ("https://conda.anaconda.org/conda-forge",),
        "conda": ("numpy",),
        "indexes": ("https://pypi.org/simple",),
        "pip": ("rich",),
        "channel_priority": "disabled",
        "virtual_packages": {"__cuda": "12.4", "__glibc": "2.28"},
        "exclude_newer": "2026-02-01T00:00:00Z",
        "conda_constraints": ("pillow <9",),
        "find_links": ("wheels", "https://x.example/links/"),
        "pip_constraints": ("six<2",),
        "pip_overrides": ("protobuf==4.*",),
    }
    assert known.matchspecs == ("numpy", "pillow <9")


def test_limits_that_nobody_looks_at_are_left_out() -> None:
    assert lock_of({**SPEC, "conda": [], "pip": []}).intent == Intent(
        base="docker.io/library/debian:bookworm-slim"
    )
    of_pip = lock_of({**SPEC, "conda": []}).intent
    assert (of_pip.virtual_packages, of_pip.channel_priority, of_pip.conda_constraints) == (
        {"__glibc": "2.28"},
        None,
        (),
    )
    of_conda = lock_of({**SPEC, "pip": []}).intent
    assert (of_conda.find_links, of_conda.pip_constraints, of_conda.pip_overrides) == ((), (), ())


def test_a_lock_with_limits_is_read_as_it_was_written() -> None:
    file = LockFile.of(lock_of(SPEC, WHEEL))

    assert loads(dumps(file), "pets.lock") == file
    assert file.vouched == ("numpy", "pillow <9")


def test_a_lock_without_limits_does_not_mention_them() -> None:
    text = dumps(LockFile.of(lock_of({"environment": "pets", "pip": ["rich"]})))

    assert not [
        word for word in ("priority", "virtual", "newer", "constr", "links") if word in text
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            changed("conda", "constraints", to=["pillow <10"]),
            [
                (
                    "E420",
                    "the lock has the Conda constraint `pillow <9`, which the spec does not have",
                    '["pillow <10"]',
                ),
                (
                    "E420",
                    "the lock does not know the Conda constraint `pillow <10`",
                    '"pillow <10"',
                ),
            ],
        ),
        (
            changed("pip", "constraints", to=["six <2", "idna <3"]),
            [("E420", "the lock does not know the pip constraint `idna <3`", '"idna <3"')],
        ),
        (
            changed("pip", "overrides", to=None),
            [
                (
                    "E420",
                    "the lock has the override `protobuf==4.*`, which the spec does not have",
                    '"pip"',
                )
            ],
        ),
        (
            changed("cuda", to="12.1"),
            [("E421", "`__cuda` is `12.1`, and the lock was made for `12.4`", '"12.1"')],
        ),
        (
            changed("cuda", to="none"),
            [("E421", "`__cuda` is not stated, and the lock was made for `12.4`", '"none"')],
        ),
        (
            changed("virtual-packages", to={"__glibc": "2.28", "__linux": "6.1"}),
            [("E421", "`__linux` is `6.1`, and the lock was made without it", '"6.1"')],
        ),
        (
            changed("virtual-packages", to=None),
            [
                (
                    "E421",
                    "`__glibc` is not stated, and the lock was made for `2.28`",
                    '"environment"',
                )
            ],
        ),
        (
            changed("exclude-newer", to="2026-02-01"),
            [
                (
                    "E422",
                    "the spec takes what there was before 2026-02-02T00:00:00Z, and the lock was "
                    "made with what there was before 2026-02-01T00:00:00Z",
                    '"2026-02-01"',
                )
            ],
        ),
        (
            changed("exclude-newer", to=None),
            [
                (
                    "E422",
                    "the spec takes all that there is, and the lock was "
                    "made with what there was before 2026-02-01T00:00:00Z",
                    '"environment"',
                )
            ],
        ),
        (
            changed("channel-priority", to="strict"),
            [
                (
                    "E423",
                    "the priority of channels is `strict`, and the lock was made with `disabled`",
                    '"strict"',
                )
            ],
        ),
        (
            changed("pip", "find-links", to=[{"path": "more"}]),
            [
                (
                    "E411",
                    "the places of `find-links` are not those of the lock",
                    '[{ "path": "more"}]',
                )
            ],
        ),
    ],
)
def test_drift_of_a_limit_is_told_where_the_spec_says_otherwise(
    data: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert found(data, lock_of(SPEC)) == expected


@pytest.mark.parametrize(
    "data",
    [
        changed("exclude-newer", to="2026-02-01T01:00:00+01:00"),
        changed("conda", "constraints", to=["Pillow<9"]),
        changed("pip", "constraints", to=["SIX<2"]),
        changed(
            "pip", "find-links", to=[{"path": "./wheels"}, {"url": "https://X.example/links/"}]
        ),
    ],
)
def test_a_limit_in_other_words_does_not_drift(data: dict[str, Any]) -> None:
    assert found(data, lock_of(SPEC)) == []


def test_a_locked_wheel_of_find_links_that_changed_or_vanished_has_drifted() -> None:
    lock = lock_of(SPEC, WHEEL)

    assert found(SPEC, lock, {WHEEL: "b" * 64}) == []
    assert found(SPEC, lock, {WHEEL: "c" * 64}) == [
        ("E416", f"the wheel `{WHEEL}` has changed since it was locked", '"wheels/"')
    ]
    assert found(SPEC, lock, {WHEEL: None}) == [
        ("E415", f"the lock has the wheel `{WHEEL}`, which is not there any more", '"wheels/"')
    ]
    assert found(SPEC, lock) == []


def test_another_word_on_what_a_package_is_for_pip_is_drift() -> None:
    known = changed("distributions", to={"pytorch-gpu": "Torch", "odd": "none"})
    now = changed("distributions", to={"pytorch-gpu": "pytorch"})
    file = LockFile.of(lock_of(known))

    assert loads(dumps(file), "pets.lock") == file
    assert found(known, lock_of(known)) == []
    assert found(now, lock_of(known)) == [
        (
            "E424",
            "`odd` has no name for pip, and the lock was made for `none`",
            '"distributions"',
        ),
        (
            "E424",
            "`pytorch-gpu` is `pytorch` for pip, and the lock was made for `torch`",
            '"pytorch"',
        ),
    ]
