"""Mirrors stand for canonical addresses and everything below them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.mirror import MirrorMap

MIRRORS = MirrorMap.parse(
    [
        "https://pypi.org=http://mirror/pypi/",
        "https://pypi.org/simple/=http://proxy:3141/simple",
        "docker.io=localhost:5000/hub",
    ]
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://pypi.org/simple/six/", "http://proxy:3141/simple/six/"),
        ("https://pypi.org/simple", "http://proxy:3141/simple"),
        ("https://pypi.org/simpler", "http://mirror/pypi/simpler"),
        ("https://pypi.org.example.com/simple", "https://pypi.org.example.com/simple"),
        ("docker.io/library/python:3.12", "localhost:5000/hub/library/python:3.12"),
        ("https://files.pythonhosted.org/x", "https://files.pythonhosted.org/x"),
    ],
)
def test_the_longest_fitting_entry_is_used(address: str, expected: str) -> None:
    assert MIRRORS.to_mirror(address) == expected


@pytest.mark.parametrize("entry", ["", "=", "https://pypi.org", "https://pypi.org=", "=http://m"])
def test_an_entry_without_one_of_its_sides_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=f"^{entry}$"):
        MirrorMap.parse([entry])


def test_one_address_cannot_have_two_mirrors() -> None:
    entries = ["https://pypi.org=http://one", "https://pypi.org/=http://two"]

    with pytest.raises(ValueError, match=r"^https://pypi\.org/=http://two$"):
        MirrorMap.parse(entries)


def test_pairs_mean_the_same_with_and_without_a_slash_at_their_ends() -> None:
    mirrors = MirrorMap((("https://pypi.org/", "http://mirror/"),))

    assert mirrors == MirrorMap((("https://pypi.org", "http://mirror"),))
    assert mirrors.to_mirror("https://pypi.org") == "http://mirror"


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20))
def test_what_a_mirror_offers_gets_its_canonical_address_back(path: str) -> None:
    for canonical, _ in MIRRORS.pairs:
        address = f"{canonical}/{path}"

        assert MIRRORS.to_canonical(MIRRORS.to_mirror(address)) == address
