"""Image references are read as Docker reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.reference import ImageReference

VECTORS = Path(__file__).parents[2] / "shared" / "corpus" / "vectors" / "docker-reference.json"
DIGEST = "sha256:" + "0123456789abcdef" * 4


def _vectors(test: str) -> list[dict[str, Any]]:
    """Return the cases of one of distribution's own tests; none where the corpus is not there."""
    if not VECTORS.is_file():
        return []
    for group in json.loads(VECTORS.read_text())["cases"]:
        if group["test"] == test:
            cases: list[dict[str, Any]] = group["cases"]
            return [case for case in cases if isinstance(case, dict)]
    raise LookupError(test)


def _strings(test: str) -> list[str]:
    if not VECTORS.is_file():
        return []
    groups = json.loads(VECTORS.read_text())["cases"]
    return next(list(group["strings"]) for group in groups if group["test"] == test)


def _inputs(test: str, *keys: str) -> list[tuple[str, ...]]:
    """Return the cases that have all these keys as plain texts."""
    return [
        tuple(case[key] for key in keys)
        for case in _vectors(test)
        if all(isinstance(case.get(key), str) for key in keys)
    ]


def test_the_corpus_is_there() -> None:
    if not VECTORS.is_file():
        pytest.skip(f"the reference vectors are missing: put them at {VECTORS}")

    assert len(_vectors("TestReferenceParse")) > 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.12-slim", "docker.io/library/python:3.12-slim"),
        ("docker.io/python", "docker.io/library/python:latest"),
        ("index.docker.io/library/python", "docker.io/library/python:latest"),
        ("team/pets", "docker.io/team/pets:latest"),
        ("localhost/pets", "localhost/pets:latest"),
        ("localhost:5000/pets:1", "localhost:5000/pets:1"),
        ("[::1]:5000/pets", "[::1]:5000/pets:latest"),
        (f"python@{DIGEST}", f"docker.io/library/python@{DIGEST}"),
        (f"python:3.12@{DIGEST}", f"docker.io/library/python:3.12@{DIGEST}"),
        ("ghcr.io/a/b/c:T_1", "ghcr.io/a/b/c:T_1"),
        ("UPPER/pets", "UPPER/pets:latest"),
    ],
)
def test_a_reference_gets_its_whole_name(text: str, expected: str) -> None:
    assert str(ImageReference.parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the name is missing"),
        (":tag", "the name is missing"),
        ("docker.io/", "the name is missing"),
        ("Python", "a repository's name is in lower case"),
        ("team/Pets", "a repository's name is in lower case"),
        ("py thon", "`py thon` is not a repository's name"),
        ("python:", "the tag after `:` is missing"),
        ("python:-slim", "`-slim` is not a tag"),
        ("python:" + "t" * 129, f"`{'t' * 129}` is not a tag"),
        ("python@sha256:abc", "a digest is `sha256:` and 64 hex digits in lower case"),
        ("python@" + DIGEST.upper(), "a digest starts with `sha256:`"),
        ("python@md5:abc", "a digest starts with `sha256:`"),
        ("user:password@ghcr.io/team/pets", "it holds a user or a password"),
        ("https://user:password@ghcr.io", "it holds a user or a password"),
        ("https://ghcr.io/pets", "`https:` is not a registry's host name"),
        ("0123456789abcdef" * 4, "64 hex digits are an image's id, not its name"),
        ("a/" * 130 + "a", "a repository's name has at most 255 characters"),
    ],
)
def test_what_is_no_reference_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 the message is the point
        ImageReference.parse(text)

    assert str(caught.value) == message


def test_a_reference_has_its_parts() -> None:
    reference = ImageReference.parse(f"localhost:5000/team/pets:1.0@{DIGEST}")

    assert reference == ImageReference(
        registry="localhost:5000", repository="team/pets", tag="1.0", digest=DIGEST
    )
    assert reference.canonical == "localhost:5000/team/pets:1.0"


def test_the_canonical_name_of_a_bare_digest_has_no_tag() -> None:
    assert ImageReference.parse(f"python@{DIGEST}").canonical == "docker.io/library/python"


