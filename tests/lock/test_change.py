"""Changes between two locks, as a person would say them."""

from __future__ import annotations

from envc.lock.change import Change, changes, size_of
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Tools
from envc.lock.package import CondaPackage, PipPackage, SourcePackage


def pip(name: str, version: str, sha256: str = "b") -> PipPackage:
    url = f"https://files.example/{name}-{version}-py3-none-any.whl"
    return PipPackage(name=name, version=version, url=url, sha256=sha256 * 64)


def conda(name: str, build: str) -> CondaPackage:
    return CondaPackage(
        name=name,
        version="1.0",
        build=build,
        subdir="noarch",
        channel="https://conda.example/main",
        url=f"https://conda.example/main/noarch/{name}-1.0-{build}.conda",
        sha256="c" * 64,
    )


def lock_of(*packages: PipPackage | CondaPackage, base: str = "a") -> Lock:
    platform = PlatformLock(
        base=BaseImage(image="debian:bookworm", digest=f"sha256:{base * 64}", glibc="2.36"),
        tools=Tools(image="python:3.12", digest="sha256:" + "a" * 64),
        conda=tuple(package for package in packages if isinstance(package, CondaPackage)),
        pip=tuple(package for package in packages if isinstance(package, PipPackage)),
    )
    return Lock(intent=Intent(base="debian:bookworm"), platforms={"linux/amd64": platform})


def change(kind: str, name: str, old: str | None, new: str | None) -> Change:
    return Change(platform="linux/amd64", kind=kind, name=name, old=old, new=new)


def test_equal_locks_have_no_changes() -> None:
    assert changes(lock_of(pip("six", "1.17")), lock_of(pip("six", "1.17"))) == ()


def test_packages_come_go_and_move() -> None:
    old = lock_of(pip("gone", "1"), pip("six", "1.16"), conda("python", "h1_0"))
    new = lock_of(pip("came", "2"), pip("six", "1.17"), conda("python", "h2_0"))

    assert changes(old, new) == (
        change("conda", "python", "1.0 h1_0", "1.0 h2_0"),
        change("pip", "came", None, "2"),
        change("pip", "gone", "1", None),
        change("pip", "six", "1.16", "1.17"),
    )


def test_the_same_version_with_other_bytes_is_a_change() -> None:
    assert changes(lock_of(pip("six", "1.17")), lock_of(pip("six", "1.17", "d"))) == (
        change("pip", "six", "1.17 (bbbbbbbbbbbb)", "1.17 (dddddddddddd)"),
    )


def test_a_base_that_moved_is_a_change() -> None:
    assert changes(lock_of(), lock_of(base="e")) == (
        change("base", "debian:bookworm", "a" * 12, "e" * 12),
    )


def test_without_an_old_lock_all_is_new() -> None:
    assert changes(None, lock_of(pip("six", "1.17"))) == (
        change("base", "debian:bookworm", None, "a" * 12),
        change("pip", "six", None, "1.17"),
        change("tools", "python:3.12", None, "a" * 12),
    )


def test_another_commit_of_the_same_version_is_told_by_its_hash() -> None:
    def lock_with(commit: str) -> Lock:
        source = SourcePackage(
            name="pets",
            version="1.0",
            kind="git",
            repository="https://git.example/pets.git",
            commit=commit * 40,
            sha256=commit * 64,
            size=7,
            backend="own",
        )
        found = lock_of()
        locked = found.platforms["linux/amd64"].model_copy(update={"sources": (source,)})
        return Lock(intent=found.intent, platforms={"linux/amd64": locked})

    (moved,) = changes(lock_with("a"), lock_with("b"))

    assert (moved.kind, moved.name, moved.old, moved.new, moved.move, moved.growth) == (
        "source",
        "pets",
        "1.0 aaaaaaaaaaaa",
        "1.0 bbbbbbbbbbbb",
        "other",
        0,
    )
    assert size_of(lock_with("a").platforms["linux/amd64"]) == 7
