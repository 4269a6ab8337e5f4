"""Canonical JSON: one form for one meaning, and none for what has no one form."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.canonical import Json, canonical_json, digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_keys_are_sorted_and_white_space_and_other_scripts_are_not_written() -> None:
    data: Json = {"b": {"z": 1, "a": [True, None]}, "a": "naïve \u2028 \U0001f40d"}

    assert canonical_json(data) == (
        b'{"a":"na\\u00efve \\u2028 \\ud83d\\udc0d","b":{"a":[true,null],"z":1}}'
    )


def test_a_lone_surrogate_has_a_form() -> None:
    assert canonical_json("\ud800") == b'"\\ud800"'


def test_a_digest_is_the_sha256_of_the_canonical_bytes() -> None:
    data = {"name": "pets"}

    assert digest(data) == "sha256:" + hashlib.sha256(b'{"name":"pets"}').hexdigest()


@given(JSON)
def test_canonical_json_says_all_of_the_data(data: Any) -> None:
    assert json.loads(canonical_json(data)) == data


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_keys_changes_nothing(data: dict[str, int]) -> None:
    reordered = dict(reversed(data.items()))

    assert canonical_json({**reordered}) == canonical_json({**data})


@pytest.mark.parametrize("data", [1.5, {"a": [float("nan")]}, {1: "a"}, b"bytes", {"a": {"set"}}])
def test_what_has_no_one_form_is_refused(data: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(data)