@pytest.mark.parametrize(("name", "expected"), _inputs("TestParseDockerRef", "input", "expected"))
def test_docker_and_envc_expand_names_alike(name: str, expected: str) -> None:
    reference = ImageReference.parse(name)
    # Docker's function drops the tag where there is a digest; envc keeps it for people to read.
    tag = None if reference.digest else reference.tag

    assert str(
        ImageReference(
            registry=reference.registry,
            repository=reference.repository,
            tag=tag,
            digest=reference.digest,
        )
    ) == str(expected)


@pytest.mark.parametrize(
    ("name", "registry", "repository"),
    _inputs("TestNormalizedSplitHostname", "input", "domain", "path"),
)
def test_docker_and_envc_find_the_same_registry(name: str, registry: str, repository: str) -> None:
    reference = ImageReference.parse(name)

    assert (reference.registry, reference.repository) == (registry, repository)


@pytest.mark.parametrize(
    ("familiar", "full", "ambiguous"),
    _inputs("TestParseRepositoryInfo", "FamiliarName", "FullName", "AmbiguousName"),
)
def test_docker_and_envc_shorten_names_alike(familiar: str, full: str, ambiguous: str) -> None:
    for text in {familiar, full, ambiguous} - {""}:
        reference = ImageReference.parse(text)

        assert reference.canonical == f"{full}:latest"
        assert reference.familiar == f"{familiar}:latest"


@pytest.mark.parametrize(
    "case",
    [case for case in _vectors("TestReferenceParse") if isinstance(case.get("input"), str)],
    ids=lambda case: case["input"][:40] or "empty",
)
def test_distribution_and_envc_refuse_the_same(case: dict[str, Any]) -> None:
    if "err" in case:
        with pytest.raises(ValueError, match=r"."):
            ImageReference.parse(case["input"])
        return
    reference = ImageReference.parse(case["input"])

    tag = case.get("tag") or ("" if case.get("digest") else "latest")
    assert (reference.tag or "", reference.digest) == (tag, case.get("digest"))
    assert f"{reference.registry}/{reference.repository}".endswith(case["repository"])


def _valid_names() -> list[str]:
    names = _strings("TestValidateReferenceName")
    return names[: names.index("Docker/docker")] if names else []


def _invalid_names() -> list[str]:
    names = _strings("TestValidateReferenceName")
    return names[names.index("Docker/docker") :] if names else []


@pytest.mark.parametrize("name", _valid_names())
def test_names_that_docker_takes_are_taken(name: str) -> None:
    assert ImageReference.parse(name).repository


@pytest.mark.parametrize("name", _invalid_names())
def test_names_that_docker_refuses_are_refused(name: str) -> None:
    if name in {"Docker/docker", "DOCKER/docker"}:
        # Docker reads a first part with a capital letter as a registry since 2022.
        assert ImageReference.parse(name).registry == name.partition("/")[0]
        return
    with pytest.raises(ValueError, match=r"."):
        ImageReference.parse(name)


COMPONENT = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True)
REFERENCES = st.builds(
    ImageReference,
    registry=st.sampled_from(["docker.io", "ghcr.io", "localhost:5000"]),
    repository=st.lists(COMPONENT, min_size=2, max_size=4).map("/".join),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    digest=st.none() | st.just(DIGEST),
)


@given(REFERENCES)
def test_both_texts_of_a_reference_mean_the_reference(reference: ImageReference) -> None:
    assert ImageReference.parse(str(reference)) == reference
    assert ImageReference.parse(reference.familiar) == reference


@given(st.text(max_size=60))
def test_no_text_is_worse_than_a_value_error(text: str) -> None:
    try:
        reference = ImageReference.parse(text)
    except ValueError:
        return

    assert ImageReference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("name", "familiar"),
    [
        ("docker.io/0.0/pets", "docker.io/0.0/pets"),
        ("docker.io/library/" + "ab" * 32, "library/" + "ab" * 32),
    ],
)
def test_a_name_is_not_shortened_to_what_means_another(name: str, familiar: str) -> None:
    assert ImageReference.parse(name).familiar == f"{familiar}:latest"
