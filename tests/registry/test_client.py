"""Registries asked: on the loopback, with every way to log in and to fail."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from envc.errors import EnvcError, InputError, ToolError
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import Manifest
from envc.source import Source
from support.registry import (
    IDENTITY_TOKEN,
    OCI_MANIFEST,
    PASSWORD,
    USER,
    Failure,
    FakeRegistry,
)

AMD64, ARM64 = PLATFORMS["linux/amd64"], PLATFORMS["linux/arm64"]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


def reference(fake: FakeRegistry, rest: str = "pets:1") -> ImageReference:
    return ImageReference.parse(f"{fake.host}/{rest}")


def client(
    environment: Mapping[str, str] | None = None,
    *,
    mirrors: MirrorMap | None = None,
    pauses: list[float] | None = None,
    told: list[str] | None = None,
) -> Registry:
    slept = pauses if pauses is not None else []
    heard = told if told is not None else []
    return Registry(
        environment=environment or {},
        mirrors=mirrors,
        timeout_s=5,
        sleep=slept.append,
        tell=heard.append,
    )


def logged_in(folder: Path, host: str, entry: Mapping[str, str]) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps({"auths": {host: entry}}))
    return {"DOCKER_CONFIG": str(folder)}


def with_password(folder: Path, host: str, password: str = PASSWORD) -> dict[str, str]:
    pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
    return logged_in(folder, host, {"auth": pair})


def only_code(error: EnvcError) -> str:
    (diagnostic,) = error.diagnostics
    return diagnostic.code


def test_a_manifest_comes_with_its_configuration(fake: FakeRegistry) -> None:
    digest = fake.add_image("pets", "1", variables=["PATH=/bin", "A=b=c"], labels={"x": "y"})

    found = client().resolve(reference(fake), AMD64)

    assert found == Manifest(
        digest=digest,
        media_type=OCI_MANIFEST,
        config=found.config,
        index=None,
        platforms=("linux/amd64",),
    )
    assert found.variables == {"PATH": "/bin", "A": "b=c"}
    assert found.labels == {"x": "y"}


def test_an_index_leads_to_the_platforms_own_manifest(fake: FakeRegistry) -> None:
    amd64 = fake.add_image("pets", None)
    arm64 = fake.add_image("pets", None, platform="linux/arm64")
    index = {"unknown/unknown": amd64, "linux/amd64": amd64, "linux/arm64/v8": arm64}
    fake.add_index("pets", "1", index)

    assert client().resolve(reference(fake), ARM64).digest == arm64


def test_a_reference_by_digest_may_name_an_index(fake: FakeRegistry) -> None:
    amd64 = fake.add_image("pets", None)
    index = fake.add_index("pets", "1", {"linux/amd64": amd64})

    found = client().resolve(reference(fake, f"pets@{index}"), AMD64)
    assert (found.digest, found.index, found.platforms) == (amd64, index, ("linux/amd64",))


def test_what_was_asked_once_is_not_asked_again(fake: FakeRegistry) -> None:
    fake.add_image("pets", "1")
    registry = client()

    first = registry.resolve(reference(fake), AMD64)
    asked = len(fake.seen)
    second = registry.resolve(reference(fake), AMD64)

    assert (second, len(fake.seen)) == (first, asked)


def test_a_missing_image_is_the_specs_fault_and_is_shown_there(fake: FakeRegistry) -> None:
    span = Source(name="pets.envc", text=f'base image "{fake.host}/pets:2"').span(11, 20)

    with pytest.raises(InputError) as caught:
        client().resolve(reference(fake, "pets:2"), AMD64, span=span)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E370"
    assert diagnostic.message == f"there is no image `{fake.host}/pets:2`"
    assert [label.span for label in diagnostic.labels] == [span]


def test_a_platform_that_an_index_lacks_is_named_with_those_it_has(fake: FakeRegistry) -> None:
    amd64 = fake.add_image("pets", None)
    fake.add_index("pets", "1", {"linux/amd64": amd64, "linux/s390x": amd64})

    with pytest.raises(InputError) as caught:
        client().resolve(reference(fake), ARM64)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E371"
    assert diagnostic.notes == ("it exists for: linux/amd64, linux/s390x",)


def test_a_single_image_of_another_platform_is_refused(fake: FakeRegistry) -> None:
    fake.add_image("pets", "1")

    with pytest.raises(InputError) as caught:
        client().resolve(reference(fake), ARM64)

    assert only_code(caught.value) == "E371"


def test_a_mirror_is_asked_in_the_place_of_the_canonical_registry(fake: FakeRegistry) -> None:
    digest = fake.add_image("mirror/library/pets", "1")
    mirrors = MirrorMap.parse([f"docker.io={fake.host}/mirror"])

    found = client(mirrors=mirrors).resolve(ImageReference.parse("pets:1"), AMD64)

    assert found.digest == digest


def test_a_failure_behind_a_mirror_names_both_addresses(fake: FakeRegistry) -> None:
    mirrors = MirrorMap.parse([f"docker.io={fake.host}"])

    with pytest.raises(InputError) as caught:
        client(mirrors=mirrors).resolve(ImageReference.parse("pets:1"), AMD64)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "there is no image `pets:1`"
    assert diagnostic.notes == (f"asked {fake.host}/library/pets:1",)


def test_a_stored_password_answers_a_basic_challenge(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.login = "basic"
    digest = fake.add_image("pets", "1")

    found = client(with_password(tmp_path, fake.host)).resolve(reference(fake), AMD64)

    assert found.digest == digest


def test_a_credential_helper_is_asked_for_the_password(
    fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.login = "basic"
    digest = fake.add_image("pets", "1")
    helper = tmp_path / "docker-credential-fake"
    answer = json.dumps({"ServerURL": fake.host, "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {fake.host: "fake"}}))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    environment = {"DOCKER_CONFIG": str(tmp_path), "PATH": os.environ["PATH"]}

    found = client(environment).resolve(reference(fake), AMD64)

    assert found.digest == digest


@pytest.mark.parametrize("login", ["bearer", "bearer-login", "bearer-identity"])
def test_tokens_are_fetched_as_the_registry_asks(
    fake: FakeRegistry, tmp_path: Path, login: str
) -> None:
    fake.login = login
    digest = fake.add_image("pets", "1")
    environment: dict[str, str] = {}
    if login == "bearer-login":
        environment = with_password(tmp_path, fake.host)
    elif login == "bearer-identity":
        environment = logged_in(tmp_path, fake.host, {"identitytoken": IDENTITY_TOKEN})

    found = client(environment).resolve(reference(fake), AMD64)

    assert found.digest == digest
    assert fake.paths.count("/token") == 1


def test_credentials_are_not_sent_to_a_token_server_in_the_clear(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.login, fake.realm = "bearer-login", "http://tokens.example/token"
    fake.add_image("pets", "1")

    with pytest.raises(ToolError) as caught:
        client(with_password(tmp_path, fake.host)).resolve(reference(fake), AMD64)

    assert only_code(caught.value) == "E380"


@pytest.mark.parametrize("login", ["basic", "bearer-login"])
def test_a_refusal_says_how_to_log_in_and_tells_no_secret(
    fake: FakeRegistry, tmp_path: Path, login: str
) -> None:
    fake.login = login
    fake.add_image("pets", "1")
    environment = with_password(tmp_path, fake.host, password="stale-secret")

    with pytest.raises(ToolError) as caught:
        client(environment).resolve(reference(fake), AMD64)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E380"
    assert f"docker login {fake.host}" in diagnostic.hint
    assert "secret" not in str(caught.value)


def test_an_unreadable_configuration_is_named(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.login = "basic"
    environment = logged_in(tmp_path, fake.host, {"auth": "not base64 of a pair"})

    with pytest.raises(ToolError) as caught:
        client(environment).resolve(reference(fake), AMD64)

    assert only_code(caught.value) == "E381"
    assert str(tmp_path / "config.json") in str(caught.value)


def test_a_credential_helper_that_is_not_installed_is_named(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.login = "basic"
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "absent"}))

    with pytest.raises(ToolError) as caught:
        client({"DOCKER_CONFIG": str(tmp_path), "PATH": ""}).resolve(reference(fake), AMD64)

    assert only_code(caught.value) == "E381"
    assert "`docker-credential-absent` is not installed" in str(caught.value)


def test_an_overloaded_registry_is_asked_again_after_the_time_it_names(fake: FakeRegistry) -> None:
    digest = fake.add_image("pets", "1")
    fake.failures = [Failure(status=429, headers={"Retry-After": "7"}), Failure(status=503)]
    pauses: list[float] = []

    found = client(pauses=pauses).resolve(reference(fake), AMD64)

    assert (found.digest, pauses) == (digest, [7.0, 1.0])


@pytest.mark.parametrize(
    ("status", "message"),
    [(500, "failed with status 500"), (429, "allows no more requests for now")],
)
def test_a_registry_that_goes_on_failing_is_given_up(
    fake: FakeRegistry, status: int, message: str
) -> None:
    fake.failures = [Failure(status=status)] * 4
    pauses: list[float] = []

    with pytest.raises(ToolError) as caught:
        client(pauses=pauses).resolve(reference(fake), AMD64)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E383"
    assert diagnostic.message == f"the registry `{fake.host}` {message}"
    assert pauses == [0.5, 1.0, 2.0]


def test_an_unreachable_registry_is_tried_twice() -> None:
    with FakeRegistry() as gone:
        pass
    pauses: list[float] = []

    with pytest.raises(ToolError) as caught:
        client(pauses=pauses).resolve(reference(gone), AMD64)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E382"
    assert diagnostic.notes == ("[Errno 111] Connection refused",)
    assert pauses == [0.5]


def test_bytes_that_do_not_match_their_digest_are_refused(fake: FakeRegistry) -> None:
    digest = fake.add_image("pets", "1")
    media_type, body = fake.bodies[f"pets/manifests/{digest}"]
    fake.bodies[f"pets/manifests/{digest}"] = (media_type, body + b" ")

    with pytest.raises(ToolError) as caught:
        client().resolve(reference(fake, f"pets@{digest}"), AMD64)

    assert only_code(caught.value) == "E384"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/html", b"<html>log in to the network</html>"),
        ("application/vnd.docker.distribution.manifest.v1+json", b"{}"),
        ("application/vnd.oci.image.manifest.v1+json", b"[" * 100_000),
        (OCI_MANIFEST, b"[]"),
    ],
)
def test_what_is_no_manifest_is_refused(fake: FakeRegistry, media_type: str, body: bytes) -> None:
    fake.put_manifest("pets", "1", media_type, body)

    with pytest.raises(ToolError) as caught:
        client().resolve(reference(fake), AMD64)

    assert only_code(caught.value) == "E384"


def test_who_waits_for_a_registry_says_so(fake: FakeRegistry) -> None:
    fake.add_image("pets", "1")
    fake.failures = [Failure(status=503), Failure(status=429, headers={"Retry-After": "7"})]
    told: list[str] = []

    client(told=told).resolve(reference(fake), AMD64)

    assert told == [
        f"{fake.host} answers with status 503; asking again in 0.5 s",
        f"{fake.host} answers with status 429; asking again in 7 s",
    ]


def test_a_token_server_out_of_reach_is_told_apart_from_its_registry(
    fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.add_image("pets", "1")
    fake.login, fake.realm = "bearer-login", "http://127.0.0.1:1/token"

    with pytest.raises(ToolError) as caught:
        client(with_password(tmp_path, fake.host)).resolve(reference(fake), AMD64)

    (problem,) = caught.value.diagnostics
    expected = f"the token server `127.0.0.1:1` of the registry `{fake.host}` cannot be reached"
    assert (problem.code, problem.message) == ("E382", expected)
