"""An image of several platforms: an index that is the same for the same images."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from envc.build.index import archive, index_of
from envc.engine.docker import Engine
from envc.errors import ToolError
from envc.plan.identity import index_id

AMD64 = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:a", "size": 1}
ARM64 = {**AMD64, "digest": "sha256:b"}


def test_an_index_does_not_depend_on_the_order_of_its_platforms() -> None:
    index = index_of({"linux/arm64": ARM64, "linux/amd64": AMD64})

    assert index == index_of({"linux/amd64": AMD64, "linux/arm64": ARM64})
    assert json.loads(index) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {**AMD64, "platform": {"architecture": "amd64", "os": "linux"}},
            {**ARM64, "platform": {"architecture": "arm64", "os": "linux"}},
        ],
    }


def test_an_archive_names_the_index_and_has_nothing_else() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive("pets:1", b"{}"))) as tar:
        names = tar.getnames()
        top = json.loads((tar.extractfile("index.json") or io.BytesIO()).read())

    [entry] = top["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "docker.io/library/pets:1"
    digest = entry["digest"].removeprefix("sha256:")
    assert names == ["oci-layout", "index.json", f"blobs/sha256/{digest}"]


def test_the_id_of_an_index_is_one_over_those_of_its_platforms() -> None:
    ids = {"linux/amd64": "sha256:1", "linux/arm64": "sha256:2"}

    assert index_id(ids) == index_id(dict(reversed(ids.items())))
    assert index_id(ids) != index_id({**ids, "linux/arm64": "sha256:3"})


def test_an_engine_that_refuses_an_index_says_so() -> None:
    class Api:
        def load_image(self, data: bytes) -> list[dict[str, str]]:
            return [{"stream": "…"}, {"error": "invalid archive"}]

    class Client:
        api = Api()

    with pytest.raises(ToolError) as caught:
        Engine(Client(), {}).load(b"")  # type: ignore[arg-type]

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.notes) == ("E653", ("invalid archive",))
