"""Secrets in text that is shown: whatever is wrong there, nobody reads them, and marks stay in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic, Label, draw, to_json
from envc.masking import find_secrets, mask, mask_line
from envc.source import Source


def at(line: str, *parts: str, is_secret: bool = False) -> Diagnostic:
    source = Source(name="a.envc", text=f"{line}\n")
    labels = tuple(
        Label(span=source.span(line.index(part), line.index(part) + len(part)), is_secret=is_secret)
        for part in parts
    )
    return Diagnostic(code="E999", message="wrong", labels=labels)


@pytest.mark.parametrize(
    ("diagnostic", "drawn"),
    [
        (
            at("a https://me:word@a.example/x b", "me:word@"),
            "a https://***@a.example/x b\n  |           ^^^^\n",
        ),
        (
            at("a https://me:word@a.example/x b", "b"),
            "a https://***@a.example/x b\n  |                           ^\n",
        ),
        (
            at("a https://me:word@a.example/x b", "a ", "word", "b"),
            "a https://***@a.example/x b\n  | ^         ---             -\n",
        ),
        (
            at("c https://a.example/t/tk-1234/x", "/t/tk-1234/"),
            "c https://a.example/t/***/x\n  |                    ^^^^^^^\n",
        ),
        (at('x "verysecret" y', "verysecret", is_secret=True), 'x "***" y\n  |    ^^^\n'),
        (at('x "a" y', "a", is_secret=True), 'x "***" y\n  |    ^^^\n'),
    ],
)
def test_marks_stay_below_what_they_mark(diagnostic: Diagnostic, drawn: str) -> None:
    assert draw([diagnostic]).partition("1 | ")[2] == drawn


def test_the_column_that_is_told_is_that_of_the_file() -> None:
    found = at("a https://me:word@a.example/x b", "b")

    assert draw([found]).splitlines()[1] == " --> a.envc:1:31"


def test_no_part_of_a_diagnostic_tells_a_secret() -> None:
    url, shown = "https://me:word@a.example", "https://***@a.example"
    source = Source(name="a.envc", text="a\n")
    label = Label(span=source.span(0, 1), text=url)
    found = Diagnostic(code="E999", message=url, labels=(label,), notes=(url,), hint=url)

    data = to_json(found)

    assert draw([found]) == (
        f"error[E999]: {shown}\n --> a.envc:1:1\n1 | a\n  | ^ {shown}\nnote: {shown}\nhint: {shown}\n"
    )
    assert (data["message"], data["notes"], data["hint"]) == (shown, [shown], shown)
    assert data["labels"][0]["text"] == shown


@pytest.mark.parametrize(
    "text",
    [
        "git+ssh://git@a.example/x.git@v1",
        "https://a.example:8443/x.git@v1",
        "docker-image://alpine@sha256:00",
        "https://a.example/t/",
        "me@a.example",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('run "TOKEN=$X API_TOKEN=abc curl --password=\'d e\'"',
         'run "TOKEN=$X API_TOKEN=*** curl --password=\'***\'"'),
        ("- {secret: PYPI_TOKEN, token: abc}", "- {secret: PYPI_TOKEN, token: ***}"),
        ("pip { api-key ==1.0 }", "pip { api-key ==1.0 }"),
        ("param token = \"a\"", "param token = \"***\""),
    ],
)  # fmt: skip
def test_a_value_is_masked_by_its_name(line: str, shown: str) -> None:
    assert mask_line(line).text == shown


@given(st.text(st.sampled_from("ab:/@?#\"' ${t=}"), max_size=40), st.data())
def test_what_is_around_secrets_stays_and_places_stay_in_order(
    text: str, data: st.DataObject
) -> None:
    prefix = "https://"
    masked = mask_line(prefix + text)
    first, second = sorted(data.draw(st.integers(0, len(prefix + text))) for _ in range(2))

    kept = [
        (prefix + text)[at]
        for at in range(len(prefix + text))
        if not any(start <= at < end for start, end in masked.parts)
    ]
    assert masked.text.replace("***", "") == "".join(kept).replace("***", "")
    assert 0 <= masked.start(first) <= masked.start(second) <= len(masked.text)
    assert masked.end(first) <= masked.end(second) <= len(masked.text)
    assert find_secrets(text) == tuple(sorted(find_secrets(text)))
