"""`envc explain` and `envc schema`: what the language says of itself."""

from __future__ import annotations

import json

import pytest

from envc.spec.manual import page, topics
from envc.spec.schema import schema
from support.workspace import EnvcMain

SECRET = """\
pip.indexes.secret (optional): name of an environment variable

The name of the secret that holds its credentials: an environment variable with
`user:password` or a token.

Default: no credentials.

In the DSL:

    pip {
        index "https://pypi.example.com/simple" secret PYPI_TOKEN
        rich ==14.*
    }

In YAML:

    pip:
      indexes:
        - {url: https://pypi.example.com/simple, secret: PYPI_TOKEN}
      packages: [rich ==14.*]
"""


def test_explain_says_what_a_field_means(envc: EnvcMain) -> None:
    ran = envc("explain", "pip.indexes.secret")

    assert (ran.code, ran.out, ran.err) == (0, SECRET, "")


def test_explain_lists_the_fields_in_a_block(envc: EnvcMain) -> None:
    ran = envc("explain", "runtime")

    assert ran.out.endswith(
        "Fields in it:\n\n"
        "    runtime.shm   Size of `/dev/shm`: bytes, or a number with `k`, `m` or `g`\n"
        "    runtime.gpus  `all` or a number of GPUs\n"
    )


def test_explain_without_a_field_lists_the_top_ones(envc: EnvcMain) -> None:
    ran = envc("explain")

    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[1] == "base         Where the image starts"
    assert [line.split()[0] for line in lines] == [
        topic.name for topic in topics() if "." not in topic.name
    ]


def test_explain_all_prints_the_reference_page(envc: EnvcMain) -> None:
    ran = envc("explain", "--all")

    assert (ran.code, ran.out) == (0, page(topics()))


def test_explain_as_json_has_the_same_in_parts(envc: EnvcMain) -> None:
    answer = json.loads(envc("explain", "steps.run", "--json").out)

    inside = answer.pop("fields")
    assert answer == {
        "ok": True,
        "field": "steps.run",
        "holds": "script, or mapping",
        "required": False,
        "meaning": "A command to run while the image is built, as root, after the packages are there.",
        "default": "none",
        "dsl": 'run "python -m compileall -q /app"',
        "yaml": "steps:\n  - run: python -m compileall -q /app",
        "diagnostics": [],
    }
    assert inside[0] == {
        "field": "steps.run.command",
        "holds": "script",
        "required": True,
        "meaning": "A script for `/bin/sh -e`.",
        "default": None,
        "dsl": 'run "python -m compileall -q /app"',
        "yaml": "steps:\n  - run: {command: python -m compileall -q /app}",
    }


@pytest.mark.parametrize(
    ("words", "count"),
    [((), sum("." not in topic.name for topic in topics())), (("--all",), len(topics()))],
)
def test_explain_lists_as_json(envc: EnvcMain, words: tuple[str, ...], count: int) -> None:
    answer = json.loads(envc("explain", *words, "--json").out)

    assert (answer["ok"], len(answer["fields"])) == (True, count)


def test_explain_of_an_unknown_field_is_wrong_usage(envc: EnvcMain) -> None:
    ran = envc("explain", "plattforms")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error[E170]: there is no field `plattforms`\nhint: did you mean `platforms`?\n"
    )


def test_explain_takes_a_field_or_all_of_them(envc: EnvcMain) -> None:
    ran = envc("explain", "base", "--all")

    assert ran.code == 2
    assert ran.err == ("error[E001]: `--all` and a field were given\nhint: leave one of them out\n")


def test_schema_prints_a_schema(envc: EnvcMain) -> None:
    ran = envc("schema")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == schema()
    assert ran.out.startswith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n')


def test_schema_as_json_is_one_line(envc: EnvcMain) -> None:
    ran = envc("schema", "--json")

    assert json.loads(ran.out) == {"ok": True, "schema": schema(), "diagnostics": []}
    assert ran.out.count("\n") == 1
