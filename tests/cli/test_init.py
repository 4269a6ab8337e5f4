"""`init` as a newcomer sees it: a spec that is right, and what to do next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc import resources
from envc.curated import curated
from support.workspace import SPEC, EnvcMain

FORMS = ("dsl", "yaml")
SUFFIXES = {"dsl": ".envc", "yaml": ".yaml"}


def tree(folder: Path) -> dict[str, str]:
    """Return the text of every file below a folder, by its path in it; byte code is no text."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(curated()))
def test_a_copy_of_a_curated_environment_is_right_locked_and_laid_out(
    name: str, form: str, envc: EnvcMain
) -> None:
    spec = f"mine/mine{SUFFIXES[form]}"

    began = envc("init", "mine", "--from", name, "--form", form)

    assert (began.code, began.err) == (
        0,
        f"began with {name}, which is locked\n"
        f"next: `envc build {spec}`; `envc lock {spec}` after each change of packages\n",
    )
    assert envc("check", "--strict", "--lint", spec).err == f"{spec}: `mine` is right\n"
    assert envc("fmt", "--check", spec).code == 0
    original = resources.__file__.replace("resources.py", f"curated/{name[5:]}/{name[5:]}.envc")
    assert envc("hash", spec).out == envc("hash", original).out


def test_an_empty_folder_gets_a_plain_spec(envc: EnvcMain, folder: Path) -> None:
    began = envc("init", "Race Horses")

    assert (began.code, began.out) == (
        0,
        "Race Horses/race-horses.envc\nRace Horses/race-horses.lock\n",
    )
    assert began.err == (
        "began with envc/minimal, which is locked\n"
        "next: `envc build 'Race Horses/race-horses.envc'`; "
        "`envc lock 'Race Horses/race-horses.envc'` after each change of packages\n"
    )
    text = (folder / "Race Horses" / "race-horses.envc").read_text()
    assert text.startswith("# Python and nothing else")
    assert "\nenvironment race-horses\n" in text


@pytest.mark.parametrize("form", FORMS)
def test_what_a_plain_spec_shows_in_comments_is_right(
    form: str, envc: EnvcMain, folder: Path
) -> None:
    envc("init", "mine", "--form", form)
    spec = folder / "mine" / f"mine{SUFFIXES[form]}"
    head, _, more = spec.read_text().partition("with examples.\n")
    lines = more.replace("#\n", "\n").replace("\n# ", "\n").removeprefix("# ")
    spec.write_text(f"{head}with examples.\n{lines}")
    (spec.parent / "src").mkdir()

    checked = envc("check", "--strict", str(spec))

    assert "\n# " not in lines
    assert (checked.code, checked.err) == (0, f"{spec}: `mine` is right\n")


def test_both_forms_are_the_same_spec(envc: EnvcMain) -> None:
    envc("init", "one", "--from", "envc/scoring")
    envc("init", "two", "--from", "envc/scoring", "--form", "yaml")

    one, two = envc("hash", "one/one.envc"), envc("hash", "two/two.yaml")

    assert one.code == 0
    assert one.out == two.out


def test_a_curated_environment_comes_with_what_it_copies(envc: EnvcMain, folder: Path) -> None:
    envc("init", "mine", "--from", "envc/scoring")

    own = tree(folder / "mine")
    origin = tree(Path(resources.__file__).parent / "curated" / "scoring" / "src")
    assert sorted(own) == ["mine.envc", "mine.lock", "src/app.py", "src/score.py"]
    assert {f"src/{name}": text for name, text in origin.items()} == {
        name: text for name, text in own.items() if name.startswith("src/")
    }


def test_a_file_of_another_tool_in_the_folder_is_what_it_begins_with(
    envc: EnvcMain, folder: Path
) -> None:
    (folder / "horses").mkdir()
    (folder / "horses" / "requirements.txt").write_text("rich==14.1.0\n")

    began = envc("init", "horses")

    assert (began.code, began.out, began.err) == (
        0,
        "horses/horses.envc\n",
        "began with horses/requirements.txt, read as requirements\n"
        "next: `envc lock horses/horses.envc`, then `envc build horses/horses.envc`\n",
    )
    assert (folder / "horses" / "horses.envc").read_text() == (
        "# Imported from requirements.txt by envc.\nenvironment horses\n"
        "pip {\n    rich==14.1.0\n}\n"
    )


