"""Indexes, pages and folders of a spec: with the credentials that their secrets hold, or what they lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envc.errors import InputError
from envc.resolve.access import access_channels, access_find_links, access_indexes, warn_of_borrowed
from envc.resolve.base import FindLinks, IndexAccess
from envc.spec.load import load
from envc.spec.model import EnvSpec
from envc.syntax.document import Document
from support.documents import document

LINKS = "https://wheels.example.com/torch/stable.html"


def read(**pip: Any) -> tuple[EnvSpec, Document]:
    written = document({"environment": "pets", "pip": {"packages": ["rich"], **pip}})
    return load(written), written


def test_an_index_gets_the_credentials_of_its_secret() -> None:
    index = {"url": "https://pypi.example.com/simple/", "secret": "TOKEN"}

    access = access_indexes(*read(indexes=[index]), {"TOKEN": "user:word"})

    assert access == (
        IndexAccess(url="https://pypi.example.com/simple", secret="TOKEN", credentials="user:word"),
    )
    assert "word" not in repr(access)


@pytest.mark.parametrize("environment", [{}, {"TOKEN": ""}])
def test_a_secret_that_is_not_set_is_named(environment: dict[str, str]) -> None:
    index = {"url": "https://pypi.example.com/simple", "secret": "TOKEN"}

    with pytest.raises(InputError) as caught:
        access_indexes(*read(indexes=[index]), environment)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.labels[0].span.text) == ("E360", '"TOKEN"')
    assert problem.hint == (
        "set the environment variable `TOKEN` to `user:password` or a token, or add "
        "`machine pypi.example.com` to your netrc file"
    )


def test_every_index_knows_its_own_line() -> None:
    urls = ["https://one.example/simple", "https://two.example/simple"]

    access = access_indexes(*read(indexes=[{"url": url} for url in urls]), {})

    assert [one.span.text for one in access if one.span] == [f'"{url}"' for url in urls]
    assert [one.statement for one in access] == ["index", "index"]


def test_the_default_index_has_no_line() -> None:
    [access] = access_indexes(*read(), {})

    assert (access.url, access.span) == ("https://pypi.org/simple", None)


def test_pages_and_folders_are_where_the_spec_says(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    places = [{"url": LINKS, "secret": "TOKEN"}, {"path": "./wheels/"}, {"path": "."}]

    found = access_find_links(*read(**{"find-links": places}), {"TOKEN": "word"}, tmp_path)

    page = IndexAccess(url=LINKS, secret="TOKEN", credentials="word")
    assert found == (
        FindLinks(page=page),
        FindLinks(folder=tmp_path / "wheels", path="wheels"),
        FindLinks(folder=tmp_path / ".", path="."),
    )
    assert [place.span.text for place in found if place.span] == [
        f'"{LINKS}"',
        '"./wheels/"',
        '"."',
    ]
    assert found[0].page is not None
    assert found[0].page.statement == "find-links"


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    places = [{"url": LINKS, "secret": "TOKEN"}, {"path": "wheels/"}, {"path": "file"}]

    with pytest.raises(InputError) as caught:
        access_find_links(*read(**{"find-links": places}), {}, tmp_path)

    assert [(one.code, one.message) for one in caught.value.diagnostics] == [
        ("E360", "the secret `TOKEN` is not set"),
        ("E155", "there is no folder `wheels` beside the spec"),
        ("E155", "there is no folder `file` beside the spec"),
    ]


def read_channels(*channels: Any) -> tuple[EnvSpec, Document]:
    written = document({"environment": "pets", "channels": list(channels), "conda": ["numpy"]})
    return load(written), written


def test_a_channel_gets_the_credentials_of_its_secret() -> None:
    private = {"channel": "https://conda.example.com/pets/", "secret": "TOKEN"}

    access = access_channels(*read_channels(private, "conda-forge"), {"TOKEN": "user:word"})

    assert access == (
        IndexAccess(url="https://conda.example.com/pets", secret="TOKEN", credentials="user:word"),
        IndexAccess(url="https://conda.anaconda.org/conda-forge"),
    )
    assert [one.span.text for one in access if one.span] == [
        '"https://conda.example.com/pets/"',
        '"conda-forge"',
    ]


def test_the_secret_of_a_channel_that_is_not_set_is_named() -> None:
    private = {"channel": "https://conda.example.com/pets", "secret": "TOKEN"}

    with pytest.raises(InputError) as caught:
        access_channels(*read_channels(private), {})

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.labels[0].span.text) == ("E360", '"TOKEN"')


def test_two_secrets_for_one_host_of_channels_are_refused() -> None:
    channels = [
        {"channel": "https://conda.example.com/a", "secret": "A"},
        {"channel": "https://conda.example.com/b", "secret": "B"},
    ]

    with pytest.raises(InputError) as caught:
        access_channels(*read_channels(*channels), {"A": "a:a", "B": "b:b"})

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "E366",
        "two channels of `conda.example.com` have two secrets, and a solver logs in to a host once",
    )


def test_what_names_no_secret_borrows_from_a_netrc_file_and_is_told_where_it_counts(
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine pypi.example.com login me password word\n")
    urls = ["https://pypi.example.com/simple", "https://other.example.com/simple"]

    access = access_indexes(*read(indexes=[{"url": url} for url in urls]), {"NETRC": str(netrc)})
    warnings = list(warn_of_borrowed(access, set(urls)))

    assert [one.credentials for one in access] == ["me:word", None]
    assert [(one.code, one.message) for one in warnings] == [
        (
            "W362",
            "index `https://pypi.example.com/simple` was asked with the credentials of your netrc "
            "file, which no build has",
        )
    ]
    assert list(warn_of_borrowed(access, {"https://other.example.com/simple"})) == []
