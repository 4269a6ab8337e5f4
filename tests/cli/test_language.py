"""`envc explain` and `envc schema`: what the language says of itself."""

from __future__ import annotations

import json

import pytest

from envc.explanation import codes
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

E209 = """\
E209: Python's version is not one, two or three numbers, or is not Python 3

What to do: write `3.12` or `3.12.7`; `3.12` means the newest 3.12.

Wrong:

    # spec.yaml
    environment: pets
    python: ">=3.10,<3.13"

    error[E209]: `>=3.10,<3.13` is not a version of Python
     --> spec.yaml:2:9
    2 | python: ">=3.10,<3.13"
      |         ^^^^^^^^^^^^^^
    hint: write numbers only: `3.10` means the newest 3.10

Right:

    # spec.yaml
    environment: pets
    python: 3.12
"""


def test_explain_says_what_a_field_means(envc: EnvcMain) -> None:
    ran = envc("explain", "pip.indexes.secret")

    assert (ran.code, ran.out, ran.err) == (0, SECRET, "")


def test_explain_lists_the_fields_in_a_block(envc: EnvcMain) -> None:
    ran = envc("explain", "runtime")

    assert ran.out.endswith(
        "Fields in it:\n\n"
        "    runtime.shm        Size of `/dev/shm`: bytes, or a number with `k`, `m` or `g`\n"
        "    runtime.gpus       `all` or a number of GPUs\n"
        "    runtime.arguments  Arguments of `docker run`, each with its value in one text\n"
        "    runtime.mounts     Folders, files and volumes that containers see\n"
    )


def test_explain_without_a_field_lists_the_top_ones(envc: EnvcMain) -> None:
    ran = envc("explain")

    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (
        0,
        "\n`envc explain FIELD` says more of one, and `envc explain CODE` explains a diagnostic, "
        "such as `envc explain E233`; `envc explain --codes` lists them\n",
    )
    assert "base              Where the image starts" in lines
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
        "meaning": "A command to run while the image is built, as root.",
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


def test_explain_takes_a_code_or_lists_them(envc: EnvcMain) -> None:
    ran = envc("explain", "E233", "--codes")

    assert ran.code == 2
    assert ran.err == (
        "error[E001]: `--codes` and a code were given\nhint: leave one of them out\n"
    )


def test_explain_says_what_a_code_means(envc: EnvcMain) -> None:
    ran = envc("explain", "e209")

    assert (ran.code, ran.out, ran.err) == (0, E209, "")


def test_explain_as_json_has_an_example_in_parts(envc: EnvcMain) -> None:
    answer = json.loads(envc("explain", "E209", "--json").out)

    wrong, report = answer.pop("wrong")
    assert answer == {
        "ok": True,
        "code": "E209",
        "meaning": "Python's version is not one, two or three numbers, or is not Python 3",
        "advice": "write `3.12` or `3.12.7`; `3.12` means the newest 3.12",
        "right": [
            {"kind": "yaml", "name": "spec.yaml", "text": "environment: pets\npython: 3.12\n"}
        ],
        "diagnostics": [],
    }
    assert (wrong["kind"], wrong["name"]) == ("yaml", "spec.yaml")
    assert (report["kind"], report["name"]) == ("text", None)


def test_explain_lists_the_codes(envc: EnvcMain) -> None:
    ran = envc("explain", "--codes")
    data = json.loads(envc("explain", "--codes", "--json").out)

    rows = [line.partition("  ")[::2] for line in ran.out.splitlines()]
    assert ("E233", "a package is listed twice") in rows
    assert [code for code, _ in rows] == list(codes())
    assert [(row["code"], row["meaning"]) for row in data["codes"]] == rows


def test_explain_of_an_unknown_code_is_wrong_usage(envc: EnvcMain) -> None:
    ran = envc("explain", "W247")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error[E172]: there is no diagnostic `W247`\nhint: did you mean `E247`?\n"


def test_schema_prints_a_schema(envc: EnvcMain) -> None:
    ran = envc("schema")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == schema()
    assert ran.out.startswith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n')


def test_schema_as_json_is_one_line(envc: EnvcMain) -> None:
    ran = envc("schema", "--json")

    assert json.loads(ran.out) == {"ok": True, "schema": schema(), "diagnostics": []}
    assert ran.out.count("\n") == 1