def test_the_fullest_file_counts_and_the_others_are_told(envc: EnvcMain, folder: Path) -> None:
    (folder / "requirements.txt").write_text("rich==14.1.0\n")
    (folder / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n")
    (folder / "environment.yml").write_text("name: other\ndependencies: [numpy]\n")

    began = envc("init", "--name", "mine")

    assert (began.code, began.out) == (0, "mine.envc\n")
    assert began.err == (
        "began with environment.yml, read as environment\n"
        "not read: requirements.txt (`--from` names another origin)\n"
        "next: `envc lock mine.envc`, then `envc build mine.envc`\n"
    )
    assert "\nenvironment mine\n" in (folder / "mine.envc").read_text()


def test_a_requirements_file_goes_before_what_a_project_as_such_needs(
    envc: EnvcMain, folder: Path
) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "pets"\ndependencies = ["rich"]\n')
    only_project = envc("init", "--name", "one", "--json")
    (folder / "requirements.txt").write_text("rich==14.1.0\n")

    both = envc("init", "--name", "two", "--json")

    assert json.loads(only_project.out)["format"] == "project"
    assert json.loads(both.out)["format"] == "requirements"


def test_what_a_file_says_and_a_spec_cannot_is_told(envc: EnvcMain, folder: Path) -> None:
    (folder / "requirements.txt").write_text("rich\n--trusted-host example.com\n")

    began = envc("init", "mine", "--from", "requirements.txt")

    assert began.code == 0
    assert "warning[W431]" in began.err
    assert "--trusted-host" in (folder / "mine" / "mine.envc").read_text()


def test_paths_in_a_file_become_relative_to_the_spec(envc: EnvcMain, folder: Path) -> None:
    (folder / "mine" / "libs").mkdir(parents=True)
    (folder / "mine" / "libs" / "requirements.txt").write_text("./pets-1.0-py3-none-any.whl\n")

    began = envc("init", "mine", "--from", "mine/libs/requirements.txt")

    assert began.code == 0
    assert 'wheel "libs/pets-1.0-py3-none-any.whl"' in (folder / "mine/mine.envc").read_text()


def test_a_folder_named_like_a_curated_one_may_hold_a_file(envc: EnvcMain, folder: Path) -> None:
    (folder / "envc").mkdir()
    (folder / "envc" / "requirements.txt").write_text("rich\n")

    began = envc("init", "mine", "--from", "envc/requirements.txt")

    assert (began.code, began.out) == (0, "mine/mine.envc\n")


def test_an_environment_file_may_have_the_name_that_the_spec_gets(
    envc: EnvcMain, folder: Path
) -> None:
    (folder / "environment.yml").write_text("dependencies: [python=3.12, numpy]\n")

    began = envc("init", "--name", "environment")

    assert (began.code, began.out) == (0, "environment.envc\n")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["true", "null", "123", "1.2", "1e5", "on", "from", "environment"])
def test_any_name_may_be_an_environments(name: str, form: str, envc: EnvcMain) -> None:
    began = envc("init", "mine", "--name", name, "--form", form, "--json")

    checked = envc("check", json.loads(began.out)["spec"], "--json")
    assert json.loads(checked.out)["environment"] == name


@pytest.mark.parametrize("folder_name", ["日本", "+++"])
def test_a_folder_without_a_letter_gives_a_name_too(folder_name: str, envc: EnvcMain) -> None:
    began = envc("init", folder_name, "--json")

    assert json.loads(began.out)["environment"] == "environment"


