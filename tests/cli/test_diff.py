"""`envc diff`: specs, locks, Git revisions and images compared, and what is told of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envc.lock.codec import dumps
from envc.lock.model import Lock, LockFile
from support.registry import FakeRegistry
from support.workspace import SPEC, EnvcMain, lock_of

GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def git(*words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        [*GIT, *words], cwd=folder, capture_output=True, text=True, check=True, env=_ENVIRONMENT
    )
    return done.stdout.strip()


_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def bumped(lock: Lock, version: str = "1.17.1", size: int | None = None) -> Lock:
    """Return a lock with another `six`."""
    platforms = {
        name: one.model_copy(
            update={
                "pip": tuple(
                    package.model_copy(
                        update={
                            "version": version,
                            "url": (package.url or "").replace("1.17.0", version),
                            "sha256": "d" * 64,
                            "size": size,
                        }
                    )
                    for package in one.pip
                )
            }
        )
        for name, one in lock.platforms.items()
    }
    return lock.model_copy(update={"platforms": platforms})


def sized(lock: Lock, size: int) -> Lock:
    return bumped(lock, "1.17.0", size)


@pytest.fixture
def other(folder: Path) -> Path:
    """A changed copy of the working folder's spec: `other/pets.envc`, with a lock of its own."""
    copy = folder / "other"
    (copy / "src").mkdir(parents=True)
    (copy / "src" / "a.py").write_text("b\n")
    (copy / "pets.envc").write_text(SPEC + 'variables { A = "1" }\nrun "true"\n')
    (copy / "pets.lock").write_text(dumps(bumped(lock_of(SPEC), size=15_000_000)))
    (folder / "pets.lock").write_text(dumps(sized(lock_of(SPEC), 11_000_000)))
    return copy


@pytest.fixture
def repository(folder: Path) -> Path:
    """The working folder as a Git repository, whose first commit has the tag `first`."""
    git("init", "-q", "-b", "main")
    git("add", "pets.envc", "pets.lock", "src")
    git("commit", "-q", "-m", "first")
    git("tag", "first")
    return folder


def bump(folder: Path) -> None:
    """Change the lock of the working folder."""
    (folder / "pets.lock").write_text(dumps(bumped(lock_of(SPEC))))


def squeeze(text: str) -> list[str]:
    """Return the lines of a text without what aligns their columns."""
    return [re.sub(r" {2,}", "  ", line.strip()) for line in text.splitlines()]


def ids(envc: EnvcMain, spec: str) -> str:
    return envc("hash", spec).out.split()[1].removeprefix("sha256:")[:12]


def test_a_spec_is_the_same_as_itself(envc: EnvcMain) -> None:
    ran = envc("diff", "pets.envc", "pets.envc", "--exit-code")

    assert (ran.code, ran.err) == (0, "")
    assert squeeze(ran.out) == [
        "pets.envc -> pets.envc",
        "",
        f"linux/amd64  same  {ids(envc, 'pets.envc')}",
    ]


def test_all_that_differs_is_told_with_its_place(envc: EnvcMain, other: Path) -> None:
    del other
    old, new = ids(envc, "pets.envc"), ids(envc, "other/pets.envc")

    ran = envc("diff", "pets.envc", "other/pets.envc")

    assert (ran.code, ran.err) == (0, "")
    assert squeeze(ran.out) == [
        "pets.envc -> other/pets.envc",
        "",
        f"linux/amd64  changed  {old} -> {new}  4 of 6 layers new, about 15 MB to pull, "
        "not counting 2 steps",
        "",
        "packages:",
        "up  pip  six  1.17.0 -> 1.17.1  +4.0 MB  other/pets.envc:5",
        "",
        "other parts:",
        "changed  steps 1 app/a.py  644 87428fc52280 -> 644 0263829989b6  other/src/a.py",
        "added  steps 2  run true  other/pets.envc:8",
        "added  config variables A  1  other/pets.envc:7",
        "",
        "layers:",
        "rebuilt  pip-six  1 package  15 MB",
        "rebuilt  environment",
        "rebuilt  step 1  ?",
        "rebuilt  step 2  ?",
        "2 reused",
        "(sizes are estimates: those of packages as they are fetched)",
    ]


