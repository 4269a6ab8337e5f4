"""Documents attached to images: with the referrers API and without it, once, and in every bad hour."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from envc.errors import ToolError
from envc.reference import ImageReference
from envc.registry.publisher import Descriptor, Publisher, sha256_digest
from envc.registry.referrer import Attached, Document, attach, list_attached
from support.oci_store import OciStore

SUBJECT = Descriptor(
    media_type="application/vnd.oci.image.manifest.v1+json", digest="sha256:" + "a" * 64, size=12
)
SBOM = Document(media_type="application/spdx+json", content=b'{"a": 1}', annotations={"k": "v"})
OTHER = Document(media_type="application/x", content=b"other", annotations={})
TAG = "pets/manifests/sha256-" + "a" * 64


@pytest.fixture(params=[True, False], ids=["with the API", "without"])
def store(request: pytest.FixtureRequest) -> Iterator[OciStore]:
    with OciStore(has_referrers=request.param) as opened:
        yield opened


@pytest.fixture
def old_store() -> Iterator[OciStore]:
    with OciStore(has_referrers=False) as opened:
        yield opened


def publisher(store: OciStore) -> Publisher:
    reference = ImageReference.parse(f"{store.host}/pets:1")
    return Publisher(reference, environment={}, timeout_s=5, sleep=lambda _: None)


def test_what_is_attached_is_listed(store: OciStore) -> None:
    there = publisher(store)

    first, second = attach(there, SUBJECT, SBOM), attach(there, SUBJECT, OTHER)

    found = list_attached(publisher(store), SUBJECT.digest)
    assert [one.digest for one in found] == [first.digest, second.digest]
    assert found[0] == Attached(
        digest=first.digest, artifact_type=SBOM.media_type, annotations={"k": "v"}
    )
    assert (first.is_new, second.is_new) == (True, True)


def test_an_artifact_is_as_the_specification_has_it(store: OciStore) -> None:
    attached = attach(publisher(store), SUBJECT, SBOM)

    manifest = store.json(f"pets/manifests/{attached.digest}")
    layer = sha256_digest(SBOM.content)
    assert manifest == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": SBOM.media_type,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": sha256_digest(b"{}"),
            "size": 2,
        },
        "layers": [{"mediaType": SBOM.media_type, "digest": layer, "size": 8}],
        "subject": SUBJECT.as_json(),
        "annotations": {"k": "v"},
    }
    assert store.entries[f"pets/blobs/{layer}"].content == SBOM.content


def test_the_same_again_adds_nothing(store: OciStore) -> None:
    there = publisher(store)
    first = attach(there, SUBJECT, SBOM)
    before = dict(store.entries)

    again = attach(there, SUBJECT, SBOM)

    assert (again.digest, again.is_new) == (first.digest, False)
    assert store.entries == before


def test_an_image_without_documents_has_none(store: OciStore) -> None:
    assert list_attached(publisher(store), SUBJECT.digest) == ()


def test_without_the_api_a_tag_lists_what_is_attached(old_store: OciStore) -> None:
    attached = attach(publisher(old_store), SUBJECT, SBOM)

    (entry,) = old_store.json(TAG)["manifests"]
    assert (entry["digest"], entry["artifactType"]) == (attached.digest, SBOM.media_type)


def test_an_entry_that_another_writer_lost_is_written_again(old_store: OciStore) -> None:
    old_store.lost = 2

    attached = attach(publisher(old_store), SUBJECT, SBOM)

    assert [one["digest"] for one in old_store.json(TAG)["manifests"]] == [attached.digest]


def test_a_blob_that_is_there_is_not_pushed_again(store: OciStore) -> None:
    there = publisher(store)
    there.push_blob(b"x", "a/b")
    store.seen.clear()

    there.push_blob(b"x", "a/b")

    assert [line.split()[0] for line in store.seen] == ["HEAD"]


def test_a_registry_in_trouble_is_asked_again(store: OciStore) -> None:
    store.refusals = {"PUT": [503, 429]}

    attached = attach(publisher(store), SUBJECT, SBOM)

    assert attached.is_new


@pytest.mark.parametrize(
    ("refusals", "code"),
    [
        ({"POST": [405]}, "E385"),
        ({"PUT": [413]}, "E385"),
        ({"HEAD": [403]}, "E380"),
        ({"HEAD": [500] * 4}, "E383"),
        ({"PUT": [507]}, "E385"),
    ],
)
def test_a_push_that_is_not_taken_says_why(
    store: OciStore, refusals: dict[str, list[int]], code: str
) -> None:
    store.refusals = {method: list(statuses) for method, statuses in refusals.items()}

    with pytest.raises(ToolError) as caught:
        attach(publisher(store), SUBJECT, SBOM)

    assert [problem.code for problem in caught.value.diagnostics] == [code]


def test_what_the_registry_said_is_told(store: OciStore) -> None:
    store.refusals = {"PUT": [413]}

    with pytest.raises(ToolError) as caught:
        publisher(store).push_blob(b"x", "a/b")

    assert caught.value.diagnostics[0].notes == ("it answered with status 413: no room",)