def test_as_json(envc: EnvcMain, folder: Path) -> None:
    (folder / "requirements.txt").write_text("rich\n")

    curated_one = envc("init", "a", "--from", "envc/minimal", "--json")
    imported = envc("init", "b", "--from", "requirements.txt", "--json")

    assert json.loads(curated_one.out) == {
        "ok": True,
        "environment": "a",
        "spec": "a/a.envc",
        "lock": "a/a.lock",
        "files": ["a/a.envc", "a/a.lock"],
        "origin": "envc/minimal",
        "format": None,
        "diagnostics": [],
    }
    assert curated_one.err == imported.err == ""
    assert json.loads(imported.out) == {
        "ok": True,
        "environment": "b",
        "spec": "b/b.envc",
        "lock": None,
        "files": ["b/b.envc"],
        "origin": "requirements.txt",
        "format": "requirements",
        "diagnostics": [],
    }


@pytest.mark.parametrize(
    "there",
    ["mine.envc", "mine.lock", "mine.yaml", "mine.yml", "src/score.py"],
)
def test_nothing_is_overwritten(there: str, envc: EnvcMain, folder: Path) -> None:
    path = folder / "mine" / there
    path.parent.mkdir(parents=True)
    path.write_text("what is mine\n")

    began = envc("init", "mine", "--from", "envc/scoring")

    assert (began.code, began.out, began.err) == (
        2,
        "",
        f"error[E743]: `mine/{there}` is there already, and nothing is overwritten\n"
        "hint: choose another folder, or another name with `--name`\n",
    )
    assert tree(folder / "mine") == {there: "what is mine\n"}


def test_a_link_to_nowhere_is_not_written_through(envc: EnvcMain, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "mine.envc").symlink_to("../elsewhere.envc")

    began = envc("init", "mine")

    assert (began.code, (folder / "elsewhere.envc").exists()) == (2, False)
    assert "error[E743]" in began.err


def test_where_one_file_cannot_be_written_none_stays(envc: EnvcMain, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "src").write_text("a file where a folder is to be\n")

    began = envc("init", "mine", "--from", "envc/scoring")

    assert (began.code, "error[E743]: `mine/src` is there already" in began.err) == (2, True)
    assert tree(folder / "mine") == {"src": "a file where a folder is to be\n"}


def test_a_folder_that_cannot_be_made_is_told(envc: EnvcMain) -> None:
    name = "x" * 300  # longer than any file system's names

    began = envc("init", name)

    assert (began.code, began.err) == (
        3,
        f"error[E553]: `{name}` cannot be written: file name too long\n"
        "hint: check its permissions and the disk\n",
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("mine", "--from", "envc/nothing"), 2, "error[E740]: there is no curated environment"),
        (("pets.envc",), 2, "error[E741]: `pets.envc` is a file, not a folder"),
        (("mine", "--name", "My Own"), 2, "error[E742]: `My Own` cannot be an environment's name"),
        (("mine", "--from", "pets.envc"), 2, "error[E744]: `pets.envc` is a spec already"),
        (("mine", "--from", "team.yaml"), 2, "error[E744]: `team.yaml` is a spec already"),
        (("mine", "--from", "explicit.txt"), 2, "error[E745]: `explicit.txt` is a lock"),
        (("mine", "--from", "nowhere.txt"), 1, "error[E150]: there is no file `nowhere.txt`"),
        (("mine", "--from", "src"), 1, "error[E151]: `src` is a folder, not a file"),
        (("mine", "--from", "src/a.py"), 1, "error[E432]: `src/a.py` has no format"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    words: tuple[str, ...], code: int, said: str, envc: EnvcMain, folder: Path
) -> None:
    (folder / "team.yaml").write_text("environment: team\n")
    (folder / "explicit.txt").write_text(
        "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/noarch/a-1-0.conda#" + "a" * 32 + "\n"
    )

    began = envc("init", *words)

    assert (began.code, began.err.startswith(said)) == (code, True), began.err
    assert (folder / "pets.envc").read_text() == SPEC
    assert not (folder / "mine").exists()


def test_a_damaged_file_in_the_folder_is_not_passed_over(envc: EnvcMain, folder: Path) -> None:
    (folder / "environment.yml").write_text("dependencies: [\n")

    began = envc("init", "--name", "mine")

    assert (began.code, "environment.yml" in began.err) == (1, True)
    assert not (folder / "mine.envc").exists()
