"""Dockerfiles of users are taken over word for word, with every image pinned."""

from __future__ import annotations

import pytest

from envc.dockerfile.adapt import Adapted, adapt
from envc.dockerfile.recipe import Recipe, read_recipe
from envc.errors import InputError
from envc.source import Source

BOTH = ("linux/amd64", "linux/arm64")
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
PINS = {
    "docker.io/library/debian:12": A,
    "docker.io/library/golang:1": B,
    "docker.io/docker/dockerfile:1": C,
}


def read(text: str, *, target: str | None = None, platforms: tuple[str, ...] = BOTH) -> Recipe:
    source = Source(name="Dockerfile", text=text)
    return read_recipe(source, platforms=platforms, target=target, place=None)


def take_over(text: str, *reserved: str, target: str | None = None, files: bool = True) -> Adapted:
    return adapt(read(text, target=target), PINS, reserved=set(reserved), has_files=files)


def refused(
    text: str, *, target: str | None = None, platforms: tuple[str, ...] = BOTH
) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(text, target=target, platforms=platforms)
    return [(one.code, one.message) for one in caught.value.diagnostics]


def test_what_needs_no_change_stays_as_it_is() -> None:
    text = f"""\
# Comments stay, and so do \\
ARG BASE=debian:12
FROM debian:12@{A} AS Tools
RUN --mount=type=cache,target=/x <<EOF
COPY . /nowhere
FROM nothing
EOF
FROM Tools AS more
COPY --from=tools /a /b
FROM scratch AS final
COPY --chown=1:1 --from=TOOLS /a /b
COPY <<a /c
a
ADD --checksum=sha256:1 https://x.example/a https://x.example/b /d/
"""

    found = take_over(text)

    assert (found.text, found.stage, found.syntax) == (text, "final", None)
    assert {line: span.text for line, span in found.origins.items()}[9] == "COPY --from=tools /a /b"


def test_every_image_is_pinned_wherever_it_is_named() -> None:
    text = """\
# syntax=docker/dockerfile:1
ARG RELEASE=12
ARG SUITE="${RELEASE}"
FROM --platform=$BUILDPLATFORM debian:${SUITE:-11} AS one
RUN --mount=type=bind,source=/x,from=golang:1,target=/go true
FROM debian:12
COPY --from=golang:1 /a \\
  /b
"""

    found = take_over(text)

    assert found.syntax == f"docker/dockerfile:1@{C}"
    assert (
        found.text
        == f"""\
# syntax=docker/dockerfile:1
ARG RELEASE=12
ARG SUITE="${{RELEASE}}"
FROM --platform=$BUILDPLATFORM debian:12@{A} AS one
RUN --mount=type=bind,source=/x,from=golang:1@{B},target=/go true
FROM debian:12@{A} AS dockerfile
COPY --from=golang:1@{B} /a \\
  /b
"""
    )


def test_stages_get_other_names_where_one_would_clash() -> None:
    text = """\
FROM debian:12 AS Base
FROM base AS tools-amd64
FROM base AS tools-arm64
FROM tools-${TARGETARCH}
COPY --from=Base /a /b
RUN --mount=from=base,target=/x true
"""

    assert take_over(text).text.startswith(f"FROM debian:12@{A} AS Base\nFROM base AS tools-amd64")
    assert (
        take_over(text, "base").text
        == f"""\
FROM debian:12@{A} AS dockerfile-base
FROM dockerfile-base AS dockerfile-tools-amd64
FROM dockerfile-base AS dockerfile-tools-arm64
FROM dockerfile-tools-${{TARGETARCH}} AS dockerfile
COPY --from=dockerfile-Base /a /b
RUN --mount=from=dockerfile-base,target=/x true
"""
    )


@pytest.mark.parametrize("words", ["[ab].txt /x/", 'a ["b", "c"]', '["a" "b"] /x/'])
def test_what_only_looks_like_json_is_words(words: str) -> None:
    found = take_over(f"FROM debian:12\nCOPY {words}\n")

    assert f"COPY --from=base-context {words}\n" in found.text


def test_what_is_copied_comes_from_a_folder_of_its_own() -> None:
    text = """\
ARG X
FROM debian:12 AS one
COPY --chmod=700 src conf/*.toml /x/
COPY ["a b", "/c"]
FROM debian:12
ADD rootfs.tar "my file" https://x.example/a /
RUN --mount=type=bind,target=/src --mount=target=/y,src=lib true
COPY --from=0 /x /x
COPY $X/a /b
"""

    found = take_over(text)

    assert (
        found.text
        == f"""\
ARG X
# What the instructions below copy from their context.
FROM scratch AS base-context
COPY base/ /

FROM debian:12@{A} AS one
COPY --from=base-context --chmod=700 src conf/*.toml /x/
COPY --from=base-context ["a b", "/c"]
FROM debian:12@{A} AS dockerfile
ADD base/rootfs.tar "base/my file" https://x.example/a /
RUN --mount=type=bind,target=/src,from=base-context --mount=target=/y,src=lib,from=base-context true
COPY --from=1 /x /x
COPY --from=base-context $X/a /b
"""
    )
    assert found.origins[8].text == 'COPY ["a b", "/c"]'
    assert found.origins[10].text.startswith("ADD rootfs.tar")
    assert read(text).copied == ("", "a b", "conf", "lib", "my file", "rootfs.tar", "src")
    assert "COPY base/ /" not in take_over(text, files=False).text


