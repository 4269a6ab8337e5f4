"""The image's metadata means the same in both forms, however it is written and in any order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import InputError
from envc.source import Source
from envc.spec.load import load
from envc.spec.normal import normal_form
from envc.syntax import parse
from envc.syntax.document import Document
from support.printing import Dsl, print_yaml

SERVICE = Path(__file__).parents[2] / "specs" / "service"

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8
).filter(lambda text: "${{" not in text)
words = texts.filter(lambda text: bool(text.strip()))
durations = st.sampled_from(["1ms", "90s", "1m30s", "1h", "0h2m"])
checks = st.fixed_dictionaries(
    {"run": words | st.lists(words, min_size=1, max_size=3)},
    optional={
        "interval": durations,
        "timeout": durations,
        "start": durations,
        "retries": st.sampled_from(["1", "3", "10"]),
    },
)
specs = st.fixed_dictionaries(
    {"environment": st.just("pets")},
    optional={
        "labels": st.dictionaries(
            st.sampled_from(["a", "A", "org.opencontainers.image.title", "b/c-d_e"]),
            texts,
            min_size=1,
        ),
        "ports": st.lists(
            st.sampled_from(["80", "8080/tcp", "80/udp", "9"]), min_size=1, unique=True
        ),
        "volumes": st.lists(
            st.sampled_from(["/data", "/a b", "/é/../$HOME", "/x,y", "/#"]), min_size=1, unique=True
        ),
        "healthcheck": st.just("none") | checks,
        "stopsignal": st.sampled_from(["SIGINT", "SIGRTMIN+3"]),
    },
)


def read(name: str, text: str) -> Document:
    return parse(Source(name=name, text=text))


def form_of(name: str, text: str) -> dict[str, Any]:
    return normal_form(load(read(name, text)))


@given(data=specs, choices=st.data())
def test_metadata_is_one_in_both_forms_however_it_is_written(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    dsl = Dsl(choices.draw).spec(data)
    yaml = print_yaml(data, choices.draw).strip()

    assert (read("a.envc", dsl).data, read("a.yaml", yaml).data) == (data, data)
    assert form_of("a.envc", dsl) == form_of("a.yaml", yaml)


@given(data=specs, choices=st.data())
def test_the_order_of_labels_ports_and_volumes_means_nothing(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    shuffled = {key: data[key] for key in choices.draw(st.permutations(list(data)))}
    for key in ("ports", "volumes"):
        if key in data:
            shuffled[key] = choices.draw(st.permutations(data[key]))
    if "labels" in data:
        names = choices.draw(st.permutations(list(data["labels"])))
        shuffled["labels"] = {name: data["labels"][name] for name in names}

    one, other = (Dsl(choices.draw).spec(item) for item in (data, shuffled))

    assert form_of("a.envc", one) == form_of("a.envc", other)


def test_a_service_means_the_same_in_both_forms() -> None:
    dsl, yaml = (
        form_of(name, (SERVICE / name).read_text(encoding="utf-8"))
        for name in ("service.envc", "service.yaml")
    )

    assert dsl == yaml
    assert list(dsl)[-5:] == ["labels", "ports", "volumes", "healthcheck", "stopsignal"]


def test_the_names_of_labels_may_stand_in_quotes() -> None:
    bare = "environment x\nlabels { a.b = c }\n"
    quoted = "environment x\nlabels { \"a.b\" = 'c' }\n"

    document = read("a.envc", quoted)

    assert document.data == read("b.envc", bare).data
    assert document.key_span(("labels", "a.b")).text == "a.b"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("healthcheck", "expected a block after `healthcheck`"),
        ("healthcheck curl -f", "expected a block after `healthcheck`, not `curl`"),
        ("healthcheck none, none", "expected one value after `healthcheck`, not several"),
        ("healthcheck { run }", "expected a word or a string after `run`"),
        (
            'healthcheck { run ["a"] "b" }',
            'expected the end of the line after `["a"]`, not `"b"`',
        ),
        (
            "healthcheck { interval [1s] }",
            "expected a word or a string after `interval`, not `[1s]`",
        ),
        ("labels { 'a' }", "expected a name, `=` and a value, not `'a'`"),
        ("ports", "expected a word or a string after `ports`"),
    ],
)
def test_a_misshapen_statement_is_explained(statement: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read("a.envc", f"environment x\n{statement}\n")

    assert caught.value.diagnostics[0].message == message
