"""What a lock's changes look like: columns for people, fields for programs."""

from __future__ import annotations

import pytest

from envc.cli.summary import describe_change, format_size, summarise
from envc.lock.change import Change, changes
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Tools
from envc.lock.package import CondaPackage, PipPackage


def conda(name: str, version: str, build: str, size: int | None) -> CondaPackage:
    return CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir="noarch",
        channel="https://conda.example/main",
        url=f"https://conda.example/main/noarch/{name}-{version}-{build}.conda",
        sha256="c" * 64,
        size=size,
    )


def pip(name: str, version: str, size: int | None) -> PipPackage:
    url = f"https://files.example/{name}-{version}-py3-none-any.whl"
    return PipPackage(name=name, version=version, url=url, sha256="b" * 64, size=size)


def lock_of(*platforms: tuple[tuple[CondaPackage, ...], tuple[PipPackage, ...]]) -> Lock:
    digest = "sha256:" + "a" * 64
    names = ("linux/amd64", "linux/arm64")
    return Lock(
        intent=Intent(base="docker.io/library/debian:12"),
        platforms={
            name: PlatformLock(
                base=BaseImage(image="docker.io/library/debian:12", digest=digest, glibc="2.36"),
                tools=Tools(image="docker.io/library/debian:12", digest=digest),
                conda=one[0],
                pip=one[1],
            )
            for name, one in zip(names, platforms, strict=False)
        },
    )


def lines(old: Lock | None, new: Lock) -> list[str]:
    return list(summarise(new, changes(old, new), is_new=old is None))


def test_what_moved_is_told_in_columns_with_sizes_and_totals() -> None:
    old = lock_of(
        (
            (conda("numpy", "1.26.4", "py_0", 7_000_000), conda("zlib", "1.3", "h_0", 90_000)),
            (pip("idna", "3.7", 70_000), pip("six", "1.17", 11_000)),
        )
    )
    new = lock_of(
        (
            (conda("numpy", "2.0.1", "py_0", 8_200_000), conda("zlib", "1.3", "h_1", 90_500)),
            (pip("rich", "14.0", 243_000), pip("six", "1.16", 11_000)),
        )
    )

    assert lines(old, new) == [
        "up       conda  numpy  1.26.4 -> 2.0.1     +1.2 MB",
        "changed  conda  zlib   1.3 h_0 -> 1.3 h_1  +500 B",
        "removed  pip    idna   3.7                 -70 kB",
        "added    pip    rich   14.0                +243 kB",
        "down     pip    six    1.17 -> 1.16        +0 B",
        "linux/amd64: 2 Conda and 2 pip packages, 8.5 MB "
        "(1 removed, 1 added, 1 up, 1 down, 1 changed, +1.4 MB)",
    ]


def test_a_change_that_platforms_share_is_one_line() -> None:
    old = lock_of(((), (pip("six", "1.16", 10),)), ((), (pip("six", "1.16", 10),)))
    new = lock_of(
        ((), (pip("rich", "14.0", None), pip("six", "1.17", 12))), ((), (pip("six", "1.17", 15),))
    )

    assert lines(old, new) == [
        "added  pip  rich  14.0                        only linux/amd64",
        "up     pip  six   1.16 -> 1.17  +2 B to +5 B",
        "linux/amd64: 0 Conda and 2 pip packages (1 added, 1 up)",
        "linux/arm64: 0 Conda and 1 pip packages, 15 B (1 up, +5 B)",
    ]


def test_a_platform_that_comes_or_goes_is_one_line() -> None:
    numpy, six = conda("numpy", "2.0", "py_0", 8_000_000), pip("six", "1.16", 11_000)
    both = lock_of(((numpy,), (six,)), ((numpy,), (six,)))
    one = lock_of(((numpy,), (pip("six", "1.17", 12_000),)))

    assert lines(both, one) == [
        "up  pip  six  1.16 -> 1.17  +1.0 kB",
        "linux/amd64: 1 Conda and 1 pip packages, 8.0 MB (1 up, +1.0 kB)",
        "linux/arm64: no longer locked (2 packages, -8.0 MB)",
    ]
    assert lines(one, both) == [
        "down  pip  six  1.17 -> 1.16  -1.0 kB",
        "linux/amd64: 1 Conda and 1 pip packages, 8.0 MB (1 down, -1.0 kB)",
        "linux/arm64: 1 Conda and 1 pip packages, 8.0 MB (new)",
    ]


def test_a_platform_with_another_base_is_not_new() -> None:
    old, new = lock_of(((), ())), lock_of(((), ()))
    (name, locked), image = next(iter(new.platforms.items())), "docker.io/library/ubuntu:24.04"
    base = locked.base.model_copy(update={"image": image})
    moved = new.model_copy(update={"platforms": {name: locked.model_copy(update={"base": base})}})

    assert lines(old, moved) == [
        "removed  base  docker.io/library/debian:12     aaaaaaaaaaaa",
        "added    base  docker.io/library/ubuntu:24.04  aaaaaaaaaaaa",
        "linux/amd64: 0 Conda and 0 pip packages",
    ]


def test_of_a_new_lock_only_the_totals_are_told() -> None:
    new = lock_of(((), (pip("six", "1.17", 11_000),)))

    assert lines(None, new) == ["linux/amd64: 0 Conda and 1 pip packages, 11 kB"]


@pytest.mark.parametrize(
    ("old", "new", "move"),
    [
        ("1.9", "1.10", "up"),
        ("2.0rc1", "2.0", "up"),
        ("1.1.1w h_0", "1.1.1a h_0", "down"),
        ("9d h_0", "9e h_0", "up"),
        ("2024a h_0", "2024b h_0", "up"),
        ("1.0 h_0", "1.0 h_1", "other"),
        (None, "1.0", "added"),
        ("1.0", None, "removed"),
    ],
)
def test_a_change_has_a_direction(old: str | None, new: str | None, move: str) -> None:
    change = Change(platform="linux/amd64", kind="conda", name="tzdata", old=old, new=new)

    assert change.move == move
    assert describe_change(change)["move"] == move


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (45_600_000, "46 MB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert format_size(size) == text
