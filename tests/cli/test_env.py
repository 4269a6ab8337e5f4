"""`envc env`, and registered versions wherever a spec is expected."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envc.lock.codec import dumps
from support.workspace import SPEC, EnvcMain, lock_of

MATRIX = """\
environment pets

base image "python:3.12-slim-bookworm"
python 3.12
pip { six ==1.17.* }
"""


def change(folder: Path, text: str = "b\n") -> None:
    (folder / "src" / "a.py").write_text(text)


def data_of(text: str) -> dict[str, Any]:
    data = json.loads(text)
    assert isinstance(data, dict)
    return data


def cached_spec(reference: str) -> Path:
    [folder] = Path(os.environ["ENVC_CACHE"], "registered").glob(f"{reference}-*")
    return folder / "pets.envc"


def test_the_same_content_is_the_same_version_and_new_content_the_next(
    folder: Path, envc: EnvcMain
) -> None:
    first = envc("env", "register", "pets.envc")
    again = envc("env", "register", "pets.envc")
    change(folder)
    changed = envc("env", "register", "pets.envc")

    assert (first.code, first.out, first.err) == (0, "pets@1\n", "")
    assert (again.code, again.out, again.err) == (0, "pets@1\n", "this is pets@1 already\n")
    assert (changed.out, changed.err) == ("pets@2\n", "")


def test_a_list_shows_latest_versions_and_their_labels(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc", "--label", "prod", "--label", "old")
    change(folder)
    envc("env", "register", "pets.envc", "--label", "prod", "--description", "Cats\nand dogs")
    envc("env", "register", "pets.envc", "--name", "animals")

    listed = envc("env", "list").out.splitlines()
    found = data_of(envc("env", "list", "--json").out)["environments"]

    day = found[0]["changed"][:16] + "Z"
    assert listed == [
        f"animals@1  {day}",
        f"pets@2     {day}  old@1, prod  Cats and dogs",
    ]
    assert [(one["name"], one["latest"], one["versions"], one["labels"]) for one in found] == [
        ("animals", 1, 1, {}),
        ("pets", 2, 2, {"old": 1, "prod": 2}),
    ]


def test_nothing_is_listed_where_nothing_is_registered(envc: EnvcMain) -> None:
    ran = envc("env", "list")

    hint = "nothing is registered; `envc env register SPEC` registers a spec\n"
    assert (ran.code, ran.out, ran.err) == (0, "", hint)
    assert not Path(os.environ["ENVC_HOME"]).exists()


def test_a_version_is_shown(envc: EnvcMain) -> None:
    said = ["--label", "prod", "--label", "team=cats = dogs", "--description", "Pets"]
    envc("env", "register", "pets.envc", *said)

    lines = envc("env", "show", "pets:prod").out.splitlines()
    shown = data_of(envc("env", "show", "pets@latest", "--json").out)

    ids = data_of(envc("hash", "pets.envc", "--json").out)
    assert [line.split()[:2] for line in lines if "registered" not in line] == [
        ["pets@1"],
        ["description", "Pets"],
        ["labels", "prod"],
        ["team", "cats"],
        ["spec", "id"],
        ["linux/amd64", ids["env_ids"]["linux/amd64"]],
        ["pets.envc", str(len(SPEC))],
        ["pets.lock", "1.6"],
        ["src/a.py", "2"],
    ]
    assert (shown["spec_id"], shown["env_ids"]) == (ids["spec_id"], ids["env_ids"])
    assert shown["properties"] == {"team": "cats = dogs"}
    assert [(file["path"], file["role"]) for file in shown["files"]] == [
        ("pets.envc", "spec"),
        ("pets.lock", "lock"),
        ("src/a.py", "file"),
    ]


def test_versions_are_listed_newest_first(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc", "--label", "old")
    change(folder)
    envc("env", "register", "pets.envc")

    listed = envc("env", "versions", "pets").out.splitlines()
    found = data_of(envc("env", "versions", "pets", "--json").out)["versions"]

    assert [line.split()[::2] for line in listed] == [["pets@2"], ["pets@1", "old"]]
    assert [one["version"] for one in found] == [2, 1]


def test_what_was_registered_is_written_again_with_the_same_id(
    folder: Path, envc: EnvcMain
) -> None:
    (folder / "src" / "run").write_text("#!/bin/sh\n")
    (folder / "src" / "run").chmod(0o755)
    (folder / "src" / "link").symlink_to("a.py")
    before = envc("hash", "pets.envc").out
    envc("env", "register", "pets.envc")
    change(folder)

    got = envc("env", "get", "pets", "out/there")
    again = envc("env", "get", "pets@1", "out/there", "--json")

    assert (got.code, got.out) == (0, "out/there/pets.envc\n")
    assert data_of(again.out)["spec"] == "out/there/pets.envc"
    assert envc("hash", "out/there/pets.envc").out == before
    assert os.readlink("out/there/src/link") == "a.py"  # noqa: PTH115
    assert stat.S_IMODE(Path("out/there/src/run").stat().st_mode) == 0o755


def test_a_folder_of_its_name_is_where_a_version_goes(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc", "--name", "cats")

    assert envc("env", "get", "cats").out == "cats/pets.envc\n"


def test_files_of_others_are_not_overwritten(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")
    change(folder)
    (folder / "pets.lock").unlink()
    (folder / "pets.lock").symlink_to("nowhere")

    ran = envc("env", "get", "pets", ".")

    assert (ran.code, ran.err) == (
        2,
        "error[E709]: `pets@1` would overwrite `pets.lock`, `src/a.py`\n"
        "hint: name another folder, as in `envc env get pets@1 DIR`\n",
    )
    assert (folder / "src" / "a.py").read_text() == "b\n"


def test_a_file_where_a_folder_must_be_is_not_overwritten(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")
    (folder / "out").mkdir()
    (folder / "out" / "src").write_text("mine")

    ran = envc("env", "get", "pets", "out")

    assert (ran.code, list(Path("out").iterdir())) == (2, [Path("out/src")])


def test_a_version_stands_for_a_spec(folder: Path, envc: EnvcMain) -> None:
    before = envc("hash", "pets.envc").out
    envc("env", "register", "pets.envc", "--label", "prod")
    change(folder)

    ids = [envc("hash", f"pets{which}").out for which in ("@1", "@latest", ":prod", ":latest")]

    assert ids == [before] * 4
    assert envc("hash", "pets.envc").out != before
    assert envc("compile", "pets:prod", "-o", "build").code == 0
    assert envc("lock", "--check", "pets@1").code == 0
    assert envc("check", "pets@1").code == 0
    assert before.split()[1] in envc("explain", "pets@1", "--json").out
    assert "environment pets\n" in envc("convert", "pets@1", "--to", "dsl").out


def test_a_file_that_is_there_goes_before_what_is_registered(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")
    (folder / "pets@1").write_text(SPEC.replace("/app", "/srv"))

    found, registered = (envc("hash", "--spec", name).out for name in ("pets@1", "pets@latest"))

    assert found != registered == envc("hash", "--spec", "pets.envc").out


def test_diagnostics_name_the_version(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")

    ran = envc("hash", "pets@1", "--variant", "gpu")
    checked = envc("lock", "--check", "pets@1")

    assert ran.code == 2
    assert "/registered/pets@1-" in checked.out + checked.err


def test_a_version_in_the_cache_that_somebody_changed_is_made_anew(
    folder: Path, envc: EnvcMain
) -> None:
    before = envc("hash", "pets.envc").out
    envc("env", "register", "pets.envc")
    envc("hash", "pets@1")
    spec = cached_spec("pets@1")
    (spec.parent / "src" / "more").write_text("else")
    spec.chmod(0o644)
    spec.write_text(SPEC.replace("/app", "/srv"))

    assert envc("hash", "pets@1").out == before
    assert spec.read_text() == SPEC
    assert not (spec.parent / "src" / "more").exists()


def test_processes_that_want_a_version_at_once_all_get_it(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")
    words = [sys.executable, "-m", "envc", "hash", "pets@1"]

    racers = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(8)
    ]
    said = {racer.communicate()[0] for racer in racers}

    assert said == {envc("hash", "pets.envc").out}
    assert [path.name[:6] for path in Path(os.environ["ENVC_CACHE"], "registered").iterdir()] == [
        "pets@1"
    ]


@pytest.mark.parametrize(
    "words", [("lock", "pets@1"), ("fmt", "pets@1"), ("check", "pets@1", "--fix")]
)
def test_a_version_never_changes(envc: EnvcMain, words: tuple[str, ...]) -> None:
    envc("env", "register", "pets.envc")

    ran = envc(*words)

    assert (ran.code, ran.err) == (
        2,
        "error[E711]: `pets@1` is registered, and never changes\n"
        "hint: `envc env get pets@1 DIR` writes its files where they can be changed\n",
    )


def test_labels_move_back_to_an_older_version(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc", "--name", "cats")
    change(folder)
    envc("env", "register", "pets.envc", "--name", "cats", "--label", "prod")

    moved = envc("env", "register", "cats@1", "--label", "prod")

    assert (moved.out, moved.err) == ("cats@1\n", "this is cats@1 already\n")
    assert data_of(envc("env", "list", "--json").out)["environments"][0]["labels"] == {"prod": 1}


def test_a_version_is_cloned_under_another_name(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")

    assert envc("env", "register", "pets@1", "--name", "cats").out == "cats@1\n"
    assert envc("hash", "cats@1").out == envc("hash", "pets.envc").out


def test_what_is_archived_is_found_by_its_number_only(folder: Path, envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")

    assert envc("env", "archive", "pets@1").out == "pets@1\n"
    assert envc("env", "archive", "pets@1").err == "pets@1 is archived already\n"
    assert envc("env", "list").err == "all is archived; `envc env list --all` lists it\n"
    assert envc("env", "list", "--all").out.split()[::2] == ["pets", "archived"]
    assert envc("env", "show", "pets@1").code == 0
    assert envc("env", "show", "pets").err == (
        "error[E704]: the environment `pets` is archived\n"
        "hint: name a version, as in `pets@1`, or restore it: `envc env restore pets`\n"
    )
    assert envc("env", "restore", "pets@1", "--json").out == (
        '{"ok": true, "name": "pets", "version": 1, "changed": true, "diagnostics": []}\n'
    )
    assert envc("env", "list").out.split()[0] == "pets@1"


def test_a_whole_environment_is_archived_and_comes_back_when_it_is_registered(
    envc: EnvcMain,
) -> None:
    envc("env", "register", "pets.envc")

    assert envc("env", "archive", "pets").out == "pets\n"
    assert envc("env", "show", "pets").code == 2
    again = envc("env", "register", "pets.envc")

    assert again.err == "this is pets@1 already, which was archived\n"
    assert envc("env", "restore", "pets").err == "pets is not archived\n"


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (("show", "pats"), "E704", "no environment `pats` is registered", "did you mean `pets`?"),
        (
            ("get", "horses@1"),
            "E704",
            "no environment `horses` is registered",
            "`envc env list` lists those that are; `envc env register SPEC` adds one",
        ),
        (
            ("show", "pets@7"),
            "E704",
            "the environment `pets` has no version 7",
            "`envc env versions pets` lists those that it has",
        ),
        (
            ("show", "pets:pord"),
            "E704",
            "the environment `pets` has no label `pord`",
            "did you mean `pets:prod`?",
        ),
        (
            ("show", "Pets!"),
            "E705",
            "`Pets!` names no registered environment",
            "write `NAME`, `NAME@VERSION` or `NAME:LABEL`",
        ),
        (
            ("register", "pets.envc", "--name", "Pets"),
            "E705",
            "`Pets` cannot be an environment's name",
            "a name has small letters and digits, single `-`, `_` or `.` between them, and at most "
            "128 characters",
        ),
        (
            ("register", "pets.envc", "--name", "envc/pets"),
            "E706",
            "`envc/pets` cannot be registered: `envc/` is for what ships with envc",
            "register it under a name of your own, as in `--name pets`",
        ),
        (
            ("register", "pets.envc", "--label", "latest"),
            "E708",
            "`latest` cannot be a label",
            "it always is the newest version",
        ),
        (
            ("register", "pets.envc", "--label", "3"),
            "E708",
            "`3` cannot be a label",
            "a label starts with a letter and has letters, digits, `.`, `_` and `-`; what has a "
            "value is written `KEY=VALUE`",
        ),
    ],
)
def test_what_cannot_be_meant_is_told(
    envc: EnvcMain, words: tuple[str, ...], code: str, message: str, hint: str
) -> None:
    envc("env", "register", "pets.envc", "--label", "prod")

    ran = envc("env", *words)

    assert (ran.code, ran.err) == (2, f"error[{code}]: {message}\nhint: {hint}\n")


def test_a_spec_without_a_lock_is_not_registered(folder: Path, envc: EnvcMain) -> None:
    (folder / "pets.lock").unlink()

    ran = envc("env", "register", "pets.envc")

    assert (ran.code, "E400" in ran.err) == (1, True)
    assert envc("env", "list").out == ""


def test_what_lies_beside_the_folder_of_a_spec_is_registered(folder: Path, envc: EnvcMain) -> None:
    (folder / "team").mkdir()
    (folder / "team" / "base.envc").write_text('variables { A = "1" }\n')
    (folder / "envs").mkdir()
    text = MATRIX.replace("environment pets\n", 'environment pets\nextends "../team/base.envc"\n')
    (folder / "envs" / "pets.envc").write_text(text)
    (folder / "envs" / "pets.lock").write_text(dumps(lock_of(MATRIX)))
    before = envc("hash", "envs/pets.envc").out

    registered = envc("env", "register", "envs/pets.envc")

    assert (registered.code, registered.err) == (0, "")
    assert envc("env", "get", "pets", "out").out == "out/envs/pets.envc\n"
    assert Path("out/team/base.envc").read_text() == 'variables { A = "1" }\n'
    assert envc("hash", "pets@1").out == envc("hash", "out/envs/pets.envc").out == before


def test_a_path_that_means_two_things_is_told(folder: Path, envc: EnvcMain) -> None:
    (folder / "src" / "link").symlink_to("a.py")
    text = SPEC + 'copy "src/link" to "/srv/"\n'
    (folder / "pets.envc").write_text(text)

    ran = envc("env", "register", "pets.envc")

    assert (ran.code, ran.err) == (
        1,
        "error[E710]: `src/link` is copied as a link and as what it points at\n"
        "hint: name the file that it points at in `copy`, not the link\n",
    )


def test_a_damaged_store_is_repaired(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")
    home = Path(os.environ["ENVC_HOME"])
    (home / "store.db").write_bytes(b"nothing" * 999)

    listed = envc("env", "list")
    repaired = envc("env", "repair")
    again = envc("env", "repair")

    assert (listed.code, listed.err) == (
        3,
        f"error[E700]: the store `{home}/store.db` is damaged: file is not a database\n"
        "hint: `envc env repair` keeps what can still be read, and puts the damaged file aside\n",
    )
    assert repaired.err == "kept 0 environments, 0 versions, 0 builds, 0 runs\n"
    assert Path(repaired.out.strip()).read_bytes() == b"nothing" * 999
    assert again.err == "nothing is wrong with the store\n"
    assert envc("env", "register", "pets.envc").out == "pets@1\n"


def test_every_action_has_help(envc: EnvcMain) -> None:
    for action in ("register", "list", "show", "versions", "get", "archive", "restore", "repair"):
        ran = envc("env", action, "--help")

        assert (ran.code, ran.out.startswith(f"usage: envc env {action} [-h]")) == (0, True)
