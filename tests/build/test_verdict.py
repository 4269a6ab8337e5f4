"""What is said of images that were compared."""

from __future__ import annotations

from typing import Any

import pytest

from envc.build.comparison.difference import FileDifference, LayerDifference
from envc.build.comparison.twin import ImageDifference
from envc.build.comparison.verdict import Verified, explain
from envc.diagnostics import Diagnostic, Label
from envc.source import Source

SPAN = Source(name="pets.envc", text='run "date"\n').span(0, 10)
IDS = ("sha256:1", "sha256:2")


def verified(**changes: Any) -> Verified:
    own: dict[str, Any] = {
        "variant": "",
        "platform": "linux/amd64",
        "env_id": "sha256:0",
        "digests": ("sha256:a", "sha256:b"),
        "difference": None,
        "outside": (),
        "problems": (),
    }
    return Verified(**{**own, **changes})


def layer(files: LayerDifference | None, **changes: Any) -> ImageDifference:
    command = "RUN /bin/sh -c a   b # buildkit"
    return ImageDifference(
        **{"layer": 4, "diff_ids": IDS, "command": command, "files": files, **changes}
    )


def test_the_same_manifest_says_nothing() -> None:
    assert explain(verified(digests=("sha256:a", "sha256:a")), None, None) is None


def test_the_same_content_is_an_error_of_two_builds_and_a_warning_of_another_image() -> None:
    twice, other = (explain(verified(), None, name) for name in (None, "pets:1"))

    assert twice is not None
    assert (twice.code, twice.message) == (
        "E661",
        "the image for `linux/amd64` has the same content in two builds, and not the same manifest",
    )
    assert other is not None
    assert (other.code, other.notes) == ("W661", ("manifests sha256:a and sha256:b",))


def test_a_file_that_differs_is_told_with_its_package_and_the_others() -> None:
    first = FileDifference(path="b", kind="time", text="has the time 1", owner="pets 1.0")
    paths = ("a", "b", "c", "d", "e")
    difference = layer(LayerDifference(first=first, paths=paths))

    assert explain(verified(difference=difference), SPAN, None) == Diagnostic(
        code="E660",
        message="the image for `linux/amd64` is not the same in two builds",
        labels=(Label(span=SPAN),),
        notes=(
            "layer 5 is the first that differs: RUN /bin/sh -c a b",
            "`/b` of `pets 1.0` has the time 1",
            "4 more paths differ in this layer: `/a`, `/c`, `/d` and more",
        ),
        hint="let the step write no time, no random number and no name of a machine",
    )


@pytest.mark.parametrize(
    ("difference", "note"),
    [
        (layer(None), "it cannot be looked into: it is compressed neither by gzip nor by zstd"),
        (layer(None, diff_ids=("sha256:1", None)), "the second has no such layer"),
        (
            layer(LayerDifference(first=None, paths=())),
            "it has the same files, in another order or another form of archive",
        ),
        (
            ImageDifference(setting="config.User", values=("nothing", "1")),
            "`config.User` is nothing in the first and 1 in the second",
        ),
    ],
)
def test_what_has_no_file_is_told_too(difference: ImageDifference, note: str) -> None:
    found = explain(verified(difference=difference), None, "pets:1")

    assert found is not None
    assert found.message == "the image for `linux/amd64` and `pets:1` differ"
    assert found.notes[-1] == note
    assert found.hint.startswith("look at what made `pets:1`")


def test_what_is_outside_of_the_promise_is_named() -> None:
    found = explain(
        verified(difference=layer(None), outside=("step 1 uses the network",)), SPAN, None
    )

    assert found is not None
    assert found.notes[-1] == "step 1 uses the network"
    assert found.hint.startswith("what the notes say of the network, of sources or of Debian")


def test_a_layer_of_our_own_is_ours_to_mend() -> None:
    found = explain(verified(difference=layer(None, command="COPY " + "x" * 300)), None, None)

    assert found is not None
    assert found.hint.startswith("no step of yours made this layer: please report it")
    assert len(found.notes[0]) < 220