def test_the_exit_code_tells_a_difference_where_asked(envc: EnvcMain, other: Path) -> None:
    del other

    assert envc("diff", "pets.envc", "other/pets.envc", "--exit-code").code == 4
    assert envc("diff", "pets.envc", "other/pets.envc", "--exit-code", "--json").code == 4
    assert envc("diff", "pets.envc", "other/pets.envc").code == 0


def test_json_has_whole_ids_leaves_packages_and_layers(envc: EnvcMain, other: Path) -> None:
    del other
    old, new = (
        json.loads(envc("hash", spec, "--json").out) for spec in ("pets.envc", "other/pets.envc")
    )

    answer = json.loads(envc("diff", "pets.envc", "other/pets.envc", "--json").out)

    [platform] = answer.pop("platforms")
    assert answer == {
        "ok": True,
        "old": "pets.envc",
        "new": "other/pets.envc",
        "same": False,
        "old_spec_id": old["spec_id"],
        "new_spec_id": new["spec_id"],
        "assumed_layers": None,
        "diagnostics": [],
    }
    assert platform["old_env_id"] == old["env_ids"]["linux/amd64"]
    assert platform["new_env_id"] == new["env_ids"]["linux/amd64"]
    assert [(leaf["path"], leaf["move"]) for leaf in platform["leaves"]] == [
        (["layers", "pip-six", "six"], "changed"),
        (["steps", "1", "app/a.py"], "changed"),
        (["steps", "2"], "added"),
        (["config", "variables", "A"], "added"),
    ]
    assert platform["leaves"][0]["new"]["places"] == [
        {"origin": "spec", "file": "other/pets.envc", "line": 5, "column": 7, "via": None},
        {"origin": "lock", "file": "other/pets.lock", "line": 21, "column": 9, "via": None},
    ]
    assert [change["move"] for change in platform["packages"]] == ["up"]
    assert platform["layers"][2] == {
        "name": "pip-six",
        "state": "rebuilt",
        "packages": 1,
        "size_bytes": 15_000_000,
    }
    assert (platform["pull_size_bytes"], platform["pull_unknown"]) == (
        15_000_000,
        ["step 1", "step 2"],
    )


def test_markdown_is_for_a_pull_request(envc: EnvcMain, other: Path) -> None:
    (other / "pets.envc").write_text(SPEC + 'variables { A = "x|`y`<b>" }\n')

    ran = envc("diff", "pets.envc", "other/pets.envc", "--markdown")

    lines = ran.out.splitlines()
    assert lines[0] == "### Environment: `pets.envc` → `other/pets.envc`"
    assert "| up | pip `six` | `1.17.0` → `1.17.1` | +4.0 MB | `other/pets.envc:5` |  |" in lines
    assert "| added | `config variables A` | `` x\\|`y`<b> `` | `other/pets.envc:7` |  |" in lines
    tables = [line for line in lines if line.startswith("|")]
    assert {line[-1] for line in tables} == {"|"}
    assert "<details><summary>Layers</summary>" in lines


def test_what_is_in_no_image_leaves_the_ids_alone(envc: EnvcMain, other: Path) -> None:
    (other / "src" / "a.py").write_text("a\n")
    (other / "pets.envc").write_text(SPEC + "runtime { shm 2g }\n")
    (other / "pets.lock").write_text(dumps(sized(lock_of(SPEC), 1)))

    ran = envc("diff", "pets.envc", "other/pets.envc", "--exit-code")

    assert ran.code == 0
    assert squeeze(ran.out)[2].startswith("linux/amd64  same  ")
    assert ran.out.endswith("\nthe specs differ, in nothing that is in an image\n")


def test_locks_are_compared_without_their_specs(envc: EnvcMain, other: Path) -> None:
    (other / "pets.envc").unlink()

    ran = envc("diff", "pets.lock", "other/pets.lock", "--exit-code")

    assert ran.code == 4
    assert squeeze(ran.out)[2:6] == [
        "linux/amd64  changed  2 of 4 layers new, about 15 MB to pull",
        "",
        "packages:",
        "up  pip  six  1.17.0 -> 1.17.1  +4.0 MB  other/pets.lock:21",
    ]


