"""Wheels in a folder beside the spec, found by the resolver: what the verbs do with those that are locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.files import sha256_of
from envc.lock.codec import dumps
from envc.lock.model import LockFile
from envc.lock.package import PipPackage
from support.index import Dist, write_wheel
from support.workspace import SPEC, EnvcMain, lock_of

TEXT = SPEC.replace("pip { six", 'pip {\n    find-links "wheels/"\n    six').replace(
    "1.17.* }", "1.17.*\n}"
)
WHEEL = "wheels/six-1.17.0-py3-none-any.whl"


@pytest.fixture
def linked(folder: Path) -> Path:
    """The working folder, where the wheel of `six` comes from `wheels/`."""
    wheel = write_wheel(folder / "wheels", Dist(name="six", version="1.17.0"))
    (folder / "wheels" / "other-1.0-py3-none-any.whl").write_bytes(b"nobody wants it")
    lock = lock_of(TEXT)
    package = PipPackage(name="six", version="1.17.0", path=WHEEL, sha256=sha256_of(wheel))
    platforms = {
        name: platform.model_copy(update={"pip": (package,)})
        for name, platform in lock.platforms.items()
    }
    lock = lock.model_copy(update={"platforms": platforms})
    (folder / "pets.envc").write_text(TEXT)
    (folder / "pets.lock").write_text(dumps(LockFile.of(lock)))
    return folder


def test_a_locked_wheel_of_a_folder_reaches_the_build(envc: EnvcMain, linked: Path) -> None:
    assert envc("lock", "--check", "pets.envc").code == 0

    ran = envc("compile", "pets.envc", "-o", "out")

    assert (ran.code, ran.err) == (0, ran.err)
    built = linked / "out" / "wheels"
    assert [file.name for file in built.iterdir()] == ["six-1.17.0-py3-none-any.whl"]
    assert sha256_of(built / "six-1.17.0-py3-none-any.whl") == sha256_of(linked / WHEEL)


@pytest.mark.parametrize(
    ("verb", "code"), [(("lock", "--check"), 4), (("compile", "-o", "out"), 1), (("hash",), 1)]
)
def test_a_locked_wheel_that_changed_has_drifted(
    verb: tuple[str, ...], code: int, envc: EnvcMain, linked: Path
) -> None:
    assert envc("hash", "pets.envc").code == 0  # and is remembered
    (linked / WHEEL).write_bytes(b"another")

    ran = envc(*verb, "pets.envc")

    assert ran.code == code
    assert f"[E416]: the wheel `{WHEEL}` has changed since it was locked" in ran.err
    assert '6 |     find-links "wheels/"' in ran.err


@pytest.mark.parametrize(("verb", "code"), [(("lock", "--check"), 4), (("hash",), 1)])
def test_a_locked_wheel_that_vanished_has_drifted(
    verb: tuple[str, ...], code: int, envc: EnvcMain, linked: Path
) -> None:
    assert envc("hash", "pets.envc").code == 0  # and is remembered
    (linked / WHEEL).unlink()

    ran = envc(*verb, "pets.envc")

    assert ran.code == code
    assert f"[E415]: the lock has the wheel `{WHEEL}`, which is not there any more" in ran.err
