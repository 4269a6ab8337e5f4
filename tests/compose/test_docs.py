"""What docs/composition.md shows is so."""

from __future__ import annotations

import re
from pathlib import Path

from envc.source import Source
from envc.syntax import parse
from support.composing import composed

PAGE = Path(__file__).parents[2] / "docs" / "composition.md"


def examples() -> tuple[str, str]:
    dsl, yaml = re.findall(r"^```(?:yaml)?\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    return dsl, yaml


def test_both_forms_say_the_same() -> None:
    dsl, yaml = examples()

    data = parse(Source(name="pets.envc", text=dsl)).data
    assert data == parse(Source(name="pets.yaml", text=yaml)).data


def test_the_example_is_composed_as_the_page_says() -> None:
    dsl, _ = examples()
    files = {
        "pets.envc": dsl,
        "team/base.envc": 'environment base\nuser 1000\ncuda 11.8\nlabels { team = "a" }\n',
        "team/checks.envc": "check { import json }\n",
        "team/user.yaml": "workdir: /work\n",
    }

    drafts = composed(files, "pets.envc", {"release": "1.0"}).variants

    assert [draft.problems for draft in drafts.values()] == [(), ()]
    assert {name: draft.document.data for name, draft in drafts.items()} == {
        name: {
            "environment": "pets",
            "user": "1000",
            "workdir": "/work",
            "cuda": cuda,
            "check": {"import": ["json"]},
            "labels": {"team": "a", "org.opencontainers.image.version": "1.0"},
        }
        for name, cuda in (("cpu", "none"), ("gpu", "12.4"))
    }
