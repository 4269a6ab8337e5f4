"""What is taken away of BuildKit's cache: asked of a program that stands in for `docker`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc.build.leftover import Traces, look, remove_since

DOCKER = """\
#!/bin/sh
echo "$*" >>"{folder}/asked"
case $2 in
    du) cat "{folder}/du" ;;
    history) [ "$3" = rm ] || cat "{folder}/history" ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH with a `docker` that says what files say."""
    program = tmp_path / "docker"
    program.write_text(DOCKER.format(folder=tmp_path))
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def say(folder: Path, records: str, builds: str) -> None:
    rows = {"du": [{"ID": one} for one in records.split()]}
    rows["history"] = [{"ref": f"default/default/{one}"} for one in builds.split()]
    for name, own in rows.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in own))


def asked(folder: Path) -> list[str]:
    lines = (folder / "asked").read_text().splitlines()
    return [line for line in lines if "prune" in line or " rm " in line]


def test_only_what_is_new_goes(tmp_path: Path, environment: dict[str, str]) -> None:
    say(tmp_path, "a b", "x")
    before = look(environment)
    say(tmp_path, "d b c", "x y z")

    done = remove_since(before, ["default/default/z", "default/default/y"])

    assert done
    assert asked(tmp_path) == [
        "buildx prune --force --filter=id~=^(c|d)$",
        "buildx history rm y z",
    ]


def test_all_stays_where_somebody_else_has_built(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    say(tmp_path, "a", "x")
    before = look(environment)
    say(tmp_path, "a b", "x y theirs")

    done = remove_since(before, ["default/default/y"])

    assert not done
    assert asked(tmp_path) == []


def test_an_engine_that_does_not_say_what_it_has_keeps_all(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "du").write_text("no JSON\n")
    (tmp_path / "history").write_text("")

    assert look(environment) is None
    assert look({"PATH": "/nosuch"}) is None
    assert not remove_since(None, ["y"])


def test_builds_have_plain_names(tmp_path: Path, environment: dict[str, str]) -> None:
    say(tmp_path, "a", "x")

    assert look(environment) == Traces(
        records=frozenset({"a"}), builds=frozenset({"x"}), environment=environment
    )