def test_what_a_lock_does_not_say_of_layers_is_told(envc: EnvcMain, other: Path) -> None:
    told = "a lock does not say how many layers there may be: 10 are assumed"
    words = ("diff", "pets.lock", "other/pets.lock")

    text = envc(*words).out
    markdown = envc(*words, "--markdown").out
    data = json.loads(envc(*words, "--json").out)
    of_specs = [envc("diff", "pets.envc", "other/pets.envc", *more) for more in ((), ("--json",))]

    assert f"\n  ({told})\n" in text
    assert f"\nA{told[1:]}.\n" in markdown
    assert data["assumed_layers"] == 10
    assert "assumed" not in of_specs[0].out
    assert json.loads(of_specs[1].out)["assumed_layers"] is None


def test_a_spec_is_compared_with_a_lock_by_its_own(envc: EnvcMain, other: Path) -> None:
    (other / "pets.lock").write_text((other.parent / "pets.lock").read_text())

    ran = envc("diff", "other/pets.envc", "pets.lock")

    assert squeeze(ran.out)[2:] == ["linux/amd64  same"]


def test_another_base_and_tools_are_parts_of_it(envc: EnvcMain, other: Path) -> None:
    digest = "sha256:" + "e" * 64
    text = (other.parent / "pets.lock").read_text().replace("sha256:" + "a" * 64, digest, 1)
    (other / "pets.lock").write_text(text)

    ran = envc("diff", "pets.lock", "other/pets.lock")

    image = "python:3.12-slim-bookworm"
    assert squeeze(ran.out)[4:6] == [
        "other parts:",
        f"changed  base  {image}@aaaaaaaaaaaa -> {image}@eeeeeeeeeeee  other/pets.lock:15",
    ]


TWO = SPEC.replace("python 3.12", "platforms linux/amd64, linux/arm64\npython 3.12")


@pytest.fixture
def two(folder: Path) -> Path:
    """A spec of two platforms and a changed copy: `two/pets.envc`, of which one is another."""
    lock = lock_of(TWO)
    one_moved = {**lock.platforms, "linux/arm64": bumped(lock).platforms["linux/arm64"]}
    for name, own in (("two", lock), ("three", lock.model_copy(update={"platforms": one_moved}))):
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "src" / "a.py").write_text("a\n")
        (folder / name / "pets.envc").write_text(TWO)
        (folder / name / "pets.lock").write_text(dumps(own))
    return folder


def test_only_platforms_that_changed_are_told_of(envc: EnvcMain, two: Path) -> None:
    del two

    lines = squeeze(envc("diff", "two/pets.envc", "three/pets.envc").out)

    assert [line.split("  ")[:2] for line in lines[2:4]] == [
        ["linux/amd64", "same"],
        ["linux/arm64", "changed"],
    ]
    assert lines[6] == "up  pip  six  1.17.0 -> 1.17.1  three/pets.envc:6"


def test_what_changed_on_some_platforms_only_says_so(envc: EnvcMain, two: Path) -> None:
    text = (two / "three" / "pets.envc").read_text() + 'variables { A = "1" }\n'
    (two / "three" / "pets.envc").write_text(text)

    lines = squeeze(envc("diff", "two/pets.envc", "three/pets.envc").out)

    assert "up  pip  six  1.17.0 -> 1.17.1  three/pets.envc:6  only linux/arm64" in lines
    assert "added  config variables A  1  three/pets.envc:8" in lines


def test_platforms_that_come_and_go_are_told(envc: EnvcMain, two: Path) -> None:
    del two

    came = squeeze(envc("diff", "pets.envc", "two/pets.envc").out)
    gone = squeeze(envc("diff", "two/pets.envc", "pets.envc").out)

    assert re.fullmatch(
        r"linux/arm64  added  \w{12}  5 of 5 layers new, "
        "the base, pip-1 and 1 step to pull, of unknown size",
        came[3],
    )
    assert re.fullmatch(r"linux/arm64  removed  \w{12}", gone[3])


MATRIX = (
    SPEC + 'param a = "1"\nvariables { A = "${{ a }}" }\nmatrix {\n    x {}\n    y { a = "2" }\n}\n'
)


def test_markdown_has_no_table_with_nothing_in_it(envc: EnvcMain, two: Path) -> None:
    del two

    ran = envc("diff", "pets.envc", "two/pets.envc", "--markdown")

    assert "| `linux/arm64` | added |" in ran.out
    assert "Layers" not in ran.out


