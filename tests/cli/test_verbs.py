"""The verbs that need neither network nor engine, as a user sees them."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path

import pytest

from support.workspace import SPEC, EnvcMain, snapshot

ENV_ID = re.compile(r"linux/amd64 sha256:[0-9a-f]{64}\n")


def test_check_says_that_a_spec_is_right(envc: EnvcMain) -> None:
    ran = envc("check", "pets.envc")

    assert (ran.code, ran.out, ran.err) == (0, "", "pets.envc: `pets` is right\n")


def test_check_prints_all_that_is_wrong(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text("environment Pets!\npython 4\n")

    ran = envc("check", "pets.envc")

    assert ran.code == 1
    assert "pets.envc:1:13" in ran.err
    assert "pets.envc:2:8" in ran.err


def test_check_reads_stdin(envc: EnvcMain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SPEC.encode())))

    ran = envc("check", "-")

    assert (ran.code, ran.err) == (0, "<stdin>: `pets` is right\n")


def test_check_tells_warnings_and_succeeds(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text(SPEC + "user root\n")

    ran = envc("check", "pets.envc", "--json")

    answer = json.loads(ran.out)
    assert ran.code == 0
    assert (answer["ok"], answer["environment"], answer["platforms"]) == (
        True,
        "pets",
        ["linux/amd64"],
    )
    assert [problem["code"] for problem in answer["diagnostics"]] == ["W202"]


def test_hash_prints_an_id_a_platform(envc: EnvcMain) -> None:
    ran = envc("hash", "pets.envc")

    assert (ran.code, ran.err) == (0, "")
    assert ENV_ID.fullmatch(ran.out)


def test_hash_is_the_same_from_anywhere(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = envc("hash", "pets.envc").out
    monkeypatch.chdir("/")

    assert envc("hash", str(folder / "pets.envc")).out == before


def test_hash_follows_the_bytes_that_are_copied(envc: EnvcMain, folder: Path) -> None:
    before = envc("hash", "pets.envc").out
    (folder / "src" / "a.py").write_text("b\n")

    assert envc("hash", "pets.envc").out != before


def test_hash_of_the_spec_needs_no_lock(envc: EnvcMain, folder: Path) -> None:
    with_lock = envc("hash", "--spec", "pets.envc")
    (folder / "pets.lock").unlink()

    without = envc("hash", "--spec", "pets.envc")

    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", without.out)
    assert with_lock == without


def test_hash_as_json_has_both_ids(envc: EnvcMain) -> None:
    answer = json.loads(envc("hash", "pets.envc", "--json").out)

    assert (sorted(answer), sorted(answer["env_ids"])) == (
        ["diagnostics", "env_ids", "ok", "spec_id"],
        ["linux/amd64"],
    )


@pytest.mark.parametrize("verb", [("hash",), ("compile", "-o", "out"), ("build",), ("run",)])
def test_without_a_lock_the_way_to_one_is_shown(
    envc: EnvcMain, folder: Path, verb: tuple[str, ...]
) -> None:
    (folder / "pets.lock").unlink()

    ran = envc(*verb, "pets.envc")

    assert ran.code == 1
    assert ran.err == (
        "error[E400]: the spec has no lock: there is no `pets.lock`\nhint: run `envc lock pets.envc`\n"
    )


@pytest.mark.parametrize("verb", [("hash",), ("compile", "-o", "out"), ("build",), ("run",)])
def test_a_lock_of_another_spec_is_refused(
    envc: EnvcMain, folder: Path, verb: tuple[str, ...]
) -> None:
    (folder / "pets.envc").write_text(SPEC.replace("six", "seven"))

    ran = envc(*verb, "pets.envc")

    assert ran.code == 1
    assert "error[E410]: the lock does not know the pip package `seven ==1.17.*`" in ran.err
    assert not (folder / "out").exists()


def test_the_lock_check_has_drift_as_its_exit_code(envc: EnvcMain, folder: Path) -> None:
    fresh = envc("lock", "--check", "pets.envc")
    (folder / "pets.envc").write_text(SPEC.replace("six", "seven"))

    drifted = envc("lock", "--check", "pets.envc")

    assert (fresh.code, fresh.err) == (0, "pets.lock is the lock of pets.envc\n")
    assert (drifted.code, drifted.err.count("error[E410]")) == (4, 2)


def test_a_damaged_lock_is_a_diagnostic(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.lock").write_text("{")

    ran = envc("hash", "pets.envc")

    assert ran.code == 1
    assert ran.err.startswith("error[E401]: the lock ends too early\n")


def test_a_failed_lock_leaves_the_old_one(envc: EnvcMain, folder: Path) -> None:
    before = snapshot(folder)
    spec = SPEC.replace("python:3.12-slim-bookworm", "localhost:1/none:1")
    (folder / "pets.envc").write_text(spec)

    ran = envc("lock", "pets.envc")

    assert (ran.code, ran.out) == (3, "")
    assert snapshot(folder)["pets.lock"] == before["pets.lock"]
    assert sorted(snapshot(folder)) == sorted(before)


def test_a_lock_without_its_secret_names_it(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PETS_TOKEN", raising=False)
    index = 'pip { index "https://pypi.example.com/simple" secret PETS_TOKEN\n six }'
    (folder / "pets.envc").write_text(SPEC.replace("pip { six ==1.17.* }", index))

    ran = envc("lock", "pets.envc")

    assert ran.code == 1
    assert "error[E360]: the secret `PETS_TOKEN` is not set" in ran.err
    assert "pets.envc:5:54" in ran.err


def test_a_wrong_tools_image_is_a_wrong_command_line(envc: EnvcMain) -> None:
    ran = envc("lock", "pets.envc", "--tools-image", "a b")

    assert ran.code == 2
    assert ran.err.startswith("error[E004]: the tools image `a b` is not an image's name: ")


@pytest.mark.parametrize("words", [("--repository", "A B"), ("-t", "PETS")])
def test_a_name_that_no_image_can_have_is_a_wrong_command_line(
    envc: EnvcMain, words: tuple[str, ...]
) -> None:
    ran = envc("build", "pets.envc", *words)

    assert (ran.code, ran.err.partition(":")[0]) == (2, "error[E004]")


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_a_compression_that_there_is_not_is_a_wrong_command_line(
    envc: EnvcMain, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("ENVC_COMPRESSION", "xz")

    ran = envc(verb, "pets.envc")

    assert (ran.code, ran.err.splitlines()) == (
        2,
        [
            "error[E683]: `ENVC_COMPRESSION` is `xz`, and no layer can be stored so",
            "hint: set it to `gzip` or `zstd`",
        ],
    )


def test_a_depfile_that_cannot_be_written_is_a_failed_tool(envc: EnvcMain) -> None:
    ran = envc("compile", "pets.envc", "-o", "out", "--depfile", "pets.envc/x.d")

    assert (ran.code, ran.err.partition(":")[0]) == (3, "error[E553]")


def test_a_cache_that_cannot_be_written_is_a_failed_tool(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVC_CACHE", str(folder / "pets.envc"))
    before = (folder / "pets.lock").read_bytes()

    ran = envc("lock", "--update", "pets.envc")

    assert ran.code == 3
    assert ran.err == (
        f"error[E553]: `{folder}/pets.envc` cannot be written: file exists\n"
        "hint: let the environment variable `ENVC_CACHE` name a folder that you can write\n"
    )
    assert (folder / "pets.lock").read_bytes() == before


def test_compile_writes_and_prints_the_ids(envc: EnvcMain, folder: Path) -> None:
    ran = envc("compile", "pets.envc", "-o", "out")

    assert ran.code == 0
    assert ran.out == envc("hash", "pets.envc").out
    image = json.loads((folder / "out" / "image.json").read_text())
    assert f"linux/amd64 {image['platforms']['linux/amd64']['env_id']}\n" == ran.out
    assert sorted(image["inputs"]) == ["pets.envc", "pets.lock", "src/a.py"]
    assert sorted(image["files"]) == sorted(
        path.relative_to(folder / "out").as_posix()
        for path in (folder / "out").rglob("*")
        if path.is_file() and path.name != "image.json"
    )


def test_compile_twice_touches_nothing(envc: EnvcMain, folder: Path) -> None:
    envc("compile", "pets.envc", "-o", "out")
    before = snapshot(folder / "out")

    ran = envc("compile", "pets.envc", "-o", "out")

    assert (ran.code, ran.err) == (0, "out: nothing has changed\n")
    assert snapshot(folder / "out") == before


def test_compile_is_the_same_to_the_byte_from_anywhere(
    envc: EnvcMain, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    envc("compile", "pets.envc", "-o", "out")
    monkeypatch.chdir("/")
    monkeypatch.setenv("ENVC_MIRRORS", "https://files.pythonhosted.org=http://127.0.0.1:1")

    envc("compile", str(folder / "pets.envc"), "-o", str(tmp_path / "other"))

    def contents(place: Path) -> dict[str, str]:
        return {name: text for name, (text, _) in snapshot(place).items()}

    assert contents(tmp_path / "other") == contents(folder / "out")


def test_compile_into_a_copied_folder_does_not_copy_itself(envc: EnvcMain, folder: Path) -> None:
    before = envc("compile", "pets.envc", "-o", "src/out").out

    assert envc("compile", "pets.envc", "-o", "src/out").out == before
    assert not list((folder / "src" / "out").rglob("image.json"))[1:]


def test_compile_with_mirrors_changes_addresses_and_no_id(envc: EnvcMain, folder: Path) -> None:
    plain = envc("compile", "pets.envc", "-o", "out")
    mirror = "https://files.pythonhosted.org=http://mirror.example/files"

    mirrored = envc("compile", "pets.envc", "-o", "other", "--mirror", mirror)

    assert mirrored.out == plain.out
    assert "http://mirror.example/files/six" in (folder / "other" / "Dockerfile").read_text()
    assert "mirror.example" not in (folder / "out" / "Dockerfile").read_text()


def test_a_compile_check_lists_what_would_change_and_touches_nothing(
    envc: EnvcMain, folder: Path
) -> None:
    envc("compile", "pets.envc", "-o", "out")
    (folder / "src" / "a.py").write_text("b\n")
    before = snapshot(folder)

    ran = envc("compile", "pets.envc", "-o", "out", "--check")

    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("error[E554]: `out` is not what the spec and its lock compile to\n")
    assert "would be written: Dockerfile" in ran.err
    assert snapshot(folder) == before


def test_a_compile_check_of_a_fresh_folder_succeeds(envc: EnvcMain) -> None:
    envc("compile", "pets.envc", "-o", "out")

    assert envc("compile", "pets.envc", "-o", "out", "--check").code == 0


def test_compile_as_json_says_what_it_did(envc: EnvcMain) -> None:
    envc("compile", "pets.envc", "-o", "out")

    answer = json.loads(envc("compile", "pets.envc", "-o", "out", "--json").out)

    ids = {key: answer.pop(key) for key in ("spec_id", "env_ids", "layers")}
    assert all(ids.values())
    assert answer == {
        "ok": True,
        "folder": "out",
        "written": [],
        "removed": [],
        "sources": ["pets.envc", "pets.lock", "src/a.py"],
        "diagnostics": [],
    }


def test_a_depfile_has_every_file_that_was_read(envc: EnvcMain, folder: Path) -> None:
    ran = envc("compile", "pets.envc", "-o", "out", "--depfile", "out.d")

    assert ran.code == 0
    assert (folder / "out.d").read_text() == "out/image.json: pets.envc pets.lock src/a.py\n"


def test_a_copy_that_is_not_there_leaves_the_output_alone(envc: EnvcMain, folder: Path) -> None:
    envc("compile", "pets.envc", "-o", "out")
    before = snapshot(folder / "out")
    (folder / "src" / "a.py").unlink()
    (folder / "src").rmdir()

    ran = envc("compile", "pets.envc", "-o", "out")

    assert ran.code == 1
    assert "error[E155]: there is no `src/` beside the spec" in ran.err
    assert snapshot(folder / "out") == before


def test_an_output_folder_of_somebody_else_is_a_wrong_command_line(
    envc: EnvcMain, folder: Path
) -> None:
    before = snapshot(folder)

    ran = envc("compile", "pets.envc", "-o", ".")

    assert (ran.code, ran.err.partition(":")[0]) == (2, "error[E550]")
    assert snapshot(folder) == before


@pytest.mark.parametrize("verb", ["build", "run"])
def test_without_an_engine_building_is_a_failed_tool(envc: EnvcMain, verb: str) -> None:
    ran = envc(verb, "pets.envc")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error[E601]: ")


def test_the_cache_lies_where_the_environment_says(envc: EnvcMain) -> None:
    envc("hash", "pets.envc")

    cache = Path(os.environ["ENVC_CACHE"])
    assert {path.name for path in cache.iterdir()} == {"compiled", "grammar"}


def test_compile_names_each_source_once_and_the_same_again(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text(SPEC + 'copy "src/a.py" to "/app/"\ncopy "./src" to "/b"\n')

    first = json.loads(envc("compile", "pets.envc", "-o", "out", "--json").out)["sources"]
    again = json.loads(envc("compile", "pets.envc", "-o", "out", "--json").out)["sources"]

    assert first == again == ["pets.envc", "pets.lock", "src/a.py"]
