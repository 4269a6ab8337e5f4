"""What travels of a version: whole, always the same, and refused where it could do harm."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import UsageError
from envc.store.parcel import (
    MAX_BYTES,
    MAX_FILES,
    UnknownSchemaError,
    dumps,
    loads,
    pack,
    split_tag,
    tag_of,
)
from envc.store.record import Draft, StoredFile, Version

ID = "sha256:" + "a" * 64


def file(path: str, **fields: Any) -> dict[str, Any]:
    """Return a file as facts have it."""
    return {"path": path, "role": "file", "sha256": "b" * 64, "size": 1, "mode": "644", **fields}


def link(path: str, target: str) -> dict[str, Any]:
    """Return a symbolic link as facts have it."""
    return file(path, link=target, size=0, sha256=hashlib.sha256(target.encode()).hexdigest())


def facts(*more: dict[str, Any], **fields: Any) -> bytes:
    """Return the facts of a version, with further files and other fields."""
    own = [file("pets.envc", role="spec"), file("pets.lock", role="lock")]
    return json.dumps(
        {
            "envc": 1,
            "name": "pets",
            "version": 3,
            "description": "",
            "properties": {},
            "spec_id": ID,
            "env_ids": {"": {"linux/amd64": ID}},
            "files": [*own, *more],
            **fields,
        }
    ).encode()


VERSION = Version(
    name="pets",
    number=3,
    draft=Draft(
        digest=ID,
        spec_id=ID,
        env_ids={"gpu": {"linux/amd64": ID}},
        files=(
            StoredFile(path="p/a", sha256="c" * 64, size_bytes=2, mode=0o755),
            StoredFile(path="p/pets.envc", role="spec", sha256="b" * 64, size_bytes=1),
            StoredFile(path="p/pets.lock", role="lock", sha256="b" * 64, size_bytes=1),
            StoredFile(path="p/to", sha256="d" * 64, size_bytes=0, link="../q"),
        ),
    ),
    labels=("prod",),
    properties={"team": "vision"},
    description="Cats\nand dogs",
    created=1.0,
)


def test_a_version_comes_out_as_it_went_in() -> None:
    parcel = pack(VERSION)

    assert loads(dumps(parcel)) == parcel
    assert (parcel.name, parcel.number, parcel.files) == ("pets", 3, VERSION.draft.files)


def test_a_version_can_have_another_number_there() -> None:
    assert pack(VERSION, number=7).number == 7


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/passwd", "a/../../x", "a/./b", "a//b", "", ".", "a/", "a\\b", "a\x00b", "a\nb"],
)
def test_a_path_that_could_lead_out_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="could lead out of the folder"):
        loads(facts(file(path)))


@pytest.mark.parametrize("target", ["/etc", "..", "../x", "a/../../x", "a/..", "", "a\\b"])
def test_a_link_that_could_lead_out_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="leads out of the folder, or could"):
        loads(facts(link("x", target)))


@pytest.mark.parametrize("target", ["../pets.envc", "sub/y", "y", "./y", "."])
def test_a_link_that_stays_is_taken(target: str) -> None:
    parcel = loads(facts(link("a/x", target)))

    assert parcel.files[0].link == target


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (link("a", "b"), file("a/x")),
        (link("A", "b"), link("a/x", "../b")),
        (link("\u00e9", "b"), file("e\u0301/x")),
        (file("a"), file("a/b/c")),
    ],
)
def test_a_path_through_a_link_or_a_file_is_refused(
    above: dict[str, Any], below: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="goes through a file or a link"):
        loads(facts(above, below))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[]", "valid dictionary|object"),
        (b"{", "[Ii]nvalid JSON"),
        (facts(file("pets.envc")), "two of its paths are the same"),
        (facts(files=[]), "one spec and one lock"),
        (facts(file("b.envc", role="spec")), "one spec and one lock"),
        (
            facts(files=[file("a/x.envc", role="spec"), file("b/x.lock", role="lock")]),
            "not beside its spec",
        ),
        (
            facts(files=[file("x.envc", role="spec"), {**link("x.lock", "y"), "role": "lock"}]),
            "its spec or its lock is a link",
        ),
        (facts(file("a", size=0)), "not that of its digest"),
        (facts(file("a", size=-1)), "greater than or equal to 0"),
        (facts(file("a", size=MAX_BYTES + 1)), "less than or equal to"),
        (facts(*(file(f"a{n}", size=MAX_BYTES // 2) for n in range(3))), "may travel together"),
        (facts(*(file(f"a{n}") for n in range(MAX_FILES))), f"{MAX_FILES} items"),
        (facts(file("a", sha256="../../x")), "match pattern"),
        (facts(file("a", mode="4755")), "'644' or '755'"),
        (facts(file("a" * 300)), "too long"),
        (facts(file("\ud800")), "no text|surrogate|[Ii]nvalid"),
        (facts(name="envc/minimal"), "cannot be registered"),
        (facts(name="../x"), "cannot be an environment's name"),
        (facts(version=0), "greater than or equal to 1"),
        (facts(description="\x1b]0;gotcha\x07"), "control characters"),
        (facts(properties={"latest": "x"}), "cannot be a label"),
        (facts(properties={"k": "\u202e"}), "control characters"),
        (facts(spec_id="1"), "match pattern"),
    ],
)
def test_what_is_not_a_version_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        loads(content)


def test_facts_of_a_newer_envc_are_told_from_damaged_ones() -> None:
    with pytest.raises(UnknownSchemaError, match="its form is 2, this envc knows 1"):
        loads(b'{"envc": 2, "whatever": []}')


WORDS = st.text("az09", min_size=1, max_size=6)


@given(
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from(".-_"),
    st.sampled_from(["1", "907", "latest", "prod", "A--b", "a-1", "x.y_z--3"]),
)
def test_a_tag_says_what_it_is_made_of(words: list[str], sign: str, which: str) -> None:
    name = sign.join(words)

    found = split_tag(tag_of(name, which))

    assert found == (name, int(which) if which.isdecimal() else which)


@pytest.mark.parametrize(
    "tag", ["0" * 32, f"failed-{'0' * 32}", f"sha256-{'0' * 64}", "pets-3", "pets--0", "Pets--1"]
)
def test_other_tags_are_nobodys(tag: str) -> None:
    assert split_tag(tag) is None


def test_a_tag_that_is_too_long_is_refused() -> None:
    with pytest.raises(UsageError, match="E735"):
        tag_of("a" * 100, "b" * 40)
