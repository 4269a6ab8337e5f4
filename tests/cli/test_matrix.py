"""The verbs on a spec with a matrix: every variant, some of them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc.lock.codec import dumps
from envc.lock.model import Lock, LockFile
from support.workspace import SPEC, EnvcMain, lock_of, snapshot

MATRIX = """\
environment: pets
params: {six: 1.17.*, shm: 64m}
base: {image: "python:3.12-slim-bookworm"}
python: 3.12
pip: ["six ==${{ six }}"]
steps: [{copy: {from: src/, to: /app}}]
runtime: {shm: "${{ shm }}"}
matrix:
  new: {}
  old: {six: 1.16.*}
  big: {shm: 1g}
"""


def single(six: str) -> str:
    """Return the DSL of what a variant says, as a spec without a matrix."""
    return SPEC.replace("1.17.*", six)


def lock_with(six: str) -> Lock:
    text = lock_of(single(f"{six}.*")).model_dump_json()
    return Lock.model_validate_json(text.replace("1.17.0", f"{six}.0"))


LOCK = LockFile(
    variants={"new": lock_with("1.17"), "old": lock_with("1.16"), "big": lock_with("1.17")}
)


@pytest.fixture
def matrix(folder: Path) -> Path:
    """The working folder, with `zoo.yaml`, a spec with a matrix, and its lock."""
    (folder / "zoo.yaml").write_text(MATRIX)
    (folder / "zoo.lock").write_text(dumps(LOCK))
    return folder


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "zoo.yaml").read_text()
    assert old in text
    (folder / "zoo.yaml").write_text(text.replace(old, new))


def test_hash_prints_a_line_a_variant_and_platform(envc: EnvcMain, matrix: Path) -> None:
    single = envc("hash", "pets.envc").out.split()[1]

    ran = envc("hash", "zoo.yaml")

    lines = [line.split() for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (0, "")
    assert [line[:2] for line in lines] == [
        ["new", "linux/amd64"],
        ["old", "linux/amd64"],
        ["big", "linux/amd64"],
    ]
    assert lines[0][2] == single


def test_variants_with_the_same_content_are_one_environment(envc: EnvcMain, matrix: Path) -> None:
    new, old, big = (line.split()[2] for line in envc("hash", "zoo.yaml").out.splitlines())

    assert new == big
    assert new != old


def test_hash_of_some_variants_is_in_the_specs_order(envc: EnvcMain, matrix: Path) -> None:
    every = envc("hash", "zoo.yaml").out.splitlines(keepends=True)

    ran = envc("hash", "zoo.yaml", "--variant", "big", "--variant", "new")

    assert ran.out == every[0] + every[2]


def test_hash_as_json_has_the_ids_of_each_variant(envc: EnvcMain, matrix: Path) -> None:
    answer = json.loads(envc("hash", "zoo.yaml", "--json", "--variant", "old").out)

    assert sorted(answer) == ["diagnostics", "ok", "spec_id", "variants"]
    assert list(answer["variants"]) == ["old"]
    assert sorted(answer["variants"]["old"]) == ["env_ids", "spec_id"]
    assert answer["variants"]["old"]["spec_id"] != answer["spec_id"]


def test_the_spec_id_of_a_variant_is_that_of_a_spec_that_says_the_same(
    envc: EnvcMain, matrix: Path
) -> None:
    (matrix / "one.envc").write_text(single("1.16.*") + "runtime { shm 64m }\n")

    of_variant = envc("hash", "--spec", "zoo.yaml", "--variant", "old")

    assert of_variant.out == f"old {envc('hash', '--spec', 'one.envc').out}"


def test_the_spec_id_of_a_matrix_is_one_whatever_the_order_of_its_variants(
    envc: EnvcMain, matrix: Path
) -> None:
    before = envc("hash", "--spec", "zoo.yaml").out
    change(matrix, "  new: {}\n", "")
    change(matrix, "  big: {shm: 1g}\n", "  big: {shm: 1g}\n  new: {}\n")
    reordered = envc("hash", "--spec", "zoo.yaml").out
    change(matrix, "shm: 1g", "shm: 2g")

    assert before == reordered
    assert before.startswith("sha256:")
    assert envc("hash", "--spec", "zoo.yaml").out != before


def test_the_name_of_a_variant_is_part_of_the_spec_id_and_of_no_env_id(
    envc: EnvcMain, matrix: Path
) -> None:
    spec_id = envc("hash", "--spec", "zoo.yaml").out
    env_ids = [line.split()[2] for line in envc("hash", "zoo.yaml").out.splitlines()]
    change(matrix, "  big:", "  huge:")
    text = (matrix / "zoo.lock").read_text()
    assert '"big": {' in text
    (matrix / "zoo.lock").write_text(text.replace('"big": {', '"huge": {'))

    assert [line.split()[2] for line in envc("hash", "zoo.yaml").out.splitlines()] == env_ids
    assert envc("hash", "--spec", "zoo.yaml").out != spec_id


def test_compile_writes_a_folder_a_variant(envc: EnvcMain, matrix: Path) -> None:
    ran = envc("compile", "zoo.yaml", "-o", "out", "--depfile", "out.d")

    assert ran.code == 0
    assert ran.out == envc("hash", "zoo.yaml").out
    assert sorted(path.name for path in (matrix / "out").iterdir()) == ["big", "new", "old"]
    image = json.loads((matrix / "out" / "old" / "image.json").read_text())
    assert (image["environment"], image["variant"]) == ("pets", "old")
    assert sorted(image["inputs"]) == ["src/a.py", "zoo.lock", "zoo.yaml"]
    head = (matrix / "out" / "old" / "Dockerfile").read_text().splitlines()[0]
    assert head == (
        "# The environment `pets`, variant `old`, written by envc from its spec and its lock. "
        "Change those."
    )
    assert (matrix / "out.d").read_text() == (
        "out/big/image.json out/new/image.json out/old/image.json: src/a.py zoo.lock zoo.yaml\n"
    )


def test_compile_of_one_variant_goes_straight_into_the_folder(envc: EnvcMain, matrix: Path) -> None:
    envc("compile", "zoo.yaml", "-o", "out")

    ran = envc("compile", "zoo.yaml", "-o", "one", "--variant", "old", "--depfile", "one.d")

    def contents(place: Path) -> dict[str, str]:
        return {name: text for name, (text, _) in snapshot(place).items()}

    assert ran.code == 0
    assert contents(matrix / "one") == contents(matrix / "out" / "old")
    assert (matrix / "one.d").read_text() == "one/image.json: src/a.py zoo.lock zoo.yaml\n"


def test_compile_twice_touches_nothing(envc: EnvcMain, matrix: Path) -> None:
    envc("compile", "zoo.yaml", "-o", "out")
    before = snapshot(matrix / "out")

    ran = envc("compile", "zoo.yaml", "-o", "out")

    assert (ran.code, ran.err) == (0, "out: nothing has changed\n")
    assert snapshot(matrix / "out") == before


def test_a_compile_check_lists_the_variants_that_would_change(envc: EnvcMain, matrix: Path) -> None:
    envc("compile", "zoo.yaml", "-o", "out")
    fresh = envc("compile", "zoo.yaml", "-o", "out", "--check")
    (matrix / "out" / "old" / "Dockerfile").write_text("edited")
    before = snapshot(matrix / "out")

    ran = envc("compile", "zoo.yaml", "-o", "out", "--check")

    assert (fresh.code, ran.code, ran.out) == (0, 4, "")
    assert ran.err == (
        "error[E554]: `out` is not what the spec and its lock compile to\n"
        "note: would be written: old/Dockerfile\n"
        "hint: run `envc compile zoo.yaml -o out`\n"
    )
    assert snapshot(matrix / "out") == before


def test_the_hint_of_a_compile_check_names_the_variant(envc: EnvcMain, matrix: Path) -> None:
    ran = envc("compile", "zoo.yaml", "-o", "out", "--check", "--variant", "old")

    assert ran.err.endswith("hint: run `envc compile zoo.yaml -o out --variant old`\n")


def test_compile_as_json_has_the_folder_of_each_variant(envc: EnvcMain, matrix: Path) -> None:
    envc("compile", "zoo.yaml", "-o", "out")

    words = ("--json", "--variant", "old", "--variant", "big")
    answer = json.loads(envc("compile", "zoo.yaml", "-o", "out", *words).out)

    ids = json.loads(envc("hash", "zoo.yaml", *words).out)
    expected = {name: {"folder": f"out/{name}", **ids["variants"][name]} for name in ("old", "big")}
    layers = [one.pop("layers") for one in answer["variants"].values()]
    assert [set(one) for one in layers] == [set(one["env_ids"]) for one in expected.values()]
    assert answer == {
        "ok": True,
        "folder": "out",
        "written": [],
        "removed": [],
        "spec_id": ids["spec_id"],
        "variants": expected,
        "sources": ["zoo.yaml", "zoo.lock", "src/a.py"],
        "diagnostics": [],
    }


@pytest.mark.parametrize(
    "words", [("hash",), ("compile", "-o", "out"), ("build",), ("run",), ("lock", "--check")]
)
def test_a_variant_that_is_not_there_is_a_wrong_command_line(
    envc: EnvcMain, matrix: Path, words: tuple[str, ...]
) -> None:
    ran = envc(*words, "zoo.yaml", "--variant", "bgi")
    single = envc(*words, "pets.envc", "--variant", "big")

    assert (ran.code, single.code) == (2, 2)
    assert ran.err == ("error[E007]: the spec has no variant `bgi`\nhint: did you mean `big`?\n")
    assert single.err == (
        "error[E008]: there is no variant `big`: the spec has no matrix\n"
        "hint: leave `--variant` out, or give the spec a `matrix`\n"
    )


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("run",), "a command runs in"),
        (("run", "--variant", "big", "--variant", "new"), "a command runs in"),
        (("build", "--tag", "pets:1"), "a tag is the name of"),
        (("build", "--log", "log"), "a log is of"),
    ],
)
def test_where_one_variant_is_meant_the_others_are_listed(
    envc: EnvcMain, matrix: Path, words: tuple[str, ...], what: str
) -> None:
    ran = envc(words[0], "zoo.yaml", *words[1:])

    names = "`new` and `big`" if "--variant" in words else "`new`, `old` and `big`"
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error[E009]: {what} one variant, and there are {names}\n"
        "hint: choose one, as in `--variant new`\n"
    )


@pytest.mark.parametrize("words", [("build",), ("run", "--variant", "old")])
def test_without_an_engine_building_is_a_failed_tool(
    envc: EnvcMain, matrix: Path, words: tuple[str, ...]
) -> None:
    ran = envc(*words, "zoo.yaml")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error[E601]: ")


def test_the_lock_check_compares_all_variants(envc: EnvcMain, matrix: Path) -> None:
    fresh = envc("lock", "--check", "zoo.yaml")
    change(matrix, "1.16.*", "1.15.*")
    drifted = envc("lock", "--check", "zoo.yaml")
    others = envc("lock", "--check", "zoo.yaml", "--variant", "new", "--variant", "big")

    assert (fresh.code, fresh.err) == (0, "zoo.lock is the lock of zoo.yaml\n")
    assert (drifted.code, others.code) == (4, 0)
    assert "error[E410]: the spec asks for `six ==1.15.*`" in drifted.err
    assert "note: only in the variant `old`\n" in drifted.err


def test_drift_of_all_variants_is_told_once(envc: EnvcMain, matrix: Path) -> None:
    change(matrix, '["six ==${{ six }}"]', '["six ==${{ six }}", idna]')

    ran = envc("lock", "--check", "zoo.yaml")

    assert (ran.code, ran.err.count("error[")) == (4, 1)
    assert "note" not in ran.err


def test_a_variant_that_the_lock_does_not_know_is_drift(envc: EnvcMain, matrix: Path) -> None:
    change(matrix, "  big: {shm: 1g}", "  huge: {shm: 1g}")

    checked = envc("lock", "--check", "zoo.yaml")
    compiled = envc("compile", "zoo.yaml", "-o", "out")
    others = envc("compile", "zoo.yaml", "-o", "out", "--variant", "old")

    assert (checked.code, compiled.code, others.code) == (4, 1, 0)
    assert checked.err == compiled.err
    assert "error[E419]: the lock does not know the variant `huge`\n  --> zoo.yaml:11:3" in (
        checked.err
    )
    assert "error[E419]: the lock has the variant `big`, which the spec does not have" in (
        checked.err
    )


def test_a_matrix_that_comes_or_goes_is_drift(envc: EnvcMain, matrix: Path) -> None:
    (matrix / "zoo.lock").write_text(dumps(LOCK.variants["new"]))
    comes = envc("hash", "zoo.yaml")
    (matrix / "pets.lock").write_text(dumps(LOCK))
    goes = envc("hash", "pets.envc")

    assert (comes.code, goes.code) == (1, 1)
    assert comes.err.startswith("error[E417]: the spec has the variants `new`, `old`, `big`")
    assert goes.err.startswith("error[E418]: the lock has the variants `big`, `new`, `old`")
