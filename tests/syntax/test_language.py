"""How the DSL reads what may be written in several ways: options, platforms, parameters, addresses."""

from __future__ import annotations

from typing import Any

import pytest

from envc.source import Source
from envc.syntax import parse, read
from envc.syntax.document import Document


def parsed(text: str) -> Document:
    return parse(Source(name="spec.envc", text=text))


def data(text: str) -> Any:
    return parsed(text).data


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("copy a to b", {"copy": {"from": "a", "to": "b"}}),
        ("copy a to b on c", {"copy": {"from": "a", "to": "b"}, "on": "c"}),
        (
            "copy a to b on 'c' ignore [] owner 0",
            {"copy": {"from": "a", "to": "b", "ignore": [], "owner": "0"}, "on": "c"},
        ),
        (
            'copy a to b ignore ["x", y,\n # no\n z] mode "0644"',
            {"copy": {"from": "a", "to": "b", "ignore": ["x", "y", "z"], "mode": "0644"}},
        ),
        ("copy to to on on to", {"copy": {"from": "to", "to": "on"}, "on": "to"}),
        ('run "x" on a/b', {"run": "x", "on": "a/b"}),
        ('run "x" on ${{ p }}', {"run": "x", "on": "${{ p }}"}),
        ('run "x" on a network', {"run": {"command": "x", "network": "true"}, "on": "a"}),
        ('run "x" network on a', {"run": {"command": "x", "network": "true"}, "on": "a"}),
        ('run "x" network ${{ n }}', {"run": {"command": "x", "network": "${{ n }}"}}),
    ],
)
def test_options_of_a_step_stand_in_any_order(text: str, step: object) -> None:
    assert data(text) == {"steps": [step]}
    assert data(f"before packages {{ {text} }}") == {"before-packages": [step]}


@pytest.mark.parametrize(
    ("entry", "package"),
    [
        ("numpy on linux/amd64", {"package": "numpy", "on": "linux/amd64"}),
        ("numpy >=1,<2 on a # x", {"package": "numpy >=1,<2", "on": "a"}),
        ("numpy 1.26,1.27 py_0 on ${{ p }}", {"package": "numpy 1.26,1.27 py_0", "on": "${{ p }}"}),
        ("'numpy >=1' on 'a'", {"package": "numpy >=1", "on": "a"}),
        ("x[build='on'] on a", {"package": "x[build='on']", "on": "a"}),
        ("on", "on"),
        ("on on a", {"package": "on", "on": "a"}),
        ("python-on >=1", "python-on >=1"),
        ("constraint on a", {"package": "constraint", "on": "a"}),
        ("numpy${{ v }}", "numpy${{ v }}"),
        ("numpy >=${{ v }},<3", "numpy >=${{ v }},<3"),
    ],
)
def test_a_package_ends_before_its_platform(entry: str, package: object) -> None:
    assert data(f"conda {{ {entry}\n git }}") == {"conda": [package, "git"]}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('find-links "https://a.example/x"', {"url": "https://a.example/x"}),
        ('find-links "HTTP://A" secret B', {"url": "HTTP://A", "secret": "B"}),
        ('find-links "wheels/"', {"path": "wheels/"}),
        ('find-links "${{ a }}"', {"path": "${{ a }}"}),
        ('find-links url "${{ a }}" secret S', {"url": "${{ a }}", "secret": "S"}),
        ('find-links path "a://b"', {"path": "a://b"}),
    ],
)
def test_an_address_and_a_folder_are_told_apart(line: str, found: object) -> None:
    assert data(f"pip {{ {line} }}") == {"pip": {"find-links": [found]}}


@pytest.mark.parametrize(
    "name", ["wheel", "source", "sdist", "constraint", "override", "index", "find-links"]
)
def test_a_word_without_a_string_is_a_package(name: str) -> None:
    text = f"pip {{ {name}, {name} >=1, {name}[x] ==2 ; os_name == 'a' }}"

    assert data(text) == {"pip": [name, f"{name} >=1", f"{name}[x] ==2 ; os_name == 'a'"]}


def test_a_conda_package_may_have_a_version_without_an_operator() -> None:
    assert data("conda { constraint 1.0 py_0 }") == {"conda": ["constraint 1.0 py_0"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A = x on p", {"A": {"p": "x"}}),
        ("A=x on p", {"A": {"p": "x"}}),
        ('A="x"  on  p, B=y', {"A": {"p": "x"}, "B": "y"}),
        ("A = x on p\nB = 1\nA = y on 'q'", {"A": {"p": "x", "q": "y"}, "B": "1"}),
        ("A = on", {"A": "on"}),
        ("A = on on p", {"A": {"p": "on"}}),
        ("A=on on p", {"A": {"p": "on"}}),
    ],
)
def test_a_variable_may_differ_by_platform(text: str, value: object) -> None:
    assert data(f"variables {{ {text} }}") == {"variables": value}


