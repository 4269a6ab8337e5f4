"""The output folder: exactly what was compiled, nothing of others lost, nothing touched in vain."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from envc.errors import EnvcError, InputError, UsageError
from envc.pipeline.output import (
    Changes,
    compare,
    compare_variants,
    depfile,
    manifest,
    write,
    write_variants,
)
from envc.plan.context import ContextFile


def folder_of(*files: ContextFile, **facts: str) -> list[ContextFile]:
    return [*files, manifest(facts, files)]


def file(path: str, text: str = "x", mode: int = 0o644) -> ContextFile:
    content = ContextFile.of(path, text.encode())
    return ContextFile(path=path, sha256=content.sha256, mode=mode, content=content.content)


def listing(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "image.json"
    }


def refusal(error: EnvcError) -> tuple[str, str]:
    [problem] = error.diagnostics
    return problem.code, problem.message


def test_a_compile_writes_its_files_and_their_digests(tmp_path: Path) -> None:
    files = folder_of(file("Dockerfile", "FROM x\n"), file("scripts/a", "a", 0o755), spec_id="s")

    changes = write(tmp_path / "out", files)

    assert changes == Changes(written=("Dockerfile", "image.json", "scripts/a"), removed=())
    assert listing(tmp_path / "out") == {"Dockerfile": "FROM x\n", "scripts/a": "a"}
    assert (tmp_path / "out" / "scripts" / "a").stat().st_mode & 0o777 == 0o755
    assert json.loads((tmp_path / "out" / "image.json").read_text()) == {
        "envc": 1,
        "spec_id": "s",
        "files": {"Dockerfile": files[0].sha256, "scripts/a": files[1].sha256},
    }


def test_a_second_compile_touches_nothing(tmp_path: Path) -> None:
    files = folder_of(file("Dockerfile"), file("scripts/a"))
    write(tmp_path, files)
    for path in tmp_path.rglob("*"):
        os.utime(path, (1, 1))

    changes = write(tmp_path, files)

    assert not changes
    assert {path.stat().st_mtime for path in tmp_path.rglob("*")} == {1.0}


def test_what_is_no_longer_needed_goes_with_its_empty_folder(tmp_path: Path) -> None:
    write(tmp_path, folder_of(file("Dockerfile"), file("a/b/c"), file("a/d")))

    changes = write(tmp_path, folder_of(file("Dockerfile"), file("a/d")))

    assert changes == Changes(written=("image.json",), removed=("a/b/c",))
    assert not (tmp_path / "a" / "b").exists()


def test_files_of_others_and_files_that_others_changed_stay(tmp_path: Path) -> None:
    write(tmp_path, folder_of(file("Dockerfile"), file("old")))
    (tmp_path / "old").write_text("mine now")
    (tmp_path / "notes").write_text("mine")

    changes = write(tmp_path, folder_of(file("Dockerfile")))

    assert changes == Changes(written=("image.json",), removed=())
    assert listing(tmp_path) == {"Dockerfile": "x", "notes": "mine", "old": "mine now"}


def test_an_edited_file_of_envc_is_written_again(tmp_path: Path) -> None:
    write(tmp_path, folder_of(file("Dockerfile")))
    (tmp_path / "Dockerfile").write_text("edited")

    changes = write(tmp_path, folder_of(file("Dockerfile")))

    assert changes == Changes(written=("Dockerfile",), removed=())


def test_links_are_written_and_replaced_as_links(tmp_path: Path) -> None:
    link = ContextFile(path="files/link", sha256="0" * 64, link="../x")
    write(tmp_path, folder_of(link))

    changes = write(tmp_path, folder_of(file("files/link")))

    assert changes.written == ("files/link", "image.json")
    assert listing(tmp_path) == {"files/link": "x"}


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")

    with pytest.raises(UsageError) as caught:
        write(tmp_path, folder_of(file("Dockerfile")))

    assert refusal(caught.value) == (
        "E550",
        f"`{tmp_path}` holds `thesis.tex`, and envc has not written this folder",
    )
    assert listing(tmp_path) == {"thesis.tex": "mine"}


def test_a_hand_written_dockerfile_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("mine")

    with pytest.raises(UsageError) as caught:
        write(tmp_path, folder_of(file("Dockerfile")))

    assert refusal(caught.value)[0] == "E551"
    assert listing(tmp_path) == {"Dockerfile": "mine"}


def test_a_write_that_was_interrupted_is_completed(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("x")

    changes = write(tmp_path, folder_of(file("Dockerfile"), file("a/b")))

    assert changes.written == ("a/b", "image.json")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "out", folder_of(file("Dockerfile")))
    (tmp_path / "out" / "scripts").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError) as caught:
        write(tmp_path / "out", folder_of(file("Dockerfile"), file("scripts/a")))

    assert refusal(caught.value)[0] == "E551"
    assert listing(tmp_path / "elsewhere") == {}


def test_a_folder_that_became_a_link_is_not_emptied(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    write(out, folder_of(file("Dockerfile"), file("scripts/a")))
    (out / "scripts").rename(other)
    (out / "scripts").symlink_to(other)

    changes = write(out, folder_of(file("Dockerfile")))

    assert changes == Changes(written=("image.json",), removed=())
    assert (other / "a").read_text() == "x"


def test_a_forged_list_cannot_remove_files_outside(tmp_path: Path) -> None:
    victim = file("victim")
    (tmp_path / "victim").write_text("x")
    out = tmp_path / "out"
    out.mkdir()
    forged = {"envc": 1, "files": {"../victim": victim.sha256}}
    (out / "image.json").write_text(json.dumps(forged, indent=2))

    write(out, folder_of(file("Dockerfile")))

    assert (tmp_path / "victim").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(UsageError) as caught:
        compare(tmp_path / "out", folder_of(file("Dockerfile")))

    assert refusal(caught.value) == ("E552", f"`{tmp_path}/out` is a file, not a folder")


def test_a_folder_that_cannot_be_made_is_a_tool_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EnvcError) as caught:
        write(tmp_path / "file" / "out", folder_of(file("Dockerfile")))

    assert (caught.value.exit_code, refusal(caught.value)[0]) == (3, "E553")


def test_a_source_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new")
    copied = ContextFile(path="a", sha256="0" * 64, origin_path=str(tmp_path / "a"))

    with pytest.raises(InputError) as caught:
        write(tmp_path / "out", folder_of(copied))

    assert refusal(caught.value)[0] == "E555"


def test_a_comparison_touches_nothing(tmp_path: Path) -> None:
    changes = compare(tmp_path / "out", folder_of(file("Dockerfile")))

    assert changes == Changes(written=("Dockerfile", "image.json"), removed=())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["plain", "a b", "a#b", "a$b", "a:b", "a%b", "a\\b", "a\\ b", "a\tb", "a[1]"]
)
def test_make_understands_every_name_in_a_depfile(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / name, tmp_path / "out $dir" / "image.json"
    target.parent.mkdir()
    source.touch()
    target.touch()
    os.utime(target, (100, 100))
    (tmp_path / "Makefile").write_text(depfile([target], [source]) + "\t@echo made again\n")

    def make(source_time: int) -> str:
        os.utime(source, (source_time, source_time))
        done = subprocess.run(["make", "-s"], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout + done.stderr

    assert (make(50), make(200)) == ("", "made again\n")


def test_a_depfile_is_sorted_and_names_each_file_once() -> None:
    text = depfile([Path("out/image.json")], [Path("b"), Path("a"), Path("b")])

    assert text == "out/image.json: a b\n"


def test_a_depfile_has_a_target_a_variant() -> None:
    text = depfile([Path("out/gpu/image.json"), Path("out/cpu/image.json")], [Path("a")])

    assert text == "out/cpu/image.json out/gpu/image.json: a\n"


def variant_of(name: str, text: str = "x", environment: str = "pets") -> list[ContextFile]:
    return folder_of(file("Dockerfile", text), environment=environment, variant=name)


def write_all(folder: Path, variants: dict[str, list[ContextFile]]) -> Changes:
    return write_variants(folder, "pets", variants, names=variants)


def test_each_variant_has_a_folder_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    variants = {"gpu": variant_of("gpu", "gpu"), "cpu": variant_of("cpu", "cpu")}

    first = write_all(out, variants)
    again = write_all(out, variants)

    written = ("cpu/Dockerfile", "cpu/image.json", "gpu/Dockerfile", "gpu/image.json")
    assert (first, again) == (Changes(written=written, removed=()), Changes(written=(), removed=()))
    assert listing(out) == {"cpu/Dockerfile": "cpu", "gpu/Dockerfile": "gpu"}


def test_a_variant_that_is_gone_is_removed(tmp_path: Path) -> None:
    both = {"gpu": variant_of("gpu"), "cpu": variant_of("cpu")}
    write_all(tmp_path, both)

    changes = write_all(tmp_path, {"gpu": both["gpu"]})

    assert changes == Changes(written=(), removed=("cpu/Dockerfile", "cpu/image.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gpu"]


def test_a_variant_that_is_not_asked_for_stays(tmp_path: Path) -> None:
    both = {"gpu": variant_of("gpu"), "cpu": variant_of("cpu")}
    write_all(tmp_path, both)

    changes = write_variants(tmp_path, "pets", {"gpu": both["gpu"]}, names=both)

    assert changes == Changes(written=(), removed=())
    assert listing(tmp_path) == {"cpu/Dockerfile": "x", "gpu/Dockerfile": "x"}


def test_what_somebody_added_to_a_variant_that_is_gone_stays(tmp_path: Path) -> None:
    both = {"gpu": variant_of("gpu"), "cpu": variant_of("cpu")}
    write_all(tmp_path, both)
    (tmp_path / "cpu" / "notes").write_text("mine")

    first = write_all(tmp_path, {"gpu": both["gpu"]})
    again = write_all(tmp_path, {"gpu": both["gpu"]})

    assert (first.removed, again) == (("cpu/Dockerfile",), Changes(written=(), removed=()))
    assert listing(tmp_path) == {"cpu/notes": "mine", "gpu/Dockerfile": "x"}


@pytest.mark.parametrize(
    "other",
    [
        folder_of(file("Dockerfile"), environment="pets"),
        folder_of(file("Dockerfile"), environment="cats", variant="other"),
        folder_of(file("Dockerfile"), environment="pets", variant="renamed"),
    ],
)
def test_another_compile_beside_the_variants_stays(
    tmp_path: Path, other: list[ContextFile]
) -> None:
    write(tmp_path / "other", other)

    changes = write_all(tmp_path, {"gpu": variant_of("gpu")})

    assert changes == Changes(written=("gpu/Dockerfile", "gpu/image.json"), removed=())
    assert sorted(listing(tmp_path)) == ["gpu/Dockerfile", "other/Dockerfile"]


def test_a_compile_without_variants_makes_room_for_them(tmp_path: Path) -> None:
    write(tmp_path, folder_of(file("Dockerfile"), file("scripts/a"), environment="pets"))

    changes = write_all(tmp_path, {"gpu": variant_of("gpu")})

    assert changes.removed == ("Dockerfile", "image.json", "scripts/a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gpu"]


def test_what_was_changed_by_hand_stays_beside_the_variants(tmp_path: Path) -> None:
    write(tmp_path, folder_of(file("Dockerfile"), file("scripts/a"), environment="pets"))
    (tmp_path / "Dockerfile").write_text("edited")

    changes = write_all(tmp_path, {"gpu": variant_of("gpu")})

    assert changes.removed == ("scripts/a",)
    assert listing(tmp_path) == {"Dockerfile": "edited", "gpu/Dockerfile": "x"}


def test_variants_are_compared_and_nothing_is_touched(tmp_path: Path) -> None:
    write_all(tmp_path, {"gpu": variant_of("gpu"), "cpu": variant_of("cpu")})
    before = listing(tmp_path)

    changes = compare_variants(tmp_path, "pets", {"gpu": variant_of("gpu", "new")}, names=["gpu"])

    assert changes == Changes(
        written=("gpu/Dockerfile", "gpu/image.json"), removed=("cpu/Dockerfile", "cpu/image.json")
    )
    assert listing(tmp_path) == before


def test_a_folder_of_somebody_else_gets_no_variants(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(UsageError) as caught:
        write_all(tmp_path, {"gpu": variant_of("gpu")})

    assert refusal(caught.value) == (
        "E550",
        f"`{tmp_path}` holds `thesis.tex`, and envc has not written this folder",
    )
    assert listing(tmp_path) == {"thesis.tex": "years of work"}


def test_a_variant_is_not_written_where_somebody_has_a_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "gpu").mkdir()
    (tmp_path / "gpu" / "notes").write_text("mine")

    with pytest.raises(UsageError) as caught:
        write_all(tmp_path, {"cpu": variant_of("cpu"), "gpu": variant_of("gpu")})

    assert refusal(caught.value)[0] == "E550"
    assert listing(tmp_path) == {"gpu/notes": "mine"}


def test_variants_are_not_written_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(UsageError) as caught:
        write_all(tmp_path / "out", {"gpu": variant_of("gpu")})

    assert refusal(caught.value) == ("E552", f"`{tmp_path}/out` is a file, not a folder")


def test_a_damaged_description_of_a_variant_is_written_again(tmp_path: Path) -> None:
    variants = {"gpu": variant_of("gpu")}
    write_all(tmp_path, variants)
    image = tmp_path / "gpu" / "image.json"
    image.write_text('{\n  "envc": ')

    assert write_all(tmp_path, variants).written == ("gpu/image.json",)
