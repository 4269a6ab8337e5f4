"""Laws of composing, over specs and files that are drawn at random."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envc.compose import Choice, Composition, compose
from envc.compose.reference import find_references
from envc.diagnostics import Diagnostic, draw
from envc.errors import InputError, UsageError
from envc.syntax.document import Draft
from envc.syntax.origin import Origin
from support.documents import document
from support.right_specs import specs


def composed(
    files: Mapping[str, dict[str, Any]], sets: Mapping[str, str] | None = None
) -> Composition:
    read: Counter[str] = Counter()

    def load(path: str) -> Draft:
        read[path] += 1
        if path not in files:
            raise InputError([Diagnostic(code="E150", message=f"there is no `{path}`")])
        return Draft(document=document(files[path], name=path))

    composition = compose(
        Draft(document=document(files["spec"], name="spec")), load, Choice(sets=sets or {})
    )
    assert set(read.values()) <= {1}
    return composition


def data_of(files: Mapping[str, dict[str, Any]], variant: str = "") -> dict[str, Any]:
    draft = composed(files).variants[variant]
    assert draft.problems == ()
    return draft.document.data


@given(specs, st.booleans())
def test_an_empty_file_changes_nothing(spec: dict[str, Any], is_extended: bool) -> None:
    links: dict[str, Any] = {"extends": "a"} if is_extended else {"include": ["a"]}

    assert data_of({"spec": {**spec, **links}, "a": {}}) == spec


@given(specs)
def test_a_spec_that_only_extends_another_is_that_other(spec: dict[str, Any]) -> None:
    assert data_of({"spec": {"extends": "a"}, "a": spec}) == spec


@given(specs)
def test_extending_a_file_that_says_the_same_changes_only_what_happens_twice(
    spec: dict[str, Any],
) -> None:
    steps = {"before-packages", "steps"} & spec.keys()

    twice = {**spec, **{key: spec[key] * 2 for key in steps}}
    assert data_of({"spec": {**spec, "extends": "a"}, "a": spec}) == twice


@given(specs, st.data())
def test_keys_may_stand_in_any_file(spec: dict[str, Any], choices: st.DataObject) -> None:
    own = {key for key in spec if key != "environment" and choices.draw(st.booleans())}
    main = {key: value for key, value in spec.items() if key not in own}
    part = {key: value for key, value in spec.items() if key in own}

    included = data_of({"spec": {**main, "include": ["a"]}, "a": part})
    extended = data_of({"spec": {**main, "extends": "a"}, "a": part})

    assert included == extended == spec


@given(specs, st.permutations(["a", "b", "c"]), st.data())
def test_the_order_of_files_that_say_different_things_makes_no_difference(
    spec: dict[str, Any], order: list[str], choices: st.DataObject
) -> None:
    parts: dict[str, dict[str, Any]] = {name: {} for name in order}
    for key, value in spec.items():
        if key != "environment":
            parts[choices.draw(st.sampled_from("abc"))][key] = value
    main = {"environment": spec["environment"], "include": order}

    assert data_of({"spec": main, **parts}) == spec


def hidden(data: Any, params: dict[str, str], choices: st.DataObject) -> Any:
    """Return data with some of its texts, or parts of them, in parameters."""
    if isinstance(data, dict):
        return {key: hidden(value, params, choices) for key, value in data.items()}
    if isinstance(data, list):
        return [hidden(value, params, choices) for value in data]
    start = choices.draw(st.integers(0, len(data)))
    end = choices.draw(st.integers(start, len(data)))
    before, inside, after = data[:start], data[start:end], data[end:]
    # What stands for `$` before it would be an escape of it.
    if before.endswith("$") or choices.draw(st.booleans()):
        return data
    name = f"p{len(params)}"
    params[name] = inside
    return f"{before}${{{{ {name} }}}}{after}"


@given(specs, st.data())
def test_what_stands_in_parameters_is_the_same(
    spec: dict[str, Any], choices: st.DataObject
) -> None:
    params: dict[str, str] = {}
    written = hidden(spec, params, choices)

    drafts = composed({"spec": {**written, "params": params, "matrix": {"a": {}, "b": params}}})

    assert [draft.problems for draft in drafts.variants.values()] == [(), ()]
    assert [draft.document.data for draft in drafts.variants.values()] == [spec, spec]


texts = st.lists(
    st.sampled_from(["a", "$", "{", "}", " ", "${{ x }}", "${{y}}", "$${{", "é", "\n"]), max_size=8
).map("".join)


@given(texts, st.sampled_from(["", "x", "long", "${{ y }}"]))
def test_every_character_of_a_filled_text_is_traced_to_where_it_was_written(
    text: str, value: str
) -> None:
    references = list(find_references(text))
    draft = composed({"spec": {"user": text, "params": {"x": "1", "y": "2"}}}, {"x": value})
    found = draft.variants[""].document
    origin = found.origins.get(("user",), Origin(text=text, written=text))

    if any(reference.problem for reference in references):
        assert found.data["user"] == text
        return
    assert "".join(origin.text[piece.start : piece.end] for piece in origin.pieces) in {
        origin.text,
        "",
    }
    for place, char in enumerate(origin.text):
        start, end = origin.trace(place, place + 1)
        written = origin.written[start:end]
        assert written == char or any(
            (start, end) == (reference.start, reference.end) for reference in references
        )


anything = st.recursive(
    st.sampled_from(["", "a", "b", "spec", "x/", "${{ a }}", "${{ b", "../c", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "required", "1", "v-1"]), inner, max_size=3)
    ),
    max_leaves=6,
)
files = st.dictionaries(
    st.sampled_from(["extends", "include", "params", "matrix", "user", "conda", "variables"]),
    anything,
    max_size=5,
)


@given(st.fixed_dictionaries({"spec": files, "a": files, "b": files}), st.booleans())
def test_nothing_is_worse_than_a_problem(content: dict[str, dict[str, Any]], is_set: bool) -> None:
    try:
        composition = composed(content, {"a": "x"} if is_set else None)
    except UsageError:
        assert is_set
        return

    for draft in composition.variants.values():
        assert not {"extends", "include", "params", "matrix"} & draft.document.data.keys()
        assert draw(draft.problems) or not draft.problems
        assert set(draft.document.origins) <= set(draft.document.spans)


graphs = st.dictionaries(
    st.sampled_from(["a", "b", "x/c", "x/y/d"]),
    st.lists(st.sampled_from(["spec", "a", "b", "x/c", "x/y/d", "none"]), max_size=4),
)


@given(graphs, st.lists(st.sampled_from(["a", "b", "x/c", "x/y/d"]), max_size=3))
def test_any_graph_of_files_ends(graph: dict[str, list[str]], first: list[str]) -> None:
    content: dict[str, dict[str, Any]] = {"spec": {"include": first}}
    for name, links in graph.items():
        folder = posixpath.dirname(name)
        content[name] = {"include": [posixpath.relpath(link, folder or ".") for link in links]}

    composition = composed(content)

    found = {problem.code for problem in composition.variants[""].problems}
    assert found <= {"E115", "E150"}
    assert composition.variants[""].is_partial == bool(found)
