"""A spec for one platform: what concerns it and nothing else, with places that stay right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic
from envc.spec.load import load
from envc.spec.matchspec import normal_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_requirement
from envc.spec.select import for_platform, forms, has_selectors
from envc.syntax.document import Data, Path
from support.documents import Everything, document

PLATFORMS = ("linux/amd64", "linux/arm64")
BOTH = {"environment": "pets", "platforms": list(PLATFORMS)}
SOME: dict[str, Any] = {
    **BOTH,
    "conda": [{"package": "mkl", "on": "linux/amd64"}, "numpy >=1", {"package": "pillow"}],
    "pip": {
        "packages": [{"package": "rich", "on": "linux/arm64"}, "six"],
        "wheels": [{"wheel": "a-1-py3-none-any.whl", "on": "linux/amd64"}, "b-1-py3-none-any.whl"],
        "sources": [{"source": "libs/a", "on": "linux/arm64"}],
    },
    "system": {"packages": [{"package": "git", "on": "linux/arm64"}]},
    "variables": {"A": "1", "B": {"linux/amd64": "x", "linux/arm64": "y"}},
    "build-variables": {"C": {"linux/arm64": "z"}},
    "before-packages": [{"run": "groupadd pets", "on": "linux/amd64"}],
    "steps": [
        {"run": "make fast", "on": "linux/amd64"},
        {"run": {"command": "make", "network": "true"}},
        {"copy": {"from": "src/", "to": "/app"}, "on": "linux/arm64"},
    ],
}


def select(data: dict[str, Any], platform: str) -> dict[str, Any]:
    """Return the data of a spec for a platform; the model is checked to say the same."""
    own = document(data)
    spec, selected = for_platform(load(own, vouched=Everything()), own, platform)
    assert spec == EnvSpec.model_validate(selected.data, by_alias=True, by_name=False)
    return selected.data


def test_what_is_for_another_platform_is_left_out_and_the_rest_is_plain() -> None:
    assert select(SOME, "linux/amd64") == {
        **BOTH,
        "conda": ["mkl", "numpy >=1", "pillow"],
        "pip": {
            "packages": ["six"],
            "wheels": ["a-1-py3-none-any.whl", "b-1-py3-none-any.whl"],
            "sources": [],
        },
        "system": {"packages": []},
        "variables": {"A": "1", "B": "x"},
        "build-variables": {},
        "before-packages": [{"run": "groupadd pets"}],
        "steps": [{"run": "make fast"}, {"run": {"command": "make", "network": "true"}}],
    }
    assert select(SOME, "linux/arm64") == {
        **BOTH,
        "conda": ["numpy >=1", "pillow"],
        "pip": {
            "packages": ["rich", "six"],
            "wheels": ["b-1-py3-none-any.whl"],
            "sources": ["libs/a"],
        },
        "system": {"packages": ["git"]},
        "variables": {"A": "1", "B": "y"},
        "build-variables": {"C": "z"},
        "before-packages": [],
        "steps": [
            {"run": {"command": "make", "network": "true"}},
            {"copy": {"from": "src/", "to": "/app"}},
        ],
    }


@pytest.mark.parametrize(
    "more",
    [{}, {"conda": ["numpy", {"package": "pillow"}], "variables": {"A": "1"}, "steps": []}],
    ids=["nothing", "everything for all"],
)
def test_a_spec_without_selectors_is_its_own_spec_for_each_platform(more: dict[str, Any]) -> None:
    own = document({**BOTH, **more})
    spec = load(own, vouched=Everything())

    selected = for_platform(spec, own, "linux/amd64")

    assert not has_selectors(spec)
    assert selected[0] is spec
    assert selected[1] is own


def test_what_is_for_every_platform_has_no_selector_in_its_normal_form() -> None:
    data = {
        **BOTH,
        "conda": [
            {"package": "numpy>=1", "on": "linux/arm64"},
            "pillow",
            {"package": "numpy >= 1", "on": "linux/amd64"},
            {"package": "mkl", "on": "linux/amd64"},
        ],
        "pip": [{"package": "Rich", "on": "linux/arm64"}],
    }
    fewer = {**data, "platforms": ["linux/arm64"], "conda": data["conda"][:2]}
    both, single = (load(document(one), vouched=Everything()) for one in (data, fewer))

    assert forms(both, both.conda.packages, normal_matchspec) == (
        "mkl on linux/amd64",
        "numpy >=1",
        "pillow",
    )
    assert forms(both, both.pip.packages, normal_requirement) == ("rich on linux/arm64",)
    assert forms(single, single.conda.packages, normal_matchspec) == ("numpy >=1", "pillow")
    assert forms(single, single.pip.packages, normal_requirement) == ("rich",)


def entries(key: str, texts: list[str]) -> st.SearchStrategy[list[Any]]:
    """Return lists of different texts, each perhaps with a selector."""
    selectors = st.sampled_from([None, {}, *({"on": platform} for platform in PLATFORMS)])
    pairs = st.lists(
        st.tuples(st.sampled_from(texts), selectors), max_size=4, unique_by=lambda pair: pair[0]
    )
    return pairs.map(
        lambda drawn: [text if more is None else {key: text, **more} for text, more in drawn]
    )


values = st.sampled_from(["1", "two words", "drei"])
variables = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    values | st.dictionaries(st.sampled_from(PLATFORMS), values, min_size=1),
)
actions: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"run": "make"},
        {"run": {"command": "make all", "network": "true"}},
        {"copy": {"from": "src", "to": "/app"}},
    ]
)
steps = st.lists(
    st.tuples(actions, st.sampled_from([{}, *({"on": platform} for platform in PLATFORMS)])).map(
        lambda drawn: {**drawn[0], **drawn[1]}
    ),
    max_size=4,
)
condas = entries("package", ["numpy >=1", "mkl", "conda-forge::pillow"])
specs = st.fixed_dictionaries(
    {"environment": st.just("pets"), "platforms": st.just(list(PLATFORMS))},
    optional={
        "conda": condas | condas.map(lambda packages: {"packages": packages}),
        "pip": st.fixed_dictionaries(
            {},
            optional={
                "packages": entries("package", ["rich", "six >=1", "tomli"]),
                "wheels": entries("wheel", ["a-1-py3-none-any.whl", "b-1-py3-none-any.whl"]),
                "sources": entries("source", ["libs/a", "libs/b"]),
            },
        ),
        "system": entries("package", ["git", "curl"]),
        "variables": variables,
        "build-variables": variables,
        "before-packages": steps,
        "steps": steps,
    },
)


@given(data=specs, platform=st.sampled_from(PLATFORMS))
def test_every_text_of_the_selected_document_stands_where_it_says(
    data: dict[str, Any], platform: str
) -> None:
    own = document(data)
    spec, selected = for_platform(load(own, vouched=Everything()), own, platform)

    assert load(selected, vouched=Everything()) == spec
    assert not has_selectors(spec)
    found = dict(texts(selected.data))
    assert {path: selected.span(path).text for path in found} == {
        path: f'"{text}"' for path, text in found.items()
    }
    assert {path for path in selected.spans if selected.data_at(path) is None} == set()
    assert {path for path in selected.key_spans if selected.data_at(path) is None} == set()
    assert {path: selected.key_span(path).text for path in keys(selected.data)} == {
        path: f'"{path[-1]}"' for path in keys(selected.data)
    }


@given(data=specs, platform=st.sampled_from(PLATFORMS))
def test_a_mistake_is_shown_at_its_line_of_the_whole_spec(
    data: dict[str, Any], platform: str
) -> None:
    own = document({**data, "steps": [*data.get("steps", ()), {"run": "the last", "on": platform}]})
    spec, selected = for_platform(load(own, vouched=Everything()), own, platform)
    path = ("steps", len(spec.steps) - 1, "run")

    problem = Diagnostic.at(selected.span(path), "E000", "this is an example")

    assert problem.labels[0].span.text == '"the last"'


def texts(data: Data, path: Path = ()) -> Iterator[tuple[Path, str]]:
    match data:
        case dict():
            for key, value in data.items():
                yield from texts(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from texts(value, (*path, index))
        case str():
            yield path, data


def keys(data: Data, path: Path = ()) -> Iterator[Path]:
    match data:
        case dict():
            for key, value in data.items():
                yield (*path, key)
                yield from keys(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from keys(value, (*path, index))
