"""What ships with envc, where `envc env` and every verb that takes a SPEC take it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc.curated import curated, folder, spec
from support.workspace import EnvcMain

MINIMAL = spec("envc/minimal")


def test_they_are_listed(envc: EnvcMain) -> None:
    listed = envc("env", "list", "--curated")
    data = envc("env", "list", "--curated", "--json")

    width = len("envc/training-cuda")
    assert (listed.code, listed.out.splitlines()) == (
        0,
        [f"{name:{width}}  {text}" for name, text in curated().items()],
    )
    assert json.loads(data.out)["environments"] == [
        {"name": name, "description": text} for name, text in curated().items()
    ]


def test_they_are_not_among_what_is_registered(envc: EnvcMain) -> None:
    listed = envc("env", "list", "--json")

    assert json.loads(listed.out)["environments"] == []


def test_one_is_shown(envc: EnvcMain) -> None:
    ids = json.loads(envc("hash", str(MINIMAL), "--json").out)

    shown = envc("env", "show", "envc/minimal")
    data = json.loads(envc("env", "show", "envc/minimal", "--json").out)

    lock = MINIMAL.with_suffix(".lock").stat().st_size
    heads = [line.split()[0] for line in shown.out.splitlines()]
    facts = ["description", "spec", "linux/amd64", "linux/arm64"]
    assert (shown.code, heads) == (0, ["envc/minimal", *facts, "minimal.envc", "minimal.lock"])
    assert data == {
        "ok": True,
        "name": "envc/minimal",
        "description": curated()["envc/minimal"],
        "spec_id": ids["spec_id"],
        "env_ids": ids["env_ids"],
        "files": [
            {"path": "minimal.envc", "size_bytes": MINIMAL.stat().st_size},
            {"path": "minimal.lock", "size_bytes": lock},
        ],
        "diagnostics": [],
    }


def test_one_is_written_as_it_is(envc: EnvcMain, folder: Path) -> None:
    got = envc("env", "get", "envc/scoring")

    origin = spec("envc/scoring").parent
    names = ["scoring.envc", "scoring.lock", "src/app.py", "src/score.py"]
    written = sorted(path for path in (folder / "scoring").rglob("*") if path.is_file())
    assert (got.code, got.out) == (0, "scoring/scoring.envc\n")
    assert [path.relative_to(folder / "scoring").as_posix() for path in written] == names
    assert [path.read_bytes() for path in written] == [
        (origin / name).read_bytes() for name in names
    ]


def test_what_is_there_and_the_same_stays(envc: EnvcMain, folder: Path) -> None:
    envc("env", "get", "envc/scoring", "mine")
    (folder / "mine" / "src" / "app.py").unlink()
    before = (folder / "mine" / "scoring.lock").stat().st_mtime_ns

    again = json.loads(envc("env", "get", "envc/scoring", "mine", "--json").out)

    assert (again["spec"], again["folder"]) == ("mine/scoring.envc", "mine")
    assert (folder / "mine" / "scoring.lock").stat().st_mtime_ns == before
    assert (folder / "mine" / "src" / "app.py").exists()


def test_what_somebody_changed_is_not_overwritten(envc: EnvcMain, folder: Path) -> None:
    envc("env", "get", "envc/scoring", "mine")
    (folder / "mine" / "scoring.envc").write_text("mine\n")
    (folder / "mine" / "src" / "app.py").unlink()

    again = envc("env", "get", "envc/scoring", "mine")

    assert (again.code, again.err) == (
        2,
        "error[E743]: `mine/scoring.envc` is there already, and nothing is overwritten\n"
        "hint: name another folder\n",
    )
    assert (folder / "mine" / "scoring.envc").read_text() == "mine\n"
    assert not (folder / "mine" / "src" / "app.py").exists()


@pytest.mark.parametrize("words", [("hash",), ("check", "--json"), ("lock", "--check", "--json")])
def test_verbs_take_one_as_a_spec(words: tuple[str, ...], envc: EnvcMain) -> None:
    by_name = envc(*words, "envc/minimal")
    by_path = envc(*words, str(MINIMAL))

    assert by_name.code == 0
    assert by_name == by_path


def test_one_compiles(envc: EnvcMain, folder: Path) -> None:
    compiled = envc("compile", "envc/scoring", "-o", "out")

    assert compiled.code == 0
    assert (folder / "out" / "Dockerfile").read_text().startswith("# The environment `scoring`")


def test_a_file_of_its_name_goes_first(envc: EnvcMain, folder: Path) -> None:
    (folder / "envc").mkdir()
    (folder / "envc" / "minimal").write_text("nonsense\n")

    checked = envc("check", "envc/minimal")

    assert (checked.code, "envc/minimal:1:1" in checked.err) == (1, True)


def test_a_copy_is_registered_under_a_new_name_with_the_same_ids(envc: EnvcMain) -> None:
    registered = envc("env", "register", "envc/scoring", "--name", "mine")

    assert (registered.code, registered.out) == (0, "mine@1\n")
    assert envc("hash", "mine@1").out == envc("hash", "envc/scoring").out
    assert envc("check", "mine@1").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("lock", "envc/minimal"), "E711", "`envc/minimal` ships with envc, and never changes"),
        (("fmt", "envc/minimal"), "E711", "`envc/minimal` ships with envc, and never changes"),
        (("hash", "envc/foo"), "E740", "there is no curated environment `envc/foo`"),
        (("env", "show", "envc/foo"), "E740", "there is no curated environment `envc/foo`"),
        (("env", "get", "envc/foo"), "E740", "there is no curated environment `envc/foo`"),
        *(
            (words, "E746", "`envc/minimal` ships with envc, and has neither versions nor labels")
            for words in (
                ("hash", "envc/minimal@1"),
                ("hash", "envc/minimal:prod"),
                ("env", "show", "envc/minimal@latest"),
                ("env", "get", "envc/minimal@2"),
                ("env", "versions", "envc/minimal"),
                ("env", "archive", "envc/minimal"),
            )
        ),
        (
            ("env", "register", "envc/minimal", "--name", "envc/mine"),
            *("E706", "`envc/mine` cannot be registered: `envc/` is for what ships with envc"),
        ),
    ],
)
def test_what_cannot_be_is_refused(
    words: tuple[str, ...], code: str, message: str, envc: EnvcMain
) -> None:
    ran = envc(*words)

    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (2, "", f"error[{code}]: {message}")


def test_nothing_is_written_where_they_ship(envc: EnvcMain) -> None:
    roots = [folder(name) for name in curated()]
    before = {path: path.stat().st_mtime_ns for root in roots for path in root.rglob("*")}

    for name in curated():
        assert envc("compile", name, "-o", f"out/{name}").code == 0

    assert before == {path: path.stat().st_mtime_ns for root in roots for path in root.rglob("*")}