def test_variants_are_compared_by_their_names(envc: EnvcMain, folder: Path) -> None:
    lock = lock_of(SPEC)
    (folder / "zoo.envc").write_text(MATRIX)
    (folder / "zoo.lock").write_text(dumps(LockFile(variants={"x": lock, "y": lock})))
    (folder / "zoo2.envc").write_text(MATRIX.replace('"2"', '"3"'))
    (folder / "zoo2.lock").write_text((folder / "zoo.lock").read_text())

    both = squeeze(envc("diff", "zoo.envc", "zoo2.envc").out)
    one = envc("diff", "zoo.envc", "zoo2.envc", "--variant", "x", "--exit-code")
    none = envc("diff", "zoo.envc", "zoo2.envc", "--variant", "z")

    assert [line.split("  ")[:2] for line in both[2:4]] == [
        ["x linux/amd64", "same"],
        ["y linux/amd64", "changed"],
    ]
    assert "changed  config variables A  2 -> 3  zoo2.envc:8" in both
    assert (one.code, len(squeeze(one.out))) == (0, 3)
    assert (none.code, "E007" in none.err) == (2, True)


def test_parameters_are_those_of_both_sides(envc: EnvcMain, folder: Path) -> None:
    text = SPEC + 'param a = "1"\nvariables { A = "${{ a }}" }\n'
    (folder / "zoo.envc").write_text(text)
    (folder / "zoo2.envc").write_text(text.replace('"1"', '"2"'))
    for name in ("zoo.lock", "zoo2.lock"):
        (folder / name).write_text(dumps(lock_of(SPEC)))

    assert envc("diff", "zoo.envc", "zoo2.envc", "--exit-code").code == 4
    assert envc("diff", "zoo.envc", "zoo2.envc", "--exit-code", "--set", "a=3").code == 0


def test_many_files_of_a_step_are_abridged_for_readers_only(envc: EnvcMain, folder: Path) -> None:
    lock = dumps(lock_of(SPEC))
    for name in ("many", "few"):
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "pets.envc").write_text(SPEC)
        (folder / name / "pets.lock").write_text(lock)
    for number in range(50):
        (folder / "many" / "src" / f"{number:02}.py").write_text("a\n")
    (folder / "few" / "src" / "00.py").write_text("a\n")

    lines = squeeze(envc("diff", "few/pets.envc", "many/pets.envc").out)
    answer = json.loads(envc("diff", "few/pets.envc", "many/pets.envc", "--json").out)

    assert len([line for line in lines if line.startswith("added  steps 1 app/")]) == 20
    assert "changed  steps 1 and 29 more" in lines
    assert len(answer["platforms"][0]["leaves"]) == 49


def test_a_spec_alone_is_compared_with_the_last_commit(envc: EnvcMain, repository: Path) -> None:
    bump(repository)

    ran = envc("diff", "pets.envc", "--exit-code")

    assert (ran.code, ran.err) == (4, "")
    assert squeeze(ran.out)[0] == "HEAD:pets.envc -> pets.envc"
    assert "up  pip  six  1.17.0 -> 1.17.1  pets.envc:5" in squeeze(ran.out)


def test_revisions_are_named_as_git_has_them(envc: EnvcMain, repository: Path) -> None:
    bump(repository)
    git("commit", "-q", "-a", "-m", "second")
    git("checkout", "-q", "-b", "side", "first")
    (repository / "pets.envc").write_text(SPEC + 'workdir "/srv"\n')
    git("commit", "-q", "-a", "-m", "third")
    first = git("rev-parse", "first")[:12]
    words = (
        ("first..main", "pets.envc"),
        ("main..", "pets.envc"),
        ("..main", "pets.envc"),
        ("main...side", "pets.envc"),
        ("first", "main", "pets.envc"),
        ("main", "pets.envc"),
        ("first", "--", "pets.envc"),
        ("main:pets.envc", "pets.envc"),
        ("first:pets.lock", "main:pets.lock"),
        ("main~1:./pets.envc", "side:pets.envc"),
    )

    told = {one: squeeze(envc("diff", *one).out) for one in words}

    assert [(lines[0], lines[2].split("  ")[1]) for lines in told.values()] == [
        ("first:pets.envc -> main:pets.envc", "changed"),
        ("main:pets.envc -> HEAD:pets.envc", "changed"),
        ("HEAD:pets.envc -> main:pets.envc", "changed"),
        (f"{first}:pets.envc -> side:pets.envc", "changed"),
        ("first:pets.envc -> main:pets.envc", "changed"),
        ("main:pets.envc -> pets.envc", "changed"),
        ("first:pets.envc -> pets.envc", "changed"),
        ("main:pets.envc -> pets.envc", "changed"),
        ("first:pets.lock -> main:pets.lock", "changed"),
        ("main~1:pets.envc -> side:pets.envc", "changed"),
    ]
    assert (
        "changed  config workdir  /home/envc -> /srv  side:pets.envc:7"
        in told["main...side", "pets.envc"]
    )


