"""Specs that people wrote, from public repositories: no rule crashes, and none cries wolf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from envc.errors import InputError
from envc.lint.rule import RULES, find
from envc.spec.load import load
from support.documents import Everything, document

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "specs"
TODAY = date(2026, 1, 31)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"the corpus is not there: put it at {CORPUS}"
)


def is_right(**fields: Any) -> bool:
    try:
        load(document({"environment": "pets", **fields}), vouched=Everything())
    except InputError:
        return False
    return True


def once(entries: list[Any], key: str) -> list[str]:
    """Return the entries that envc takes, each package once."""
    kept: list[str] = []
    for entry in entries:
        if isinstance(entry, str) and is_right(**{key: [*kept, entry]}):
            kept.append(entry)
    return kept


def environments() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each Conda environment as the data of a spec."""
    for path in sorted(CORPUS.rglob("*.y*ml")):
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, yaml.YAMLError):
            continue
        if not isinstance(read, dict) or not isinstance(read.get("dependencies"), list):
            continue
        wanted = read["dependencies"]
        nested = [entry["pip"] for entry in wanted if isinstance(entry, dict) and "pip" in entry]
        channels = [name for name in read.get("channels") or [] if is_right(channels=[name])]
        data = {
            "channels": list(dict.fromkeys(channels)),
            "conda": once([entry for entry in wanted if isinstance(entry, str)], "conda"),
            "pip": once([entry for entries in nested for entry in entries or []], "pip"),
        }
        if is_right(**data):
            yield path.name, {"environment": "pets", **data}


def test_rules_are_right_about_what_people_write() -> None:
    sure = {rule.code for rule in RULES if rule.is_sure}
    told: Counter[str] = Counter()
    count = 0
    mistakes = []

    for name, data in environments():
        read = document(data)
        codes = [
            (finding.warning.code, finding.warning.labels[0].span.text)
            for finding in find(read, load(read, vouched=Everything()), TODAY, all_rules=True)
        ]
        count += 1
        told.update({code for code, _ in codes})
        mistakes += [(name, *one) for one in codes if one[0] in sure]

    assert count > 100
    assert mistakes == [("environment_with_pip.yml", "W211", "sklearn")]
    # What is told of nearly every spec is told of none. That nothing is checked is told of all:
    # these files have no place for it.
    often = {code for code, number in told.items() if number > 0.6 * count}
    assert often <= {"W228"}
