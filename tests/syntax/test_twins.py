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
from support.printing import Dsl, print_yaml

texts = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab\"'\\ \n\t#{}[],$=:-é東😀"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=12,
).filter(lambda text: "${{" not in text)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
conda_entries = st.builds(
    "{}{}".format,
    names | st.sampled_from(["wheel", "index", "run", "import", "7zip", "conda-forge::x"]),
    st.sampled_from(
        [
            "",
            " >=1.26,<2",
            " >= 1.26, <2",
            "=1.2=py_0",
            " 1.26,1.27|2",
            "[build='cuda*', version='>=2']",
        ]
    ),
)
pip_entries = st.builds(
    "{}{}".format,
    names | st.sampled_from(["wheel", "index", "requests[socks,use-chardet]"]),
    st.sampled_from(
        [
            "",
            " >=1.26,<2",
            ' >=2 ; python_version < "3.11"',
            " (>=1, <2)",
            "==2.7.*",
            " @ https://example.com/a,b/x.whl#sha256=00",
        ]
    ),
)
debian_entries = st.builds("{}{}".format, names, st.sampled_from(["", "=1:2.39.2-1.1"]))


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


indexes = st.fixed_dictionaries({"url": texts}, optional={"secret": names})
steps = st.one_of(
    st.fixed_dictionaries({"copy": st.fixed_dictionaries({"from": texts, "to": texts})}),
    st.fixed_dictionaries({"run": texts}),
    st.fixed_dictionaries(
        {"run": st.fixed_dictionaries({"command": texts, "network": st.just("true")})}
    ),
)
sources = optional(
    indexes=st.lists(indexes, min_size=1, max_size=2),
    wheels=st.lists(texts, min_size=1, max_size=2),
).filter(bool)
pips = st.one_of(
    st.lists(pip_entries, max_size=3),
    st.tuples(sources, optional(packages=st.lists(pip_entries, min_size=1, max_size=3))).map(
        lambda parts: {**parts[0], **parts[1]}
    ),
)
specs = optional(
    environment=texts,
    base=st.fixed_dictionaries({"image": texts}),
    platforms=st.lists(texts, min_size=1, max_size=3),
    python=st.sampled_from(["3.10", "3.12", ">=3.11, <3.13"]),
    channels=st.lists(texts, min_size=1, max_size=3),
    conda=st.lists(conda_entries, max_size=4),
    pip=pips,
    system=st.lists(debian_entries, max_size=3),
    variables=st.dictionaries(names, texts, max_size=3),
    steps=st.lists(steps, min_size=1, max_size=3),
    user=texts,
    workdir=texts,
    entrypoint=st.lists(texts, max_size=3),
    command=st.lists(texts, max_size=3),
    check=optional(
        **{
            "import": st.lists(texts, min_size=1, max_size=3),
            "run": st.lists(texts, min_size=1, max_size=2),
        }
    ),
    runtime=optional(shm=texts, gpus=texts),
    serve=optional(entry=texts, model=texts),
)


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
        is_flag = path[-1] == "network"
        assert is_flag or span.text.strip("\"'") == path[-1] or path == ("steps",)
    for path, value in leaves(document.data).items():
        written = document.span(path).text
        if path[-1] == "network" and written == "network":
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