def test_a_revision_has_the_files_that_its_spec_copies_and_includes(
    envc: EnvcMain, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    envs = repository / "deep" / "envs ünïcode"
    (envs / "src" / "x\ty").mkdir(parents=True)
    (envs / "src" / "x\ty" / "ä.py").write_text("a\n")
    script = envs / "src" / "run.sh"
    script.write_text("echo\n")
    script.chmod(0o755)
    (envs / "src" / "link").symlink_to("run.sh")
    (envs / "base.yaml").write_text('base: {image: "python:3.12-slim-bookworm"}\npython: 3.12\n')
    (envs / "pets.envc").write_text(
        'environment pets\nextends "base.yaml"\npip { six ==1.17.* }\ncopy "src/" to "/app"\n'
    )
    (envs / "pets.lock").write_text(dumps(lock_of(SPEC)))
    (repository / ".gitattributes").write_text("*.py export-ignore\n*.sh text eol=lf\n")
    git("add", "deep", ".gitattributes")
    git("commit", "-q", "-m", "second")
    monkeypatch.chdir(envs)
    expected = ids(envc, "pets.envc")
    (envs / "base.yaml").write_text('base: {image: "python:3.12-slim-bookworm"}\npython: 3.13\n')
    (envs / "src" / "run.sh").unlink()

    same = squeeze(envc("diff", "HEAD", "HEAD", "pets.envc").out)

    assert same == [
        "HEAD:deep/envs ünïcode/pets.envc -> HEAD:deep/envs ünïcode/pets.envc",
        "",
        f"linux/amd64  same  {expected}",
    ]


def test_a_problem_of_a_revision_is_told_in_its_own_words(envc: EnvcMain, repository: Path) -> None:
    (repository / "pets.envc").write_text(SPEC.replace("1.17", "1.16"))
    git("commit", "-q", "-a", "-m", "a spec that its lock does not know")

    ran = envc("diff", "first", "HEAD", "pets.envc")

    assert ran.code == 1
    assert "--> HEAD:pets.envc:5:7" in ran.err
    assert "/tmp" not in ran.err


def test_comparing_leaves_the_repository_alone(envc: EnvcMain, repository: Path) -> None:
    bump(repository)
    (repository / "src" / "a.py").write_text("z\n")
    git("add", "src")
    before = git("status", "--porcelain"), git("stash", "list"), git("rev-parse", "HEAD")
    index = (repository / ".git" / "index").read_bytes()

    envc("diff", "HEAD..first", "pets.envc")

    assert (repository / ".git" / "index").read_bytes() == index
    assert (git("status", "--porcelain"), git("stash", "list"), git("rev-parse", "HEAD")) == before


def test_a_hooks_index_is_not_the_one_that_is_used(
    envc: EnvcMain, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = repository / ".git" / "index"
    content = index.read_bytes()
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))

    assert envc("diff", "first..HEAD", "pets.envc").code == 0
    assert index.read_bytes() == content


def test_a_spec_that_is_gone_can_be_compared_in_revisions(envc: EnvcMain, repository: Path) -> None:
    git("rm", "-q", "-r", "pets.envc", "pets.lock", "src")
    git("commit", "-q", "-m", "gone")

    ran = envc("diff", "first..first", "pets.envc")
    missing = envc("diff", "first..HEAD", "pets.envc")

    assert ran.code == 0
    assert (missing.code, "E723" in missing.err) == (1, True)
    assert repository.exists()


