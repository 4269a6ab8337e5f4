"""Vendor folders that are not what they should be: what is named instead of one, and other bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from envc.errors import InputError, UsageError
from envc.lock.model import PlatformLock
from envc.pipeline.vendoring import require_folder, require_vendored
from envc.vendor.folder import VendorFolder
from support.plans import pip_lock, wheel


def _locked(*contents: bytes) -> PlatformLock:
    """Return what a lock pins of a platform: wheels with these contents, and no tools."""
    wheels = [
        wheel(f"w{number}", sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for number, content in enumerate(contents)
    ]
    locked = pip_lock(*wheels)
    tools = locked.tools.model_copy(update={"packages": {}})
    return locked.model_copy(update={"tools": tools})


def test_what_is_no_vendor_folder_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    with pytest.raises(UsageError) as other:
        require_folder(tmp_path)
    with pytest.raises(UsageError) as missing:
        require_folder(tmp_path / "nope")

    found = [
        (one.code, one.message) for one in (*other.value.diagnostics, *missing.value.diagnostics)
    ]
    assert found == [
        ("E436", f"`{tmp_path}` is no vendor folder"),
        ("E436", f"`{tmp_path / 'nope'}` does not exist"),
    ]


def test_all_that_is_wrong_with_a_folder_is_told_at_once(tmp_path: Path) -> None:
    folder = VendorFolder.open(tmp_path / "v")
    for content in (b"right", b"spoilt"):
        folder.put(content)
    spoilt = folder.blob(hashlib.sha256(b"spoilt").hexdigest())
    spoilt.write_bytes(b"other!")

    with pytest.raises(InputError) as caught:
        require_vendored(folder.path, {"linux/amd64": _locked(b"right", b"spoilt", b"missing")})

    found = [(one.code, one.message, one.notes) for one in caught.value.diagnostics]
    assert found == [
        (
            "E470",
            f"the vendor folder `{folder.path}` lacks 1 of what the lock pins",
            ("w2-1.0-py3-none-any.whl",),
        ),
        (
            "E470",
            f"the vendor folder `{folder.path}` has files with other bytes than the lock says",
            (f"w1-1.0-py3-none-any.whl ({spoilt})",),
        ),
    ]


def test_only_what_has_other_bytes_is_dropped(tmp_path: Path) -> None:
    folder = VendorFolder.open(tmp_path / "v")
    digests = [folder.put(content) for content in (b"right", b"spoilt", b"cut off")]
    folder.blob(digests[1]).write_bytes(b"other!")
    folder.blob(digests[2]).write_bytes(b"cut")

    dropped = folder.drop_damaged([*digests, "0" * 64])

    assert dropped == tuple(digests[1:])
    assert [folder.has(one) for one in digests] == [True, False, False]
