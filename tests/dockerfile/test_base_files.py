"""The Dockerfile of a base is read with all that it may copy, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from envc.errors import InputError
from envc.pipeline.context.base import read_base
from envc.plan.inputs import BaseRecipe
from envc.spec.load import load
from support.documents import document


def test_a_text_that_copies_has_to_say_from_where(tmp_path: Path) -> None:
    text = "FROM debian:12\nCOPY --from=golang:1 /a /a\nCOPY a /b\n"
    base = {"dockerfile": text}

    with pytest.raises(InputError) as caught:
        read_base_of(tmp_path, {"base": base})
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_text("a")
    found = read_base_of(tmp_path, {"base": {**base, "context": "files"}})

    assert [one.code for one in caught.value.diagnostics] == ["E397"]
    assert found is not None
    assert [file.path for file in found.files] == ["a"]


def test_of_a_context_only_what_may_be_copied_is_read(tmp_path: Path) -> None:
    for name in ("src/a.py", "src/deep/b.py", "conf/a.toml", "other/c", "src/secret.key"):
        place = tmp_path / "docker" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    (tmp_path / "docker/link").symlink_to("src/a.py")
    (tmp_path / "docker/Dockerfile").write_text("FROM a\nCOPY src conf/*.toml ./link /x/\n")
    (tmp_path / "docker/.dockerignore").write_text("**/*.key\n")

    found = read_base_of(tmp_path, {"base": {"dockerfile": "docker/Dockerfile"}})

    assert found is not None
    assert {file.path: file.link for file in found.files} == {
        "conf/a.toml": None,
        "link": "src/a.py",
        "src/a.py": None,
        "src/deep/b.py": None,
    }
    (tmp_path / "docker/Dockerfile.dockerignore").write_text("src\n")
    own = read_base_of(tmp_path, {"base": {"dockerfile": "docker/Dockerfile"}})
    assert own is not None
    assert [file.path for file in own.files] == ["conf/a.toml", "link"]


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ({"dockerfile": "absent"}, "E155"),
        ({"dockerfile": "Dockerfile", "context": "absent"}, "E155"),
        ({"dockerfile": "Dockerfile", "context": "Dockerfile"}, "E156"),
        ({"dockerfile": "folder"}, "E156"),
        ({"dockerfile": "latin"}, "E153"),
        ({"dockerfile": "Dockerfile", "context": "pipes"}, "E156"),
        ({"dockerfile": "Dockerfile", "target": "two"}, "E389"),
    ],
)
def test_a_dockerfile_that_cannot_be_had_is_told(
    tmp_path: Path, base: dict[str, str], code: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a AS one\nCOPY . /x/\n")
    (tmp_path / "latin").write_bytes(b"FROM a\nLABEL a=\xe4\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes/pipe")

    with pytest.raises(InputError) as caught:
        read_base_of(tmp_path, {"base": base})

    assert [one.code for one in caught.value.diagnostics] == [code]


def read_base_of(folder: Path, fields: dict[str, Any]) -> BaseRecipe | None:
    subject = document({"environment": "pets", **fields})
    return read_base(load(subject), subject, folder)
