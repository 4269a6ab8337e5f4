"""Defaults: what a spec means where it says nothing, in canonical form."""

from __future__ import annotations

from typing import Any

import pytest

from envc.spec.defaults import (
    base_image,
    canonical_address,
    channels,
    conda_requirements,
    indexes,
    user,
    wheels,
)
from envc.spec.model import EnvSpec, Index

WHEEL = "pets-1.0-py3-none-any.whl"


def spec(**fields: Any) -> EnvSpec:
    return EnvSpec.model_validate({"environment": "pets", **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "docker.io/library/python:3.12-slim-bookworm"),
        ({"python": "3.11"}, "docker.io/library/python:3.11-slim-bookworm"),
        ({"python": "3.11", "conda": ["numpy"]}, "docker.io/library/debian:bookworm-slim"),
        (
            {"cuda": "12.4", "conda": ["numpy"]},
            "docker.io/nvidia/cuda:12.4.1-base-ubuntu22.04",
        ),
        ({"cuda": "12.7", "conda": ["numpy"]}, "docker.io/library/debian:bookworm-slim"),
        ({"cuda": "none", "conda": ["numpy"]}, "docker.io/library/debian:bookworm-slim"),
        ({"cuda": "12.4", "pip": ["six"]}, "docker.io/library/python:3.12-slim-bookworm"),
        ({"conda": {"packages": []}}, "docker.io/library/python:3.12-slim-bookworm"),
        ({"base": {"image": "ubuntu:24.04"}, "conda": ["a"]}, "docker.io/library/ubuntu:24.04"),
        (
            {"base": {"image": "pets/base:1", "registry": "a.example:5000"}},
            "a.example:5000/pets/base:1",
        ),
        (
            {"base": {"image": "ubuntu", "registry": "docker.io"}},
            "docker.io/library/ubuntu:latest",
        ),
    ],
)
def test_the_base_is_what_python_comes_from(fields: dict[str, Any], expected: str) -> None:
    assert str(base_image(spec(**fields))) == expected


@pytest.mark.parametrize(
    ("names", "addresses"),
    [
        ([], ("https://conda.anaconda.org/conda-forge",)),
        (
            ["conda-forge", "a/label/dev"],
            ("https://conda.anaconda.org/conda-forge", "https://conda.anaconda.org/a/label/dev"),
        ),
        (["defaults"], ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")),
        (["pkgs/main"], ("https://repo.anaconda.com/pkgs/main",)),
        (["HTTP://Mirror:8080/C/"], ("http://mirror:8080/C",)),
    ],
)
def test_channels_have_canonical_addresses(names: list[str], addresses: tuple[str, ...]) -> None:
    assert channels(spec(channels=names)) == addresses


def test_pypi_is_asked_where_the_spec_names_no_index() -> None:
    assert indexes(spec(pip=["six"])) == (Index(url="https://pypi.org/simple"),)


def test_the_specs_indexes_stand_in_their_order_without_pypi() -> None:
    pip = {"indexes": [{"url": "https://B/simple/", "secret": "TOKEN"}, {"url": "http://a/"}]}

    assert indexes(spec(pip=pip)) == (
        Index(url="https://b/simple", secret="TOKEN"),
        Index(url="http://a"),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"python": "3.12", "pip": ["six"]}, ()),
        ({"conda": ["zlib", "bzip2 >=1"]}, ("zlib", "bzip2 >=1")),
        ({"conda": ["zlib"], "python": "3.12"}, ("zlib", "python 3.12.*")),
        ({"conda": ["python >=3.10"], "python": "3.12.7"}, ("python >=3.10", "python 3.12.7.*")),
        ({"conda": ["zlib"], "pip": ["six"]}, ("zlib", "python")),
        ({"conda": ["zlib"], "pip": {"wheels": [WHEEL]}}, ("zlib", "python")),
        ({"conda": ["conda-forge::Python=3.11"], "pip": ["six"]}, ("conda-forge::Python=3.11",)),
        ({"conda": ["python-dateutil"], "pip": ["six"]}, ("python-dateutil", "python")),
    ],
)
def test_conda_is_asked_for_the_python_that_is_needed(
    fields: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert conda_requirements(spec(**fields)) == expected


def test_wheels_have_one_path_however_they_are_written() -> None:
    pip = {"wheels": [f"./dist/../{WHEEL}", f"a//{WHEEL}"]}

    assert wheels(spec(pip=pip)) == (WHEEL, f"a/{WHEEL}")


@pytest.mark.parametrize(("fields", "expected"), [({}, "1000:1000"), ({"user": "root"}, "root")])
def test_nobody_is_root_who_does_not_ask_for_it(fields: dict[str, Any], expected: str) -> None:
    assert user(spec(**fields)) == expected


@pytest.mark.parametrize("url", ["https://a/b", "https://A/b/", "HTTPS://a/b//"])
def test_an_address_has_one_form(url: str) -> None:
    assert canonical_address(url) == "https://a/b"