def test_a_revision_with_a_submodule_warns(envc: EnvcMain, repository: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},src/data")
    git("commit", "-q", "-m", "second")

    ran = envc("diff", "first..HEAD", "pets.envc", "--json")

    answer = json.loads(ran.out)
    assert [(one["code"], "`src/data`" in one["message"]) for one in answer["diagnostics"]] == [
        ("W720", True)
    ]
    assert repository.exists()


@pytest.mark.parametrize(
    ("words", "exit_code", "code", "said"),
    [
        (("nope..main", "pets.envc"), 2, "E722", "no revision `nope`"),
        (("mian", "first", "pets.envc"), 2, "E722", "did you mean `main`?"),
        (("--", "--help..main", "pets.envc"), 2, "E722", "no revision `--help`"),
        (("first:nope.envc", "pets.envc"), 1, "E723", "no file `nope.envc`"),
        (("first:x/pets.envc", "pets.envc"), 1, "E723", "did you mean `first:pets.envc`?"),
        (("first..main", "/elsewhere/pets.envc"), 2, "E721", "belongs to no Git repository"),
        (("nope", "pets.envc"), 2, "E724", "`nope` is no file, and no revision either"),
        (("a b:1", "pets.envc"), 2, "E724", "it is no image's name"),
        (("pets.envc", "cats.envc"), 1, "E150", "cats.envc"),
        (("pets.lock", "x/pets:1"), 2, "E725", "not with a lock"),
        (("first..main",), 2, "E001", "there is nothing to compare `first..main` with"),
        (("a", "b", "c", "d"), 2, "E001", "more are named"),
        (("pets.envc", "pets.envc", "--json", "--markdown"), 2, "E001", "`--json`"),
    ],
)
def test_what_names_nothing_is_told(
    envc: EnvcMain,
    repository: Path,
    words: tuple[str, ...],
    exit_code: int,
    code: str,
    said: str,
) -> None:
    assert repository.exists()

    ran = envc("diff", *words)

    assert (ran.code, f"[{code}]" in ran.err, said in ran.err) == (exit_code, True, True), ran.err


def test_revisions_without_a_common_commit_have_no_base(envc: EnvcMain, repository: Path) -> None:
    git("checkout", "-q", "--orphan", "lone")
    git("commit", "-q", "-m", "alone")

    ran = envc("diff", "main...lone", "pets.envc")

    assert (ran.code, "E722" in ran.err) == (2, True)
    assert repository.exists()


def test_without_git_revisions_are_refused_and_files_are_not(
    envc: EnvcMain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))

    refused = envc("diff", "pets.envc")

    assert (refused.code, "E720" in refused.err) == (3, True)
    assert envc("diff", "pets.envc", "pets.envc").code == 0


def test_a_damaged_repository_is_told_as_git_tells_it(envc: EnvcMain, repository: Path) -> None:
    commit = git("rev-parse", "HEAD:src")
    (repository / ".git" / "objects" / commit[:2] / commit[2:]).unlink()

    ran = envc("diff", "pets.envc")

    assert (ran.code, "E720" in ran.err) == (3, True)
    assert "note: " in ran.err


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as opened:
        yield opened


def add(registry: FakeRegistry, tag: str, env_id: str | None, **more: Any) -> str:
    labels = {"dev.envc.env-id": env_id, "dev.envc.contract": "2"} if env_id is not None else {}
    registry.add_image("pets", tag, labels=labels, **more)
    return f"{registry.host}/pets:{tag}"


def test_an_image_of_a_registry_is_compared_by_its_label(
    envc: EnvcMain, registry: FakeRegistry
) -> None:
    env_id = envc("hash", "pets.envc").out.split()[1]
    same = add(registry, "same", env_id)
    stale = add(registry, "stale", "sha256:" + "1" * 64, variables=["VIRTUAL_ENV=/opt/other"])
    foreign = add(registry, "foreign", None)

    told = {one: envc("diff", one, "pets.envc", "--exit-code") for one in (same, stale, foreign)}

    short = env_id.removeprefix("sha256:")[:12]
    assert [ran.code for ran in told.values()] == [0, 4, 4]
    assert squeeze(told[same].out)[2] == f"linux/amd64  same  {short}"
    assert squeeze(told[stale].out)[2:6] == [
        f"linux/amd64  changed  111111111111 -> {short}",
        "",
        "settings:",
        "added  command  python",
    ]
    assert "changed  variables VIRTUAL_ENV  /opt/other -> /opt/env" in squeeze(told[stale].out)
    assert squeeze(told[foreign].out)[2] == f"linux/amd64  changed  no env id -> {short}"


