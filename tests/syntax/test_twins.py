"""The laws of both front ends: the same data from either form, exact places, and no crash, ever."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from envc.errors import InputError
from envc.source import Source
from envc.syntax import parse
from envc.syntax.document import Data, Document, Path
from envc.syntax.strings import decode
from support.drawing import specs
from support.printing import Dsl, print_yaml

FLAGS = {"network", "read-only", "required"}
LISTS: set[Path] = {("steps",), ("before-packages",), ("params",), ("runtime", "mounts")}


def leaves(data: Data, path: Path = ()) -> dict[Path, str]:
    match data:
        case dict():
            return {p: v for key in data for p, v in leaves(data[key], (*path, key)).items()}
        case list():
            return {
                p: v for i, item in enumerate(data) for p, v in leaves(item, (*path, i)).items()
            }
    return {path: data}


def assert_places(document: Document) -> None:
    """Assert that all spans lie in the text, nest, and cover what their values were read from."""
    length = len(document.source.text)
    for path, span in document.spans.items():
        assert 0 <= span.start <= span.end <= length
        if path:
            parent = document.spans[path[:-1]]
            assert parent.start <= span.start
            assert span.end <= parent.end
    for path, span in document.key_spans.items():
        assert span.text.strip("\"'") == path[-1] or path in LISTS
    for path, value in leaves(document.data).items():
        written = document.span(path).text
        if path[-1] in FLAGS and written in {path[-1], ""}:
            continue
        if written == value:
            assert document.part(path, 0, len(value)).text == (value or "")
        else:
            assert decode(written) == (value, ())


@given(data=specs, choices=st.data())
def test_the_dsl_gives_the_data_that_was_printed(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    text = Dsl(choices.draw).spec(data)

    document = parse(Source(name="spec.envc", text=text))

    assert document.data == data
    assert_places(document)


@given(data=specs, choices=st.data())
def test_yaml_gives_the_data_that_was_printed(data: dict[str, Any], choices: st.DataObject) -> None:
    text = print_yaml(data, choices.draw)

    document = parse(Source(name="spec.yaml", text=text))

    assert document.data == data
    assert_places(document)


@given(data=specs, choices=st.data())
def test_line_ends_and_a_byte_order_mark_change_nothing(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    text = Dsl(choices.draw).spec(data).replace("\n", "\r\n")

    document = parse(Source(name="spec.envc", text=f"\ufeff{text}\r\n"))

    assert document.data == data
    assert_places(document)


def attempt(source: Source) -> Document | InputError:
    """Return what parsing gives; anything else that it raises fails the test."""
    try:
        return parse(source)
    except InputError as error:
        return error


def assert_lawful(result: Document | InputError, text: str) -> None:
    if isinstance(result, Document):
        assert all(0 <= span.start <= span.end <= len(text) for span in result.spans.values())
        return
    assert result.diagnostics
    assert all(re.fullmatch("E1[0-2][0-9]", item.code) for item in result.diagnostics)
    assert all(item.labels[0].span.end <= len(text) for item in result.diagnostics)
    assert str(result)


@given(text=st.text() | st.text(alphabet="ab {}[]\"'\\,#=$\n\t@:/-!&*|>%?<"))
@settings(max_examples=400)
def test_any_text_is_a_document_or_an_input_error(text: str) -> None:
    for name in ("spec.envc", "spec.yaml"):
        assert_lawful(attempt(Source(name=name, text=text)), text)


@given(data=specs, choices=st.data())
def test_a_damaged_spec_is_a_document_or_an_input_error(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    whole = Dsl(choices.draw).spec(data)
    cut = choices.draw(st.integers(min_value=0, max_value=len(whole)))
    patch = choices.draw(st.text(alphabet="{}[]\"',#=\n", max_size=2))

    text = whole[:cut] + patch + whole[cut + 1 :]

    assert_lawful(attempt(Source(name="spec.envc", text=text)), text)