def test_fields_of_the_base_come_together() -> None:
    lines = 'base image "a"\nuser 0\nbase { registry b }\nbase context c'

    assert data(lines)["base"] == {"image": "a", "registry": "b", "context": "c"}
    assert data('base {\n image "a", target t\n}') == {"base": {"image": "a", "target": "t"}}
    assert data("base {}") == {"base": {}}


def test_python_is_a_version_or_is_managed() -> None:
    assert data("python managed no") == {"python": {"managed": "no"}}
    assert data("python managed ${{ m }}") == {"python": {"managed": "${{ m }}"}}
    assert data("python managed") == {"python": "managed"}
    assert data("python >=3.11, <3.13") == {"python": ">=3.11, <3.13"}


def test_parameters_have_a_default_or_must_be_given() -> None:
    text = 'param a = 1\nuser 0\nparam b\nparam c="x y"\nparam d=\nparam e = ""\n'

    draft = read(Source(name="spec.envc", text=text))

    assert draft.document.data["params"] == {
        "a": "1",
        "b": {"required": "true"},
        "c": "x y",
        "e": "",
    }
    assert [problem.code for problem in draft.problems] == ["E101"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cuda ${{ cuda }", "${{ cuda }"),
        ("cuda ${{ cuda", "${{ cuda"),
        ("cuda v${{ a }-${{ b }}", "v${{ a }-${{ b }}"),
        ("cuda ${{", "${{"),
        ("cuda ${{ 'a' } # x", "${{ 'a' }"),
        ("cuda $${{ a }}", "$${{ a }}"),
        ("cuda ${{ a }}${{ b }}", "${{ a }}${{ b }}"),
    ],
)
def test_a_parameter_is_a_part_of_its_word_whether_or_not_it_is_right(
    text: str, value: str
) -> None:
    assert data(f"{text}\nuser 0") == {"cuda": value, "user": "0"}


def test_a_parameter_that_is_not_closed_closes_no_block() -> None:
    text = "variables { A = ${{ a }, B = ${{ b } }\nmatrix { x { y = ${{ z } } }\nuser 0"

    assert data(text) == {
        "variables": {"A": "${{ a }", "B": "${{ b }"},
        "matrix": {"x": {"y": "${{ z }"}},
        "user": "0",
    }


def test_places_are_those_of_the_text() -> None:
    text = (
        "param a = 'b'\nparam c\nvariables { A = x on p, B = y, A = 'z' on q }\n"
        "copy s to t mode 1 ignore [u, 'v'] on w\nbefore packages { run 'x' }\n"
        "conda { numpy >=1, <2  on p }\nruntime { mount f to g read-only }\n"
        "system { snapshot 'd' }\nbase image i\nbase target t"
    )

    document = parsed(text)

    found = {path: span.text for path, span in document.spans.items() if path}
    assert found == {
        ("params",): "a = 'b'\nparam c",
        ("params", "a"): "'b'",
        ("params", "c"): "c",
        ("params", "c", "required"): "",
        ("variables",): "{ A = x on p, B = y, A = 'z' on q }",
        ("variables", "A"): "x on p, B = y, A = 'z' on q",
        ("variables", "A", "p"): "x",
        ("variables", "A", "q"): "'z'",
        ("variables", "B"): "y",
        ("steps",): "copy s to t mode 1 ignore [u, 'v'] on w",
        ("steps", 0): "copy s to t mode 1 ignore [u, 'v'] on w",
        ("steps", 0, "copy"): "s to t mode 1 ignore [u, 'v']",
        ("steps", 0, "copy", "from"): "s",
        ("steps", 0, "copy", "to"): "t",
        ("steps", 0, "copy", "mode"): "1",
        ("steps", 0, "copy", "ignore"): "[u, 'v']",
        ("steps", 0, "copy", "ignore", 0): "u",
        ("steps", 0, "copy", "ignore", 1): "'v'",
        ("steps", 0, "on"): "w",
        ("before-packages",): "{ run 'x' }",
        ("before-packages", 0): "run 'x'",
        ("before-packages", 0, "run"): "'x'",
        ("conda",): "{ numpy >=1, <2  on p }",
        ("conda", 0): "numpy >=1, <2  on p",
        ("conda", 0, "package"): "numpy >=1, <2",
        ("conda", 0, "on"): "p",
        ("runtime",): "{ mount f to g read-only }",
        ("runtime", "mounts"): "f to g read-only",
        ("runtime", "mounts", 0): "f to g read-only",
        ("runtime", "mounts", 0, "from"): "f",
        ("runtime", "mounts", 0, "to"): "g",
        ("runtime", "mounts", 0, "read-only"): "read-only",
        ("system",): "{ snapshot 'd' }",
        ("system", "snapshot"): "'d'",
        ("base",): "image i\nbase target t",
        ("base", "image"): "i",
        ("base", "target"): "t",
    }
    assert document.key_span(("variables", "A", "q")).text == "q"
    assert document.key_span(("steps", 0, "on")).text == "on"
    assert document.key_span(("steps", 0, "copy", "ignore")).text == "ignore"
    assert document.key_span(("before-packages",)).text == "before packages"
    assert document.key_span(("system", "snapshot")).text == "snapshot"