def test_a_spec_is_compared_with_an_image_too(envc: EnvcMain, registry: FakeRegistry) -> None:
    stale = add(registry, "stale", "sha256:" + "1" * 64, variables=["VIRTUAL_ENV=/opt/other"])

    answer = json.loads(envc("diff", "pets.envc", stale, "--json").out)

    [image] = answer["images"]
    assert (answer["old"], answer["new"], answer["same"]) == ("pets.envc", stale, False)
    assert image["new_env_id"] == "sha256:" + "1" * 64
    assert {"name": "variables VIRTUAL_ENV", "old": "/opt/env", "new": "/opt/other"} in image[
        "settings"
    ]


def test_two_images_are_compared_by_settings_and_layers(
    envc: EnvcMain, registry: FakeRegistry
) -> None:
    old = add(
        registry, "old", "sha256:" + "1" * 64, variables=["A=1"], layers={"x": 10, "y": 20_000}
    )
    new = add(
        registry, "new", "sha256:" + "2" * 64, variables=["A=2"], layers={"x": 10, "z": 30_000}
    )

    ran = envc("diff", old, new)
    markdown = envc("diff", old, new, "--markdown").out.splitlines()

    assert squeeze(ran.out)[2:] == [
        "linux/amd64  changed  111111111111 -> 222222222222  1 of 2 layers new, about 30 kB to pull",
        "",
        "settings:",
        "changed  variables A  1 -> 2",
        "",
        "layers:",
        "rebuilt  2 COPY z  30 kB",
        "dropped  2 COPY y  20 kB",
    ]
    assert "| `variables A` | `1` → `2` |" in markdown
    assert "| rebuilt | `2 COPY z` | 30 kB |" in markdown


def test_an_image_of_other_platforms_is_refused(envc: EnvcMain, registry: FakeRegistry) -> None:
    digest = registry.add_image("pets", None, platform="linux/arm64")
    registry.add_index("pets", "arm", {"linux/arm64": digest, "unknown/unknown": digest})

    ran = envc("diff", f"{registry.host}/pets:arm", "pets.envc")

    assert (ran.code, "E725" in ran.err) == (1, True)
    assert f"`{registry.host}/pets:arm` is for linux/arm64" in ran.err


def test_an_image_that_no_registry_has_is_told(envc: EnvcMain, registry: FakeRegistry) -> None:
    ran = envc("diff", f"{registry.host}/pets:nope", "pets.envc")

    assert (ran.code, "E370" in ran.err) == (1, True)


def test_registered_versions_are_sides(envc: EnvcMain, folder: Path) -> None:
    envc("env", "register", "pets.envc", "--label", "prod")
    bump(folder)
    envc("env", "register", "pets.envc")

    by_number = envc("diff", "pets@1", "pets@2")
    by_label = envc("diff", "pets:prod", "pets.envc", "--exit-code")
    missing = envc("diff", "pets@7", "pets.envc")

    lines = squeeze(by_number.out)
    assert lines[0] == "pets@1 -> pets@2"
    assert "up  pip  six  1.17.0 -> 1.17.1  pets@2:pets.envc:5" in lines
    assert (by_label.code, squeeze(by_label.out)[0]) == (4, "pets:prod -> pets.envc")
    assert (missing.code, "E704" in missing.err) == (2, True)


def test_an_image_is_meant_where_no_version_has_its_name(
    envc: EnvcMain, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    envc("env", "register", "pets.envc")
    registry.add_image("library/pets", "prod", labels={})
    monkeypatch.setenv("ENVC_MIRRORS", f"docker.io={registry.host}")

    ran = envc("diff", "pets:prod", "pets.envc")

    assert ran.code == 0
    assert squeeze(ran.out)[2].startswith("linux/amd64  changed  no env id -> ")
