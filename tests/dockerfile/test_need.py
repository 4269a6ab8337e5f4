"""What the build of a base needs of whoever builds, read off its Dockerfile."""

from __future__ import annotations

import pytest

from envc.dockerfile.need import Needs, needs_of, variables_of
from envc.dockerfile.recipe import read_recipe
from envc.source import Source


def needs(text: str, *, target: str | None = None) -> Needs:
    source = Source(name="Dockerfile", text=text)
    platforms = ("linux/amd64", "linux/arm64")
    return needs_of(read_recipe(source, platforms=platforms, target=target, place=None))


def secrets(text: str, *, target: str | None = None) -> dict[str, bool]:
    return {one.id: one.required for one in needs(text, target=target).secrets}


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("type=secret,id=TOKEN", {"TOKEN": True}),
        ("type=secret,id=TOKEN,required", {"TOKEN": True}),
        ("type=secret,id=TOKEN,required=true", {"TOKEN": True}),
        ("type=secret,id=TOKEN,required=FALSE", {"TOKEN": False}),
        ("id=TOKEN,type=secret,env=OTHER", {"TOKEN": True}),
        ("type=secret,target=/root/.npmrc", {".npmrc": True}),
        ("type=secret,dst=/root/.npmrc", {".npmrc": True}),
        ("type=secret,id=a,source=b", {"b": True}),
        ("type=cache,id=a,target=/x", {}),
        ("type=ssh", {}),
    ],
)
def test_a_secret_is_known_by_the_name_that_buildkit_asks_for(
    mount: str, expected: dict[str, bool]
) -> None:
    assert secrets(f"FROM debian:12\nRUN --mount={mount} a\n") == expected


def test_a_secret_is_required_where_any_step_requires_it() -> None:
    mounts = [f"RUN --mount=type=secret,id=a,required={word} b" for word in ("false", "true", "0")]

    (held,) = needs("FROM debian:12\n" + "\n".join(mounts)).secrets

    assert (held.required, held.span.text) == (True, mounts[1])


def test_an_agent_is_needed_where_a_step_asks_for_it() -> None:
    optional = "FROM debian:12\nRUN --mount=type=ssh,required=false a\n"

    told = [needs(text).agent for text in ("FROM debian:12\n", optional)]
    both = needs(f"{optional}RUN --network=none --mount=type=ssh,id=default b\n").agent

    assert told[0] is None
    assert told[1] is not None
    assert not told[1].required
    assert both is not None
    assert both.required
    assert both.span.text == "RUN --network=none --mount=type=ssh,id=default b"


def test_stages_that_the_base_is_not_made_from_need_nothing() -> None:
    text = """\
FROM debian:12 AS one
RUN --mount=type=secret,id=one a
FROM debian:12 AS two-amd64
RUN --mount=type=secret,id=amd64 a
FROM debian:12 AS two-arm64
RUN --mount=type=secret,id=arm64 a
FROM debian:12 AS three
RUN --mount=type=secret,id=three a
FROM two-${TARGETARCH} AS base
COPY --from=0 /a /a
RUN --network=none --mount=type=bind,from=one,target=/x b
FROM base
COPY --from=three /a /a
"""

    assert list(secrets(text, target="base")) == ["amd64", "arm64", "one"]
    assert [span.text for span in needs(text, target="base").networked] == [
        "RUN --mount=type=secret,id=one a",
        "RUN --mount=type=secret,id=amd64 a",
        "RUN --mount=type=secret,id=arm64 a",
    ]


def test_options_name_what_cannot_be_missing() -> None:
    text = """\
FROM debian:12
RUN --mount=type=secret,id=my-token --mount=type=secret,id=B,required=false a
RUN --mount=type=secret,id=it!s --mount=type=ssh a
"""

    assert needs(text).options == (
        "--secret 'id=it!s,env=it_s'",
        "--secret id=my-token,env=my_token",
        "--ssh default",
    )


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("TOKEN", ("TOKEN",)),
        ("token", ("token", "TOKEN")),
        (".npmrc", ("_npmrc", "_NPMRC")),
        ("1st", ("_1st", "_1ST")),
    ],
)
def test_a_secret_has_the_name_of_a_variable(secret: str, expected: tuple[str, ...]) -> None:
    assert variables_of(secret) == expected


@pytest.mark.parametrize(
    ("step", "networked", "is_online", "writes"),
    [
        ("ENV A=b", False, False, False),
        ("COPY a /a", False, False, True),
        ("RUN a", True, True, True),
        ("RUN --network=host a", True, True, True),
        ("RUN --network=none a", False, False, True),
        ("ADD https://example.com/a /a", True, True, True),
        ('ADD ["https://example.com/a", "/a"]', True, True, True),
        (f"ADD --checksum=sha256:{'a' * 64} https://example.com/a /a", False, True, True),
        ("ADD a.tar /a", False, False, True),
    ],
)
def test_what_a_step_may_get_from_a_network_is_known(
    step: str, networked: bool, is_online: bool, writes: bool
) -> None:
    found = needs(f"FROM debian:12\n{step}\n")

    assert (bool(found.networked), found.is_online, found.writes) == (networked, is_online, writes)


RUNS = """\
ARG KIND=linux/amd64
FROM --platform=$BUILDPLATFORM golang:1 AS build
RUN build it
FROM --platform=linux/$BUILDARCH debian:12 AS also-build
RUN also build it
FROM debian:12 AS below
RUN below
FROM --platform=$KIND debian:12 AS fixed
RUN fixed
FROM --platform=$TARGETPLATFORM debian:12 AS base-amd64
RUN for amd64
FROM --platform=arm64 debian:12 AS base-arm64
RUN --network=none for arm64
FROM debian:12 AS unused
RUN nothing
FROM base-${TARGETARCH} AS base
COPY --from=build /a /a
COPY --from=also-build /b /b
COPY --from=fixed /c /c
RUN --mount=from=below,target=/d base
"""


def test_it_is_known_what_steps_run_on() -> None:
    found = {
        platform: [(place, span.text.split("\n")[0]) for place, span in runs]
        for platform, runs in needs(RUNS).runs.items()
    }

    assert found == {
        platform: [
            ("linux/builder", "RUN build it"),
            ("linux/builder", "RUN also build it"),
            (platform, "RUN below"),
            ("linux/amd64", "RUN fixed"),
            (platform, own),
            (platform, "RUN --mount=from=below,target=/d base"),
        ]
        for platform, own in (
            ("linux/amd64", "RUN for amd64"),
            ("linux/arm64", "RUN --network=none for arm64"),
        )
    }