def test_a_base_is_the_stage_that_the_spec_names_and_stands_on_an_image() -> None:
    text = "FROM debian:12 AS one\nFROM one AS two\nFROM golang:1 AS three\n"

    stages = {target: read(text, target=target).final for target in (None, "Two", "0")}

    assert stages == {None: 2, "Two": 1, "0": 0}
    assert str(read(text, target="two").root("linux/amd64")) == "docker.io/library/debian:12"
    assert read("FROM scratch\nADD a /\n").root("linux/amd64") is None
    assert refused(text, target="tow") == [("E389", "`Dockerfile` has no stage `tow`")]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "E386", "`Dockerfile` has no `FROM`"),
        ("RUN a\nFROM debian:12\n", "E386", "`RUN` stands before the first `FROM`"),
        ("FROM debian:12\nFROM debian:12 as\n", "E386", "`FROM` is followed by an image, and by"),
        ("FROM debian:12 AS 1a\n", "E386", "`1a` is not the name of a stage"),
        ("FROM debian:12\nRNU a\n", "E386", "there is no instruction `RNU`"),
        ("ARG A=${\nFROM debian:12\n", "E386", "`A=${` says nothing: there is no name after `${`"),
        ("FROM debian:12\nCOPY --from=$A a b\n", "E386", "BuildKit knows no variables in `$A`"),
        ("FROM debian:\n", "E387", "`debian:` is not an image: the tag after `:` is missing"),
        ("FROM ${A:?no}\n", "E387", "`${A:?no}` is not an image: `A` must have a value: no"),
        ("FROM debian:12\nCOPY --from=A_B a b\n", "E387", "`A_B` is not an image: a repository's"),
        ("# syntax=A B\nFROM debian:12\n", "E387", "`A B` is not an image: "),
        ("# escape=`\nFROM debian:12\n", "E388", "the base's Dockerfile has another `escape`"),
        ("# syntax=team/pack\nFROM a\n", "E388", "`team/pack` reads another language"),
        ("ARG TARGETARCH=a\nFROM a\n", "E388", "`ARG TARGETARCH` has a value, and BuildKit"),
        ("FROM debian:12\nONBUILD RUN a\n", "E388", "the base's Dockerfile has `ONBUILD`"),
        ("FROM debian:12\nADD $A /\n", "E388", "`$A` may be an address or a local file"),
        ("FROM debian:12\nADD ../a /\n", "E388", "`../a` leaves the context"),
        ('FROM debian:12\nADD ["a", "/"]\n', "E388", "an `ADD` of local files in the form of JSON"),
        (
            "FROM debian:12\nRUN --mount=type=secret,id=$A b\n",
            "E388",
            "a secret mount depends on a variable",
        ),
        (
            "FROM debian:12\nRUN --mount=type=secret,target=/a/ b\n",
            "E388",
            "a secret mount says neither which secret nor where",
        ),
        (
            "FROM debian:12\nRUN --mount=type=ssh,id=github b\n",
            "E388",
            "a step of the base asks for the SSH agent `github`",
        ),
        (
            "FROM debian:12\nRUN --mount=type=ssh,required=perhaps b\n",
            "E388",
            "`required=perhaps` says neither yes nor no",
        ),
        ("FROM debian:12\nRUN --mount=type=$A b\n", "E388", "a mount's `type=$A` depends on a"),
        ('FROM debian:12\nRUN --mount="target=/a" b\n', "E388", "a mount with quotes cannot be"),
        ("FROM a-$TARGETARCH\n", "E388", "`a-$TARGETARCH` is another image on each platform"),
        ("FROM debian:12 AS a-amd64\nFROM a-$TARGETARCH\n", "E388", "`a-$TARGETARCH` is another"),
        ("FROM --platform=linux/arm64 a\n", "E388", "the base is for `linux/arm64` on every"),
    ],
)
def test_what_cannot_be_taken_over_is_told(text: str, code: str, message: str) -> None:
    ((found, said),) = refused(text)

    assert (found, said.startswith(message)) == (code, True), said


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = "# escape=`\nFROM debian: AS a\nONBUILD RUN a\nFROM b:\n"

    assert sorted(code for code, _ in refused(text, target="none")) == [
        "E387",
        "E387",
        "E388",
        "E388",
        "E389",
    ]


def test_one_platform_may_have_an_image_of_its_own() -> None:
    recipe = read("FROM debian-$TARGETARCH\n", platforms=("linux/arm64",))

    assert [str(one.reference) for one in recipe.images] == [
        "docker.io/library/debian-arm64:latest"
    ]
