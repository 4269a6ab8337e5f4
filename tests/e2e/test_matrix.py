"""A spec with a matrix, from one lock to an image a variant."""

from __future__ import annotations

import json

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


@pytest.fixture
def spec(envc: Envc, world: EngineWorld) -> str:
    """A spec with three variants, two of which are one environment."""
    text = f'''environment zoo
param six = "1.17.0"
param shm = "64m"
base image "{world.python_base}"
python 3.11
pip {{ six ==${{{{ six }}}} }}
check {{ import six }}
runtime {{ shm ${{{{ shm }}}} }}
matrix {{
    new {{}}
    old {{ six = "1.16.0" }}
    big {{ shm = "96m" }}
}}
'''
    envc.write("zoo.envc", text)
    envc("lock", "zoo.envc")
    return "zoo.envc"


PROGRAM = ("python", "-c", "import six; print(six.__version__)")


def test_each_variant_becomes_an_image_that_runs(envc: Envc, spec: str) -> None:
    first = envc.build(spec)["variants"]
    second = envc.build(spec)["variants"]

    assert list(first) == ["new", "old", "big"]
    assert {name: envc.inside(one["image"], *PROGRAM) for name, one in first.items()} == {
        "new": "1.17.0\n",
        "old": "1.16.0\n",
        "big": "1.17.0\n",
    }
    assert {name: one["cached"] for name, one in first.items()} == {
        "new": False,
        "old": False,
        "big": True,
    }
    assert all(one["cached"] for one in second.values())
    assert first["big"]["image"] == first["new"]["image"]


def test_a_command_runs_in_the_variant_that_is_chosen(envc: Envc, spec: str) -> None:
    repository = ("--repository", envc.repository)
    shm = ("--", "sh", "-c", "df -m /dev/shm")

    old = envc("run", spec, *repository, "--variant", "old", "--", *PROGRAM)
    new = envc("run", spec, *repository, "--variant", "new", *shm)
    big = envc("run", spec, *repository, "--variant", "big", *shm)
    none = envc("run", spec, *repository, "--", "true", exit_code=2)

    assert old.stdout == "1.16.0\n"
    assert " 64 " in new.stdout
    assert " 96 " in big.stdout
    assert "error[E009]: a command runs in one variant" in none.stderr


def test_one_variant_is_built_alone_and_named(envc: Envc, spec: str) -> None:
    name = f"{envc.repository}:chosen"
    words = ("--repository", envc.repository, "--variant", "old", "--tag", name)

    built = envc("build", spec, *words)

    env_id = envc("hash", spec, "--variant", "old").stdout.split()[2]
    assert built.stdout == f"{envc.repository}:{env_id.removeprefix('sha256:')[:32]}\n"
    assert envc.inside(name, *PROGRAM) == "1.16.0\n"


def test_what_fails_in_a_variant_names_it_and_leaves_the_others(envc: Envc, spec: str) -> None:
    text = (envc.folder / spec).read_text()
    check = 'check { run "python -c \'import six; assert six.__version__ > \\"1.16.0\\"\'" }'
    envc.write(spec, text.replace("check { import six }", check))

    failed = envc("build", spec, "--repository", envc.repository, "--json", exit_code=1)

    [problem] = json.loads(failed.stdout)["diagnostics"]
    assert problem["code"] == "E621"
    assert problem["notes"][0] == "in the variant `old`"
    words = ("--repository", envc.repository, "--variant", "new", "--json")
    assert json.loads(envc("build", spec, *words).stdout)["variants"]["new"]["cached"] is True
