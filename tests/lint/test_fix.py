"""Fixes change what they are about, in any way of writing, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from envc import pipeline
from envc.machine import Machine
from envc.source import Source
from envc.syntax import find_comments, parse
from envc.syntax.notes import Notes
from envc.syntax.print_dsl import print_dsl
from envc.syntax.print_yaml import print_yaml
from support.documents import document
from support.right_specs import specs

TODAY = date(2026, 1, 31)


def fixed(machine: Machine, text: str, *, name: str = "pets.envc") -> str:
    return pipeline.fix_source(Source(name=name, text=text), machine, TODAY).source.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conda { python 3.12.*, a }\n", "conda { a }\n"),
        ("conda { a, python 3.12.* }\n", "conda { a }\n"),
        ("conda { a, python 3.12.*, b }\n", "conda { a, b }\n"),
        ("conda {\n    a\n    python =3.12\n}\n", "conda {\n    a\n}\n"),
        ("conda {\r\n    python =3.12\r\n    a\r\n}\r\n", "conda {\r\n    a\r\n}\r\n"),
        ("conda {\n    python =3.12  # c\n    a\n}\n", "conda {\n    # c\n    a\n}\n"),
        ("conda { python 3.12.* }\n", "conda { python 3.12.* }\n"),
        ("conda { python 3.12.1, a }\n", "conda { python 3.12.1, a }\n"),
        ("conda { python 3.12.* on linux/amd64, a }\n",) * 2,
        ("conda { a >=1.* on linux/amd64 }\n", "conda { a >=1 on linux/amd64 }\n"),
        ("run 'sudo a && sudo b'\n", "run 'a && b'\n"),
        ('run "sudo  a \\"x\\" "\n', 'run "a \\"x\\" "\n'),
        ('run "\\u0073udo a"\n', 'run "\\u0073udo a"\n'),
        ("run '''\nsudo a\nsudo b\n'''\n", "run '''\na\nb\n'''\n"),
        ("run 'sudo -u x a'\n", "run 'sudo -u x a'\n"),
        ("run 'pip install a>=1' network\n", "run 'pip install a>=1' network\n"),
        ('run "pip install a>=1 b<2" network\n', "run \"pip install 'a>=1' 'b<2'\" network\n"),
        ("run 'apt-get install  git' network\n", "run 'apt-get install -y  git' network\n"),
        ("pip { sklearn, scikit-learn >=1 }\n", "pip { sklearn, scikit-learn >=1 }\n"),
        (
            "pip { Sklearn [x]; python_version < '4' }\n",
            "pip { scikit-learn [x]; python_version < '4' }\n",
        ),
    ],
)
def test_a_fix_keeps_the_rest(machine: Machine, before: str, after: str) -> None:
    head = "environment pets\npython 3.12\nchannels conda-forge\n"

    assert fixed(machine, head + before) == head + after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conda: [python=3.12, a]\n", "conda: [a]\n"),
        ("conda: [\n  a,\n  'python 3.12.*',\n]\n", "conda: [\n  a,\n]\n"),
        ("conda:\n- python=3.12\n- a\n", "conda:\n- a\n"),
        ("conda:\n- {package: python=3.12}\n- a\n", "conda:\n- a\n"),
        ("conda: [{package: python=3.12}, a]\n", "conda: [a]\n"),
        ("conda:\n- package: python=3.12\n- a\n", "conda:\n- a\n"),
        ("conda:\n  - python=3.12 # c\n  - a\n", "conda:\n  # c\n  - a\n"),
        (
            "steps:\n  - run: >-\n      sudo\n      a\n",
            "steps:\n  - run: >-\n      sudo\n      a\n",
        ),
        ("steps:\n  - run: |-\n      sudo a\n      b\n", "steps:\n  - run: |-\n      a\n      b\n"),
        ("steps:\n- run: 'sudo a'\n", "steps:\n- run: 'a'\n"),
        ('pip: ["sklearn"]\n', 'pip: ["scikit-learn"]\n'),
    ],
)
def test_a_fix_keeps_the_rest_of_yaml(machine: Machine, before: str, after: str) -> None:
    head = "environment: pets\npython: 3.12\nchannels: [conda-forge]\n"

    assert fixed(machine, head + before, name="pets.yaml") == head + after


def test_what_is_allowed_is_not_fixed(machine: Machine) -> None:
    text = "environment pets\nrun 'sudo a'  # envc: allow W237\n"

    assert fixed(machine, text) == text


def test_what_was_fixed_is_told_in_the_order_of_the_text(machine: Machine) -> None:
    text = "environment pets\npip { sklearn }\nconda { a >=1.* }\nrun 'sudo b'\n"

    done = pipeline.fix_source(Source(name="pets.envc", text=text), machine, TODAY)

    assert [one.code for one in done.warnings] == ["W211", "W224", "W219", "W237"]
    assert done.source.text == (
        "environment pets\npip { scikit-learn }\nchannels conda-forge\nconda { a >=1 }\nrun 'b'\n"
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=specs)
def test_any_spec_is_linted_and_fixed_once(machine: Machine, data: dict[str, object]) -> None:
    read = document(data)
    for name, text in (
        ("pets.envc", print_dsl(read.data, Notes(read, (), indented=False))),
        ("pets.yaml", print_yaml(read.data, Notes(read, (), indented=True))),
    ):
        source = Source(name=name, text=text)

        once = pipeline.fix_source(source, machine, TODAY)
        twice = pipeline.fix_source(once.source, machine, TODAY)

        assert (twice.source.text, twice.warnings) == (once.source.text, ())
        assert find_comments(once.source) == find_comments(source)
        if not once.warnings:
            assert once.source.text == text
        else:
            assert parse(once.source).data != parse(source).data


def test_a_file_is_fixed_in_its_place_and_keeps_its_mode(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "pets.envc"
    path.write_text("environment pets\nrun 'sudo a'\n")
    path.chmod(0o600)

    done = pipeline.fix(path, machine, TODAY)

    assert path.read_text() == done.source.text == "environment pets\nrun 'a'\n"
    assert path.stat().st_mode & 0o777 == 0o600
