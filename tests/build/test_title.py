"""Steps under titles that speak of the spec."""

from __future__ import annotations

import pytest

from envc.build.report.title import NO_TITLES, Titles, entitle
from envc.source import Source

SPEC = Source(
    name="pets.envc",
    text='environment pets\nrun "make data"\nrun """\nmake\nmore\n"""\ncopy "a" to "b"\n',
)
DOCKERFILE = """FROM debian@sha256:00 AS base
USER 0

FROM scratch AS files
ADD --checksum=sha256:00 https://example.com/six.whl /
COPY list.json /

FROM base AS tools
RUN ["python3", "tools.py"]

FROM base AS image
COPY --link --from=files / /
COPY --link --from=unknown / /
ENV A=b
WORKDIR /srv
RUN --network=none \\
    ["step.sh", "make data"]
RUN ["step.sh", "make"]
RUN ["step.sh", "copy"]
"""


@pytest.fixture(scope="module")
def titles() -> Titles:
    starts = {
        DOCKERFILE[: DOCKERFILE.index(text)].count("\n") + 1: SPEC.text.index(said)
        for text, said in (
            ("RUN --network", 'run "make data"'),
            ('RUN ["step.sh", "make"]', 'run """'),
            ('RUN ["step.sh", "copy"]', "copy"),
        )
    }
    ends = [SPEC.text.index('\nrun """'), SPEC.text.index("\ncopy"), len(SPEC.text) - 1]
    origins = {
        line: SPEC.span(start, end) for (line, start), end in zip(starts.items(), ends, strict=True)
    }
    captions = {"tools": "the installers", "files": "wheels: six"}
    return entitle(DOCKERFILE, origins, captions)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("[tools 1/1] RUN python3 tools.py", "the installers"),
        ("[linux/arm64 tools 1/1] RUN python3 tools.py", "the installers"),
        ("[image 1/6] COPY --link --from=files / /", "into the image: wheels: six"),
        ("[image 3/6] WORKDIR /srv", "work directory /srv"),
        ("[image 4/6] RUN step.sh", 'pets.envc:2  run "make data"'),
        ("[image  5/6] RUN step.sh", 'pets.envc:3  run """…'),
        ("[image 6/6] RUN step.sh", 'pets.envc:7  copy "a" to "b"'),
    ],
)
def test_a_step_is_called_by_the_specs_line_or_by_what_it_is_for(
    titles: Titles, name: str, line: str
) -> None:
    found = titles.find(name)

    assert found is not None
    assert found.line == line


def test_a_stage_that_starts_from_an_image_has_one_step_more(titles: Titles) -> None:
    own = entitle("FROM debian AS one\nRUN a\nRUN b\n", {}, {"one": "steps"})

    assert own.find("[one 1/3] FROM debian") is None
    assert [own.find(f"[one {number}/3] RUN a") for number in (2, 3)] == list(own.by_stage["one"])


@pytest.mark.parametrize(
    "name",
    [
        "[files 1/2] ADD https://example.com/six.whl /",
        "[files 2/2] COPY list.json /",
        "[image 2/6] COPY --link --from=unknown / /",
        "[image 9/6] RUN step.sh",
        "[other 1/1] RUN x",
        "[1/2] RUN x",
        "[internal] load build definition from Dockerfile",
        "exporting to image",
    ],
)
def test_what_has_no_title_keeps_buildkits_name(titles: Titles, name: str) -> None:
    assert titles.find(name) is None


def test_a_dockerfile_that_cannot_be_read_has_no_titles() -> None:
    assert entitle("FROM x AS y\nRUN <<EOF\n", {}, {}) == NO_TITLES


def test_the_top_as_a_work_directory_is_counted_but_is_no_step() -> None:
    own = entitle("FROM base AS one\nRUN a\nWORKDIR /\nRUN b\n", {}, {"one": "steps"})

    assert [own.find(f"[one {number}/3] RUN") for number in (1, 2, 3)] == [
        *own.by_stage["one"],
        None,
    ]
    assert len(own.by_stage["one"]) == 2
