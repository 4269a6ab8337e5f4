"""Every field that reaches a Dockerfile: no text in it makes another instruction, or is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envc.dockerfile.text import Instruction, parse_text
from envc.render.dockerfile import render
from envc.resources import read_templates
from envc.source import Source
from envc.spec.model import EnvSpec
from support.placing import ELSEWHERE, FIELDS, plan_with, skeleton

TEMPLATES = read_templates()
BREAKOUTS = (
    *("\n", "\r", "\r\n", " ", "\t", "\\", "\\\n", "'", '"', "$", "${HOME}", "$(id)", "`", "#"),
    *("\nRUN id\n", "\nFROM scratch\n", "<<EOF", "\nEOF\n", "<<-'X'", "]", '", "x', "--link"),
    *("=", ",", ";", "&&", "|", "*", "?", "[a]", "~", "!", "%s", "{{ 7 * 7 }}", "{% raw %}"),
    *("é", "日本", "🐍", "\u2028", "\u0085", "\x0b", "\x1c", "\x7f", "\ufeff", "\0"),
)
PLAIN = (
    "a",
    "/a",
    "git",
    "1",
    "3.12",
    "SIGINT",
    "8080",
    "1000",
    "30s",
    "0644",
    "six",
    "a=1:2.3~b+c",
)
texts = st.lists(st.sampled_from((*BREAKOUTS, *PLAIN)) | st.text(max_size=3), max_size=4).map(
    "".join
)


def written(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what instructions a Dockerfile has, as BuildKit's parser splits it."""
    for one in parse_text(Source(name="Dockerfile", text=text)).instructions:
        yield _facts(one)


def _facts(one: Instruction) -> tuple[str, ...]:
    if one.name != "FROM":
        return (one.name,)
    base, _, name = (word.text for word in one.arguments)
    return ("FROM", base, name)


def check(make: Callable[[str], dict[str, Any]], text: str) -> bool:
    """Check a text in a field, and return whether a spec may have it there."""
    plan = plan_with(make(text))
    if plan is None:
        return False
    rendered = render(plan, TEMPLATES).text
    source = Source(name="Dockerfile", text=rendered)
    assert list(written(rendered)) == list(skeleton(plan))
    assert not any(one.heredocs for one in parse_text(source).instructions)
    assert parse_text(source).directives == {}
    return True


@pytest.mark.parametrize("make", FIELDS.values(), ids=FIELDS.keys())
@given(text=texts)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@example(text="\nRUN id\n")
@example(text="/a\nRUN id")
@example(text='a" \\\n    b="c')
def test_no_text_of_a_field_makes_another_instruction(
    make: Callable[[str], dict[str, Any]], text: str
) -> None:
    check(make, text)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_tried_with_some_text_that_is_taken(name: str) -> None:
    tried = (
        *PLAIN,
        "/a b",
        "1000:1000",
        "registry.example.com",
        "12.4",
        "debian:12",
        "python=3.12",
    )

    assert any(check(FIELDS[name], text) for text in tried)


def test_every_field_of_a_spec_is_tried_or_is_in_no_dockerfile() -> None:
    fields = {field.alias or name for name, field in EnvSpec.model_fields.items()}

    tried = {key for make in FIELDS.values() for key in make("a")}

    assert tried | ELSEWHERE == fields
    assert not tried & ELSEWHERE
