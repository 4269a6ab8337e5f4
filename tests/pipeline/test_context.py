"""What lies beside a spec is read whole, and what is missing is shown where the spec asks for it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envc.errors import InputError
from envc.pipeline.context.digest import digest_local
from envc.pipeline.context.inputs import read_inputs
from envc.pipeline.context.source_folder import digest_read_sources, read_sources
from envc.pipeline.context.wheel import list_linked, read_wheels
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.resolve.base import LocalWheel
from envc.source import Source
from envc.spec.load import load
from envc.spec.model import CopyStep, EnvSpec, FindLinks, Pip, Step
from envc.syntax import parse
from envc.syntax.document import Document

WHEEL = "dist/pets-1.0-py3-none-any.whl"
SHA256 = hashlib.sha256(b"x").hexdigest()


def spec_of(*sources: str, wheels: tuple[str, ...] = ()) -> EnvSpec:
    steps = tuple(Step(copy_=CopyStep(source=source, to="/app")) for source in sources)
    return EnvSpec(environment="pets", steps=steps, pip=Pip(wheels=wheels))


def document() -> Document:
    source = Source(name="pets.envc", text="environment pets\n")
    return Document(source=source, data={}, spans={(): source.span(0, 11)}, key_spans={})


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


def refusals(spec: EnvSpec, folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as caught:
        read_inputs(spec, document(), folder)
    problems = caught.value.diagnostics
    assert all(problem.labels for problem in problems)
    return [(problem.code, problem.message, problem.hint) for problem in problems]


def test_inputs_are_what_copies_and_wheels_name(tmp_path: Path) -> None:
    put(tmp_path / "src" / "a.py")
    put(tmp_path / WHEEL)

    inputs = read_inputs(spec_of("src/", wheels=(f"./{WHEEL}",)), document(), tmp_path)

    assert inputs == Inputs(
        trees={
            Selection(path="src/"): Tree(
                is_folder=True, files=(ContextFile(path="a.py", sha256=SHA256),)
            ),
        },
        wheels={WHEEL: ContextFile(path="pets-1.0-py3-none-any.whl", sha256=SHA256)},
    )


def test_a_local_wheel_is_known_by_its_normal_path_and_its_bytes(tmp_path: Path) -> None:
    put(tmp_path / WHEEL)

    wheels = read_wheels(spec_of(wheels=(f"dist/../{WHEEL}",)), document(), tmp_path)

    file = tmp_path / "dist" / ".." / WHEEL
    assert wheels == (LocalWheel(path=WHEEL, file=file, sha256=SHA256, size=1),)


def test_all_that_is_missing_is_reported_at_once(tmp_path: Path) -> None:
    put(tmp_path / "source" / "a.py")
    (tmp_path / "empty").mkdir()

    problems = refusals(spec_of("sources", "empty", "no/file", "*.py", wheels=(WHEEL,)), tmp_path)

    relative = "paths are relative to the spec's folder"
    assert problems == [
        ("E155", "there is no `sources` beside the spec", "did you mean `source`?"),
        (
            "E157",
            "the folder `empty` has no files",
            "put files there, or remove the step; caches and version control are never copied",
        ),
        ("E155", "there is no `no/file` beside the spec", relative),
        (
            "E155",
            "there is no `*.py` beside the spec",
            "no pattern counts here: name the folder; of a `copy`, `ignore` says what stays out",
        ),
        ("E155", f"there is no `{WHEEL}` beside the spec", relative),
    ]


def test_what_cannot_be_read_or_copied_is_named(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    os.mkfifo(tmp_path / "src" / "pipe")
    (tmp_path / "loop").symlink_to("loop")

    pipe, loop = refusals(spec_of("src", "loop"), tmp_path)

    message = "`src` cannot be copied: `pipe` is neither a file, nor a folder, nor a link"
    assert pipe[:2] == ("E156", message)
    assert loop[:2] == ("E156", "`loop` cannot be read: too many levels of symbolic links")


def linking(*folders: str, wheels: tuple[str, ...] = ()) -> EnvSpec:
    places = tuple(FindLinks(path=folder) for folder in folders)
    return EnvSpec(environment="pets", pip=Pip(find_links=places, wheels=wheels))


def test_locked_wheels_of_find_links_are_inputs_too(tmp_path: Path) -> None:
    for name in ("wheels/a.whl", "b.whl", WHEEL, "wheels/unused.whl"):
        put(tmp_path / name)
    spec = linking("wheels/", ".", wheels=(WHEEL,))
    locked = ("wheels/a.whl", "wheels/gone.whl", "b.whl", WHEEL)

    inputs = read_inputs(spec, document(), tmp_path, locked=locked)

    assert {path: file.path for path, file in inputs.wheels.items()} == {
        WHEEL: "pets-1.0-py3-none-any.whl",
        "b.whl": "b.whl",
        "wheels/a.whl": "a.whl",
    }
    assert digest_local(spec, document(), tmp_path, locked) == {
        WHEEL: SHA256,
        "b.whl": SHA256,
        "wheels/a.whl": SHA256,
        "wheels/gone.whl": None,
    }


@pytest.mark.parametrize(
    "path", ["../a.whl", "/etc/passwd", "wheels/../../a.whl", "other/a.whl", "wheels/sub/a.whl"]
)
def test_a_lock_makes_nobody_read_what_its_spec_does_not_name(path: str) -> None:
    assert list_linked(linking("wheels/"), [path]) == ()


def source_spec(folder: Path) -> tuple[EnvSpec, Document]:
    document = parse(
        Source(name="pets.envc", text='environment pets\npip { source "libs/pets" }\n')
    )
    (folder / "libs/pets/src").mkdir(parents=True)
    (folder / "libs/pets/pyproject.toml").write_text("[project]\n")
    (folder / "libs/pets/src/pets.py").write_text("x = 1\n")
    return load(document), document


def test_a_sources_digest_is_that_of_its_content(tmp_path: Path) -> None:
    spec, document = source_spec(tmp_path)
    file = tmp_path / "libs/pets/src/pets.py"

    (first,) = read_sources(spec, document, tmp_path)
    (tmp_path / "libs/pets/.git").mkdir()
    (tmp_path / "libs/pets/.git/HEAD").write_text("x")
    (tmp_path / "libs/pets/src/__pycache__").mkdir()
    (tmp_path / "libs/pets/src/__pycache__/pets.pyc").write_text("x")
    os.utime(file, (1, 1))
    (same,) = read_sources(spec, document, tmp_path)
    file.chmod(0o755)
    (other,) = read_sources(spec, document, tmp_path)

    assert [one.path for one in first.files] == ["pyproject.toml", "src/pets.py"]
    assert first.sha256 == same.sha256
    assert first.sha256 != other.sha256
    assert digest_read_sources(read_inputs(spec, document, tmp_path)) == {"libs/pets": other.sha256}


def test_what_a_sources_own_gitignore_names_does_not_count(tmp_path: Path) -> None:
    spec, document = source_spec(tmp_path)
    (tmp_path / "libs/pets/.gitignore").write_text("# what builds leave\nbuild/\n*.tmp\n")
    (tmp_path / "libs/pets/build").mkdir()
    (tmp_path / "libs/pets/build/x").write_text("x")
    (tmp_path / "libs/pets/src/y.tmp").write_text("y")

    (source,) = read_sources(spec, document, tmp_path)

    paths = [one.path for one in source.files]
    assert paths == [".gitignore", "pyproject.toml", "src/pets.py"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "E155"),
        (lambda path: path.write_text("x"), "E156"),
        (lambda path: path.mkdir(), "E157"),
    ],
    ids=["missing", "a file", "empty"],
)
def test_a_source_that_is_no_folder_with_files_is_refused_where_it_is_named(
    make: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    document = parse(Source(name="pets.envc", text='environment pets\npip { source "pets" }\n'))
    spec = load(document)
    make(tmp_path / "pets")

    with pytest.raises(InputError) as caught:
        read_sources(spec, document, tmp_path)
    with pytest.raises(InputError) as again:
        read_inputs(spec, document, tmp_path)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.labels[0].span.text) == (code, '"pets"')
    assert again.value.diagnostics == caught.value.diagnostics
