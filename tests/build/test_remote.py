"""Images looked up in registries: found, not there, not ours, or nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from envc.build.image import Image, Wanted
from envc.build.remote import Registries
from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.plan.label import ENV_ID_LABEL
from support.registry import Failure, FakeRegistry

OWN, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
AMD64, ARM64 = "linux/amd64", "linux/arm64"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as opened:
        yield opened


def registries(waited: list[float] | None = None, **environment: str) -> Registries:
    return Registries(
        environment=environment,
        mirrors=MirrorMap(),
        on_event=lambda _: None,
        sleep=(waited if waited is not None else []).append,
    )


def wanted(registry: FakeRegistry) -> Wanted:
    return Wanted.of(f"{registry.host}/pets", OWN, AMD64)


def put(
    registry: FakeRegistry, labels: Mapping[str, str], *, platform: str = AMD64, env_id: str = OWN
) -> str:
    tag = env_id.removeprefix("sha256:")[:32]
    return registry.add_image("pets", tag, platform=platform, labels=labels)


def look_up(registry: FakeRegistry) -> Image | None:
    return registries().find(wanted(registry))


def refused(registry: FakeRegistry) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(ToolError) as caught:
        look_up(registry)
    [problem] = caught.value.diagnostics
    *notes, way_out = problem.notes
    assert "--pull never" in way_out
    return problem.code, tuple(notes)


def test_an_image_is_found_by_its_tag_and_its_label(registry: FakeRegistry) -> None:
    digest = put(registry, {ENV_ID_LABEL: OWN})

    found = look_up(registry)

    assert found is not None
    assert (found.name, found.env_id, found.platform) == (wanted(registry).name, OWN, AMD64)
    assert (found.digest, found.registry) == (digest, registry.host)
    assert (found.is_cached, found.is_local) == (True, False)
    assert [path.rpartition("/")[0] for path in registry.paths] == [
        "/v2/pets/manifests",
        "/v2/pets/manifests",
        "/v2/pets/blobs",
    ]


def test_an_image_that_is_not_there_is_none(registry: FakeRegistry) -> None:
    assert look_up(registry) is None


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ({}, f"it has no label `{ENV_ID_LABEL}`, where {OWN} is wanted"),
        ({ENV_ID_LABEL: OTHER}, f"its label says {OTHER}, where {OWN} is wanted"),
    ],
)
def test_a_tag_of_something_else_is_refused(
    registry: FakeRegistry, labels: Mapping[str, str], note: str
) -> None:
    put(registry, labels)

    assert refused(registry) == ("E670", (note,))


def test_an_image_for_another_platform_is_refused(registry: FakeRegistry) -> None:
    put(registry, {ENV_ID_LABEL: OWN}, platform=ARM64)

    assert refused(registry) == ("E670", ("it exists for: linux/arm64",))


def test_an_image_of_several_platforms_is_found_where_each_has_its_label(
    registry: FakeRegistry,
) -> None:
    whole = Wanted.of_all(f"{registry.host}/pets", {ARM64: OTHER, AMD64: OWN})
    parts = {
        AMD64: put(registry, {ENV_ID_LABEL: OWN}),
        ARM64: put(registry, {ENV_ID_LABEL: OTHER}, platform=ARM64, env_id=OTHER),
    }
    digest = registry.add_index("pets", whole.name.rpartition(":")[2], parts)

    found = registries().find(whole)

    assert found is not None
    assert (found.digest, found.platform) == (digest, "linux/amd64,linux/arm64")
    assert {part.platform: part.digest for part in found.parts} == parts


def test_an_index_without_a_wanted_platform_is_refused(registry: FakeRegistry) -> None:
    whole = Wanted.of_all(f"{registry.host}/pets", {ARM64: OTHER, AMD64: OWN})
    parts = {AMD64: put(registry, {ENV_ID_LABEL: OWN})}
    registry.add_index("pets", whole.name.rpartition(":")[2], parts)

    with pytest.raises(ToolError) as caught:
        registries().find(whole)

    assert [(one.code, one.notes[0]) for one in caught.value.diagnostics] == [
        ("E670", "it has nothing for linux/arm64")
    ]


@pytest.mark.parametrize(
    ("failure", "code", "attempts"),
    [
        (Failure(status=401), "E380", 1),
        (Failure(status=403), "E380", 1),
        (Failure(status=429, headers={"Retry-After": "7"}), "E383", 4),
        (Failure(status=500), "E383", 4),
        (Failure(status=503), "E383", 4),
    ],
)
def test_a_registry_that_fails_is_not_one_that_lacks_the_image(
    registry: FakeRegistry, failure: Failure, code: str, attempts: int
) -> None:
    put(registry, {ENV_ID_LABEL: OWN})
    registry.failures = [failure] * 9

    assert refused(registry)[0] == code
    assert len(registry.seen) == attempts


def test_a_registry_that_recovers_is_asked_again(registry: FakeRegistry) -> None:
    digest = put(registry, {ENV_ID_LABEL: OWN})
    registry.failures = [Failure(status=503), Failure(status=429, headers={"Retry-After": "7"})]
    waited: list[float] = []

    found = registries(waited).find(wanted(registry))

    assert found is not None
    assert (found.digest, waited) == (digest, [0.5, 7.0])


def test_a_registry_out_of_reach_is_not_one_that_lacks_the_image() -> None:
    with FakeRegistry() as gone:
        pass

    with pytest.raises(ToolError) as caught:
        registries().find(wanted(gone))

    assert [problem.code for problem in caught.value.diagnostics] == ["E382"]
