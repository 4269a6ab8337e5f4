"""The laws of conversion: either form says what the other said, with all comments, in its own layout."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from envc.source import Source
from envc.syntax import Form, format_dsl, format_yaml, parse
from envc.syntax.document import Document
from envc.syntax.literal import dsl_string, dsl_word, yaml_block, yaml_flow, yaml_plain
from envc.syntax.notes import Notes
from envc.syntax.print_dsl import print_dsl
from envc.syntax.print_yaml import print_yaml
from support.commenting import comment, marks_in, source_of
from support.drawing import specs, texts
from support.printing import Dsl
from support.printing import print_yaml as print_any_yaml


def convert(document: Document, own: Form, form: Form) -> str:
    find = format_yaml.find_comments if own == "yaml" else format_dsl.find_comments
    notes = Notes(document, find(document.source), indented=own == "yaml")
    return (print_yaml if form == "yaml" else print_dsl)(document.data, notes)


def layout(text: str, form: Form) -> str:
    write = format_yaml.format_yaml if form == "yaml" else format_dsl.format_dsl
    return write(source_of(text, form))


def assert_lawful(text: str, own: Form, marks: list[str]) -> None:
    document = parse(source_of(text, own))
    form: Form = "dsl" if own == "yaml" else "yaml"

    there = convert(document, own, form)
    converted = parse(source_of(there, form))
    back = convert(converted, form, own)

    assert converted.data == document.data
    assert marks_in(there) == marks
    assert layout(there, form) == there
    assert parse(source_of(back, own)).data == document.data
    assert marks_in(back) == marks


@given(data=specs, choices=st.data())
@settings(deadline=None)
def test_the_dsl_becomes_yaml_and_dsl_again(data: dict[str, Any], choices: st.DataObject) -> None:
    text, marks = comment(Dsl(choices.draw).spec(data), "dsl", choices.draw)

    assert_lawful(text, "dsl", marks)


@given(data=specs, choices=st.data())
@settings(deadline=None)
def test_yaml_becomes_the_dsl_and_yaml_again(data: dict[str, Any], choices: st.DataObject) -> None:
    text = print_any_yaml(data, choices.draw).strip() + "\n"
    text, marks = comment(text, "yaml", choices.draw)

    assert_lawful(text, "yaml", marks)


@given(text=texts | st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_so_that_it_is_read_again(text: str) -> None:
    statement = Source(name="x.envc", text=f"workdir {dsl_string(text)}\nuser {dsl_word(text)}\n")
    mark, lines = yaml_block(text) or (yaml_plain(text), [])
    body = "".join(f"\n  {line}" if line else "\n" for line in lines)
    mapping = f"a: {mark}{body}\nb: [{yaml_flow(text)}]\n{yaml_flow(text)[:900]}: c\n"

    data = parse(statement).data if "\0" not in text else None
    read = yaml.safe_load(mapping) if len(yaml_flow(text)) < 900 else None

    assert data in (None, {"workdir": text, "user": text})
    assert read in (None, {"a": text, "b": [text], text: "c"})
