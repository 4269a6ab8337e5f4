"""`export` and `import` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc.lock.codec import dumps
from support.workspace import SPEC, EnvcMain, lock_of

BOTH = SPEC + "platforms linux/amd64, linux/arm64\n"
MATRIX = """\
environment pets
param python = "3.12"
base image "python:3.12-slim-bookworm"
python ${{ python }}
pip { six ==1.17.* }
matrix { new {}, old { python = "3.11" } }
"""


def test_export_prints_a_file(envc: EnvcMain) -> None:
    ran = envc("export", "pets.envc", "--format", "requirements")

    assert ran.code == 0
    assert f"six==1.17.0 \\\n    --hash=sha256:{'b' * 64}\n" in ran.out
    assert ran.err == ""


def test_export_writes_a_file(envc: EnvcMain, folder: Path) -> None:
    printed = envc("export", "pets.envc", "--format", "pylock")
    ran = envc("export", "pets.envc", "--format", "pylock", "-o", "out/pylock.toml")

    assert (ran.code, ran.out) == (0, "out/pylock.toml\n")
    assert (folder / "out" / "pylock.toml").read_text() == printed.out


def test_export_tells_as_json_what_has_no_place(envc: EnvcMain) -> None:
    ran = envc("export", "pets.envc", "--format", "explicit", "--json")

    answer = json.loads(ran.out)
    assert (ran.code, answer["ok"], answer["format"]) == (0, True, "explicit")
    assert answer["text"].endswith("@EXPLICIT\n")
    assert [one["code"] for one in answer["diagnostics"]] == ["W430"]


def test_export_of_an_old_lock_is_refused(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text(SPEC.replace("1.17", "1.16"))

    ran = envc("export", "pets.envc", "--format", "requirements")

    assert ran.code == 1
    assert "error[E410]" in ran.err


def test_export_chooses_a_platform(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text(BOTH)
    (folder / "pets.lock").write_text(dumps(lock_of(BOTH)))

    several = envc("export", "pets.envc", "--format", "cyclonedx")
    one = envc("export", "pets.envc", "--format", "cyclonedx", "--platform", "linux/arm64")
    none = envc("export", "pets.envc", "--format", "cyclonedx", "--platform", "linux/386")

    assert (several.code, one.code, none.code) == (2, 0, 2)
    assert "error[E011]" in several.err
    assert "arch=arm64" in one.out
    assert "error[E010]" in none.err


def test_export_of_a_matrix_is_of_one_variant(envc: EnvcMain, folder: Path) -> None:
    (folder / "gpu.envc").write_text(MATRIX)

    ran = envc("export", "gpu.envc", "--format", "spdx")

    assert (ran.code, "there is no `gpu.lock`" in ran.err) == (1, True)


def test_export_knows_no_other_format(envc: EnvcMain) -> None:
    ran = envc("export", "pets.envc", "--format", "pipenv")

    assert ran.code == 2
    assert "error[E001]" in ran.err


def test_import_prints_a_spec_and_what_it_leaves_out(envc: EnvcMain, folder: Path) -> None:
    (folder / "requirements.txt").write_text("six\n--pre\n")

    ran = envc("import", "requirements.txt")

    assert ran.code == 0
    assert ran.out == (
        "# Imported from requirements.txt by envc.\n"
        "# Not as it was there:\n"
        "# - line 2: `--pre` is left out: a spec has no such option of pip\n"
        "environment requirements\n"
        "pip {\n"
        "    six\n"
        "}\n"
    )
    assert "warning[W431]" in ran.err
    assert "requirements.txt:2:1" in ran.err


def test_import_writes_the_form_that_the_name_says(envc: EnvcMain, folder: Path) -> None:
    (folder / "requirements.txt").write_text("six\n")

    ran = envc("import", "requirements.txt", "-o", "horses.yaml")

    assert (ran.code, ran.out) == (0, "horses.yaml\n")
    assert "pip:\n  - six\n" in (folder / "horses.yaml").read_text()
    assert envc("fmt", "--check", "horses.yaml").code == 0
    assert envc("check", "horses.yaml").code == 0


def test_import_tells_as_json_what_it_did(envc: EnvcMain, folder: Path) -> None:
    (folder / "x.txt").write_text("six\n")

    answer = json.loads(envc("import", "x.txt", "--to", "yaml", "--json").out)

    assert (answer["ok"], answer["format"], answer["form"]) == (True, "requirements", "yaml")
    assert answer["diagnostics"] == []


def test_import_refuses_other_files(envc: EnvcMain) -> None:
    ran = envc("import", "pets.lock")

    assert ran.code == 1
    assert "error[E432]" in ran.err


def test_import_of_a_lock_takes_the_tools_image_of_the_environment(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')
    monkeypatch.setenv("ENVC_TOOLS_IMAGE", "No Image")

    ran = envc("import", "pylock.toml", "-o", "horses.envc")

    assert ran.code == 2
    assert "error[E004]: the tools image `No Image` is not an image's name" in ran.err


def test_import_of_a_lock_writes_the_spec_also_where_the_base_cannot_be_had(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')
    monkeypatch.setenv("ENVC_MIRRORS", "docker.io=127.0.0.1:1")

    ran = envc("import", "pylock.toml", "-o", "horses.envc")

    assert (ran.code, ran.out) == (3, "")
    assert "`horses.envc` is written, its lock is not\n" in ran.err
    assert envc("check", "horses.envc").code == 0
    assert not (folder / "horses.lock").exists()
