"""The manual of the language: every field is in it, and every example in it is true in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.compose import WORDS
from envc.errors import InputError, UsageError
from envc.source import Source
from envc.spec.description import Description, read_value
from envc.spec.example import EXAMPLES, Example
from envc.spec.load import load
from envc.spec.manual import Topic, look_up, page, topics
from envc.spec.model import EnvSpec
from envc.spec.schema import outline
from envc.syntax import parse
from envc.syntax.document import Data, Document
from support.documents import Everything

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"
TOPICS = topics()
COMPOSED = {name for name in EXAMPLES if name.partition(".")[0] in WORDS}


def whole(example: Example, form: str) -> Document:
    """Return the least spec that an example is a part of."""
    name, text, head = {
        "dsl": ("pets.envc", example.dsl, "environment pets\n"),
        "yaml": ("pets.yaml", example.yaml, "environment: pets\n"),
    }[form]
    return parse(Source(name=name, text=text if text.startswith("environment") else head + text))


def read(document: Document) -> EnvSpec | list[str]:
    try:
        return load(document, vouched=Everything())
    except InputError as error:
        return [problem.code for problem in error.diagnostics]


def values_at(data: Data, keys: list[str]) -> list[Data]:
    """Return the values that keys lead to, through all items of a list and all names of a mapping."""
    if not keys:
        return [data]
    if isinstance(data, list):
        return [value for item in data for value in values_at(item, keys)]
    if isinstance(data, dict) and keys[0] in data:
        return values_at(data[keys[0]], keys[1:])
    if isinstance(data, dict):
        return [value for item in data.values() for value in values_at(item, keys)]
    return []


def test_the_reference_page_is_what_is_printed(update_golden: bool) -> None:
    text = page(TOPICS)
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == text


def test_every_field_of_the_model_has_a_topic() -> None:
    whole_outline = outline()
    blocks = [whole_outline, *whole_outline["$defs"].values()]

    keys = [key for block in blocks for key in block["properties"]]

    assert {topic.name.rpartition(".")[2] for topic in TOPICS} == set(keys)


def test_every_example_is_of_a_field() -> None:
    assert set(EXAMPLES) - {topic.name for topic in TOPICS} == set()


@pytest.mark.parametrize("name", sorted(COMPOSED))
def test_an_example_of_composition_says_the_same_in_both_forms(name: str) -> None:
    dsl, yaml = (whole(EXAMPLES[name], form) for form in ("dsl", "yaml"))

    assert dsl.data == yaml.data
    assert name.partition(".")[0] in dsl.data


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - COMPOSED))
def test_an_example_says_the_same_in_both_forms(name: str) -> None:
    dsl, yaml = (read(whole(EXAMPLES[name], form)) for form in ("dsl", "yaml"))

    assert dsl == yaml
    assert isinstance(dsl, EnvSpec)


def described_fields() -> list[tuple[list[Topic], Description]]:
    """Return where each field of the model may stand, and what its description says."""
    by_meaning: dict[tuple[str, str], list[Topic]] = {}
    for topic in TOPICS:
        by_meaning.setdefault((topic.name.rpartition(".")[2], topic.meaning), []).append(topic)
    whole_outline = outline()
    return [
        (by_meaning[key, said.meaning], said)
        for block in (whole_outline, *whole_outline["$defs"].values())
        for key, shape in block["properties"].items()
        for said in [Description.parse(shape["description"])]
    ]


@pytest.mark.parametrize(
    ("places", "said"), described_fields(), ids=[found[0].name for found, _ in described_fields()]
)
def test_the_example_of_a_description_is_one_that_is_shown(
    places: list[Topic], said: Description
) -> None:
    values = [
        value
        for topic in places
        for value in values_at(whole(topic.example, "yaml").data, topic.name.split("."))
    ]

    assert read_value(said.example) in values


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_what_must_be_there_has_no_default(topic: Topic) -> None:
    assert topic.is_required == (topic.default == "")
    assert topic.summary
    assert not topic.summary.endswith(".")


def test_required_fields_are_those_that_the_model_requires() -> None:
    required = [topic.name for topic in TOPICS if topic.is_required]

    assert required == [
        *(
            "environment",
            "params.required",
            "python.managed",
            "channels.channel",
            "conda.packages.package",
            "pip.indexes.url",
        ),
        *("pip.packages.package", "pip.wheels.wheel", "pip.sources.source"),
        *("system.packages.package", "before-packages.copy.from", "before-packages.copy.to"),
        *("before-packages.run.command", "steps.copy.from", "steps.copy.to", "steps.run.command"),
        *("healthcheck.run", "check.run.command", "runtime.mounts.from", "runtime.mounts.to"),
        *("serve.entry", "train.script"),
    ]


def test_a_field_is_found_with_those_in_it() -> None:
    topic, inside = look_up("steps.run", TOPICS)

    assert (topic.name, topic.holds) == ("steps.run", "script, or mapping")
    assert [part.name for part in inside] == ["steps.run.command", "steps.run.network"]


@pytest.mark.parametrize(
    ("name", "code", "message", "hint"),
    [
        ("plattforms", "E170", "there is no field `plattforms`", "did you mean `platforms`?"),
        (
            "secret",
            "E170",
            "there is no field `secret`",
            "did you mean `channels.secret` or `pip.indexes.secret` or `pip.find-links.secret`?",
        ),
        (
            "run",
            "E170",
            "there is no field `run`",
            "did you mean `before-packages.run` or `steps.run` or `healthcheck.run` or `check.run`?",
        ),
        ("expose", "E170", "there is no field `expose`", "did you mean `ports`?"),
        ("wheels", "E170", "there is no field `wheels`", "did you mean `pip.wheels`?"),
        ("env", "E170", "there is no field `env`", "did you mean `variables`?"),
        ("xyz", "E170", "there is no field `xyz`", "`envc explain` lists the fields"),
        (
            "Secrets",
            "E171",
            "`Secrets` is not supported yet",
            "`envc explain` lists the fields that are",
        ),
        (
            "pets.envc",
            "E170",
            "`pets.envc` is not a field of the language",
            "name a field, such as `pip.indexes`; `envc check` says what is wrong with a spec",
        ),
    ],
)
def test_an_unknown_field_is_explained(name: str, code: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        look_up(name, TOPICS)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (code, message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Where it is.",
        "Perhaps. Where it is. Default: here. Example: `/a`.",
        "Optional. Where it is. Example: `/a`.",
        "Required. Where it is. Default: here. Example: `/a`.",
        "Optional. Where it is. Default: here.",
    ],
)
def test_a_description_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the description of a field"):
        Description.parse(text)


@pytest.mark.parametrize(
    ("default", "value"),
    [("`[a, 3.10]`", ["a", "3.10"]), ("none", None), ("`a` where there is one", None)],
)
def test_only_a_default_that_is_a_value_is_data(default: str, value: Data | None) -> None:
    said = Description.parse(f"Optional. What. Default: {default}. Example: `x`.")

    assert said.default_value == value
