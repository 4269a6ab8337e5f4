"""Files: what is read is whole, what is written is whole, and what did not change is left alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from envc.errors import InputError
from envc.files import TreeFile, read_part, read_source, read_tree, write_if_changed


def refusal(path: Path) -> tuple[str, str, str]:
    with pytest.raises(InputError) as caught:
        read_source(path)
    [problem] = caught.value.diagnostics
    return problem.code, problem.message, problem.hint


def test_a_source_keeps_its_line_ends_and_loses_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "pets.envc"
    path.write_bytes(b"\xef\xbb\xbfenvironment pets\r\n")

    source = read_source(path)

    assert (source.name, source.text) == (str(path), "environment pets\r\n")


def test_a_missing_file_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "pets.envc").touch()

    assert refusal(tmp_path / "pet.envc") == (
        "E150",
        f"there is no file `{tmp_path}/pet.envc`",
        f"did you mean `{tmp_path}/pets.envc`?",
    )
    assert refusal(tmp_path / "pets")[2] == f"did you mean `{tmp_path}/pets.envc`?"
    assert refusal(tmp_path / "no" / "pets")[2] == (
        f"there is no folder `{tmp_path}/no` either: check the path"
    )


def test_what_only_ends_alike_was_not_meant(tmp_path: Path) -> None:
    (tmp_path / "20.envc").touch()

    assert refusal(tmp_path / "base.envc")[2] == "check the path"


def test_a_path_through_a_file_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert refusal(tmp_path / "file" / "pets.envc")[0] == "E150"


def test_a_folder_is_no_source_but_may_hold_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "pets.envc").touch()

    assert refusal(tmp_path) == (
        "E151",
        f"`{tmp_path}` is a folder, not a file",
        f"did you mean `{tmp_path}/pets.envc`?",
    )


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.envc"
    path.symlink_to(path)

    code, message, _ = refusal(path)

    assert (code, message) == (
        "E152",
        f"`{path}` cannot be read: too many levels of symbolic links",
    )


def test_bytes_that_are_not_utf8_are_shown_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "pets.envc"
    path.write_bytes("environment p\nx = ä\xff".encode("latin-1"))

    with pytest.raises(InputError) as caught:
        read_source(path)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.hint) == ("E153", "save it as UTF-8")
    assert str(problem.labels[0].span) == f"{path}:2:5"


def test_utf16_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "pets.envc"
    path.write_bytes("environment pets".encode("utf-16"))

    assert refusal(path)[2] == "it looks like UTF-16: save it as UTF-8"


def test_a_tree_has_files_and_links_with_the_modes_that_matter(tmp_path: Path) -> None:
    source = tmp_path / "src"
    (source / "pets").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "pets" / "a.py").write_text("a")
    (source / "run").write_text("r")
    (source / "run").chmod(0o700)
    (source / "link").symlink_to("pets/a.py")

    is_folder, files = read_tree(tmp_path, "src/")

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    assert is_folder
    assert files == (
        TreeFile(
            path="link",
            file=source / "link",
            sha256=digest("pets/a.py"),
            mode=0o644,
            link="pets/a.py",
        ),
        TreeFile(path="pets/a.py", file=source / "pets/a.py", sha256=digest("a"), mode=0o644),
        TreeFile(path="run", file=source / "run", sha256=digest("r"), mode=0o755),
    )


def test_a_single_file_is_a_tree_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("x")
    (tmp_path / "name.txt").symlink_to("real.txt")

    is_folder, [file] = read_tree(tmp_path, "name.txt")

    assert (is_folder, file.path, file.link) == (False, "name.txt", None)


def test_a_tree_leaves_out_what_tools_put_there(tmp_path: Path) -> None:
    for name in (
        ".git/HEAD",
        "pets/__pycache__/a.pyc",
        "out/Dockerfile",
        "pets/a.py",
        "x/image.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "out" / "image.json").write_text('{\n  "envc": 1\n}\n')

    _, files = read_tree(tmp_path, ".")

    assert [file.path for file in files] == ["pets/a.py", "x/image.json"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*.pyc"], ["pets/a.py", "pets/tests/b.py", "tests/c.py"]),
        (["tests/"], ["a.pyc", "pets/a.py", "pets/a.pyc"]),
        (["/tests/"], ["a.pyc", "pets/a.py", "pets/a.pyc", "pets/tests/b.py"]),
        (["pets/**/*.py"], ["a.pyc", "pets/a.pyc", "tests/c.py"]),
        (["pets/*", "a.py[co]"], ["tests/c.py"]),
        (["*"], []),
        (["tests"], ["a.pyc", "pets/a.py", "pets/a.pyc"]),
        (["/pets/a.py/"], ["a.pyc", "pets/a.py", "pets/a.pyc", "pets/tests/b.py", "tests/c.py"]),
    ],
)
def test_a_tree_leaves_out_what_git_would_ignore(
    tmp_path: Path, patterns: list[str], expected: list[str]
) -> None:
    for name in ("a.pyc", "pets/a.py", "pets/a.pyc", "pets/tests/b.py", "tests/c.py"):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_text("x")

    _, files = read_tree(tmp_path, "src", patterns)

    assert [file.path for file in files] == expected


def test_what_is_ignored_is_not_even_read(tmp_path: Path) -> None:
    (tmp_path / "src" / "sockets").mkdir(parents=True)
    os.mkfifo(tmp_path / "src" / "sockets" / "pipe")
    (tmp_path / "src" / "a.py").write_text("x")

    _, files = read_tree(tmp_path, "src", ["sockets/"])

    assert [file.path for file in files] == ["a.py"]


def test_a_tree_refuses_what_no_image_can_hold(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ValueError, match="`pipe` is neither a file, nor a folder, nor a link"):
        read_tree(tmp_path, ".")


def test_a_tree_refuses_names_that_are_not_utf8(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff", "wb"):  # noqa: PTH123
        pass

    with pytest.raises(ValueError, match="is not UTF-8"):
        read_tree(tmp_path, ".")


def test_an_unchanged_file_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    assert write_if_changed(path, b"x")
    os.utime(path, (1, 1))

    is_changed = write_if_changed(path, b"x")

    assert (is_changed, path.stat().st_mtime) == (False, 1)


def test_a_file_that_is_written_again_keeps_who_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "pets.lock"
    path.write_text("old")
    path.chmod(0o600)

    assert write_if_changed(path, b"new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_another_mode_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_if_changed(path, b"x")

    assert write_if_changed(path, b"x", mode=0o755)
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_if_changed(path, b"old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="No space left"):
        write_if_changed(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_never_ends_is_no_part_of_a_spec(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero")
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)

    with pytest.raises(InputError) as caught:
        read_part(path)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "E152",
        f"`{path}` cannot be read: it is a device or a pipe",
    )
