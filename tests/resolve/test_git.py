"""Commits of repositories: found by name, fetched once, archived to the same bytes, refused with reasons."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from envc.errors import EnvcError, InputError, ToolError
from envc.lock.package import SourcePackage
from envc.mirror import MirrorMap
from envc.resolve.base import Conflict, PipRequest, PipResolution, PipSolver
from envc.resolve.git.repository import Checkout, Repositories
from envc.spec.repository import GitAddress
from support.index import Dist, IndexServer
from support.pip_world import ask, silent, solvers
from support.repositories import Repository, git_environment, publish, serve_repositories
from support.sources import project


@pytest.fixture(params=[0, 1], ids=["uv", "pip-tools"])
def solver(request: pytest.FixtureRequest, tmp_path: Path) -> PipSolver:
    return solvers(tmp_path)[request.param]


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    return _open(tmp_path)


def _open(folder: Path, **variables: str) -> Repositories:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return Repositories(folder / "cache", {**git_environment(home), **variables})


def _pets(folder: Path, *, below: str = "", **more: str | bytes) -> Repository:
    files = {f"{below}{path}": text for path, text in project("pets", requires=("lib",)).items()}
    return Repository.make(folder / "pets", {**files, **more})


def _get(
    repositories: Repositories,
    url: str,
    ref: str = "",
    subdirectory: str = "",
    commit: str | None = None,
) -> Checkout:
    address = GitAddress(repository=url, ref=ref, subdirectory=subdirectory)
    return repositories.check_out(address, MirrorMap(), silent, commit=commit)


def _refusal(
    repositories: Repositories, url: str, ref: str = "", subdirectory: str = ""
) -> tuple[type[EnvcError], str, str]:
    with pytest.raises(EnvcError) as caught:
        _get(repositories, url, ref, subdirectory)
    (problem,) = caught.value.diagnostics
    assert problem.hint
    return type(caught.value), problem.code, problem.message


def _read(file: Path) -> dict[str, tuple[int, bytes | str]]:
    with tarfile.open(file) as archive:
        found: dict[str, tuple[int, bytes | str]] = {}
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            found[member.name] = member.mode, stream.read() if stream else member.linkname
    return found


def test_a_commit_named_by_branch_tag_and_hash_is_locked_with_its_dependencies(
    solver: PipSolver, tmp_path: Path
) -> None:
    pets = _pets(tmp_path, below="libs/pets/")
    pets.git("tag", "--annotate", "--message", "one", "v1")
    commit = pets.git("rev-parse", "HEAD")
    names = ("", "@main", "@v1", "@refs/tags/v1", f"@{commit}", f"@{commit[:9]}")
    with IndexServer([Dist(name="lib", version="1.0"), Dist(name="pets", version="9.0")]) as index:
        found = [
            solver.resolve(
                ask(f"pets @ git+{pets.url}{name}#subdirectory=libs/pets", index=index), silent
            )
            for name in names
        ]

    assert all(isinstance(one, PipResolution) for one in found)
    sources = [one.sources[0] for one in found if isinstance(one, PipResolution)]
    assert [one.ref for one in sources] == [None, *(name[1:] for name in names[1:])]
    assert {one.model_copy(update={"ref": None}) for one in sources} == {
        SourcePackage(
            name="pets",
            version="1.0",
            kind="git",
            repository=pets.url,
            commit=commit,
            subdirectory="libs/pets",
            sha256=sources[0].sha256,
            size=10240,
            backend="own",
            backend_path=("backend",),
        )
    }
    wheels = [one.packages for one in found if isinstance(one, PipResolution)]
    assert {package.name for packages in wheels for package in packages} == {"lib"}


def test_a_locked_commit_stays_until_it_is_to_move_or_another_name_is_asked_for(
    tmp_path: Path,
) -> None:
    pets = _pets(tmp_path)
    old = pets.git("rev-parse", "HEAD")
    pets.git("branch", "other")
    with IndexServer([Dist(name="lib", version="1.0")]) as index:
        request = ask(f"pets @ git+{pets.url}@main", index=index)
        first = _answer(request, tmp_path / "a")
        new = pets.commit({"more.py": "x = 1\n"})
        kept = _answer(replace(request, preferred_sources=first.sources), tmp_path / "b")
        moved = _answer(request, tmp_path / "c")
        other = ask(f"pets @ git+{pets.url}", index=index)
        renamed = _answer(replace(other, preferred_sources=first.sources), tmp_path / "d")

    assert [one.sources[0].commit for one in (first, kept, moved, renamed)] == [old, old, new, new]
    assert kept.sources == first.sources


def _answer(request: PipRequest, folder: Path) -> PipResolution:
    folder.mkdir(exist_ok=True)
    found = solvers(folder)[0].resolve(request, silent)
    assert isinstance(found, PipResolution)
    return found


def test_a_requirement_that_a_commit_does_not_meet_is_a_conflict(
    solver: PipSolver, tmp_path: Path
) -> None:
    pets = _pets(tmp_path)
    commit = pets.git("rev-parse", "HEAD")
    with IndexServer([Dist(name="lib", version="1.0"), Dist(name="b", version="1.0")]) as index:
        request = replace(
            ask(f"pets @ git+{pets.url}", index=index),
            constraints=ask("pets >=2", index=index).requirements,
        )
        found = solver.resolve(request, silent)

    assert isinstance(found, Conflict)
    place = f"`{pets.url}` at `{commit[:12]}`"
    assert found.message == f"`pets >=2` cannot be satisfied: the repository {place} is `pets` 1.0"


def test_another_distribution_than_the_requirement_names_is_refused(
    solver: PipSolver, tmp_path: Path
) -> None:
    pets = _pets(tmp_path)
    commit = pets.git("rev-parse", "HEAD")
    with IndexServer() as index, pytest.raises(InputError) as caught:
        solver.resolve(ask(f"cats @ git+{pets.url}", index=index), silent)

    (problem,) = caught.value.diagnostics
    message = f"the project at `git+{pets.url}@{commit[:12]}` is `pets`, not `cats`"
    assert (problem.code, problem.message) == ("E331", message)


def test_an_archive_depends_on_the_commit_alone(tmp_path: Path) -> None:
    attributes = "*.txt text eol=crlf\nsecret.py export-ignore\nversion.py export-subst ident\n"
    pets = _pets(
        tmp_path,
        **{
            ".gitattributes": attributes,
            "a.txt": "one\ntwo\n",
            "secret.py": "x = 1\n",
            "version.py": "V = '$Format:%H$ $Id$'\n",
        },
    )
    (pets.folder / "run").write_text("#!/bin/sh\n")
    (pets.folder / "run").chmod(0o755)
    (pets.folder / "link").symlink_to("a.txt")
    commit = pets.commit({"ä.txt": "ä\n"})
    odd = tmp_path / "odd"
    (odd / "home").mkdir(parents=True)
    settings = '[core]\nautocrlf = true\n[tar]\numask = 0077\n[filter "x"]\nsmudge = tr a b\n'
    (odd / "home/.gitconfig").write_text(settings)

    plain = _get(_open(tmp_path), pets.url).archive
    other = _get(_open(odd, GIT_DIR="/nowhere", TZ="Asia/Tokyo"), pets.url, commit).archive

    assert plain.file.read_bytes() == other.file.read_bytes()
    assert plain.sha256 == hashlib.sha256(plain.file.read_bytes()).hexdigest()
    found = _read(plain.file)
    assert list(found) == sorted(found)
    assert {name.removeprefix("source/"): found[name] for name in found} | {} == {
        ".gitattributes": (0o644, attributes.encode()),
        "a.txt": (0o644, b"one\ntwo\n"),
        "backend/own.py": (0o644, (pets.folder / "backend/own.py").read_bytes()),
        "link": (0o644, "a.txt"),
        "pyproject.toml": (0o644, (pets.folder / "pyproject.toml").read_bytes()),
        "run": (0o755, b"#!/bin/sh\n"),
        "secret.py": (0o644, b"x = 1\n"),
        "version.py": (0o644, b"V = '$Format:%H$ $Id$'\n"),
        "ä.txt": (0o644, "ä\n".encode()),
    }


def test_the_bytes_of_an_archive_are_those_of_every_day(tmp_path: Path) -> None:
    made = Repository.make(tmp_path / "x", {"setup.py": "", f"{'long/' * 30}a.py": "x = 1\n"})

    found = _get(_open(tmp_path), made.url).archive

    assert (found.size, found.sha256) == (
        10240,
        "3611bcf6e9f806145311000873a41719afb9b3bcee6dc71a7453e4d34b8853d7",
    )


def test_submodules_are_part_of_a_commit_as_pip_has_them(
    repositories: Repositories, tmp_path: Path
) -> None:
    deep = Repository.make(tmp_path / "deep", {"deep.py": "x = 1\n"})
    inner = Repository.make(tmp_path / "inner", {"inner.py": "x = 1\n"})
    inner.git("submodule", "--quiet", "add", "../deep", "vendor/deep")
    inner.commit({})
    pets = _pets(tmp_path)
    pets.git("submodule", "--quiet", "add", "--name", "odd.name", str(inner.folder), "libs/inner")
    pets.git("submodule", "--quiet", "add", str(deep.folder), "unused")
    pets.git("config", "--file", ".gitmodules", "submodule.unused.update", "none")
    pets.git("config", "--file", ".gitmodules", "submodule.odd.name.url", "../inner")
    pets.commit({})
    inner.commit({"inner.py": "x = 2\n"})

    found = _read(_get(repositories, pets.url).archive.file)

    assert found["source/libs/inner/inner.py"] == (0o644, b"x = 1\n")
    assert found["source/libs/inner/vendor/deep/deep.py"] == (0o644, b"x = 1\n")
    assert [name for name in found if "unused" in name] == []


def test_a_repository_elsewhere_cannot_bring_files_of_this_machine(tmp_path: Path) -> None:
    private = Repository.make(tmp_path / "private", {"key": "x"})
    pets = _pets(tmp_path)
    pets.git("submodule", "--quiet", "add", str(private.folder), "key")
    pets.git("config", "--file", ".gitmodules", "submodule.key.url", private.url)
    pets.commit({})
    publish(pets, tmp_path / "served/pets.git")
    with serve_repositories(tmp_path / "served") as served:
        found = _refusal(_open(tmp_path), served.url("pets.git"))

    reason = "its submodule `key` is on the disk of whoever reads it"
    assert found == (
        InputError,
        "E358",
        f"`{served.url('pets.git')}` at `HEAD` cannot be a source: {reason}",
    )


@pytest.mark.parametrize("url", ["ext::sh -c 'touch {0}'", "-u./x", "--upload-pack=touch {0}"])
def test_the_address_of_a_submodule_runs_nothing(url: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pets = _pets(tmp_path)
    inner = Repository.make(tmp_path / "inner", {"a": "x"})
    pets.git("submodule", "--quiet", "add", str(inner.folder), "inner")
    pets.git("config", "--file", ".gitmodules", "submodule.inner.url", url.format(mark))
    pets.commit({})

    _, code, _ = _refusal(_open(tmp_path), pets.url)

    assert code in {"E356", "E358"}
    assert not mark.exists()


def test_what_is_kept_needs_no_repository(tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    commit = pets.git("rev-parse", "HEAD")
    first = _get(_open(tmp_path), pets.url, "main")
    pets.folder.rename(tmp_path / "gone")

    again = _get(_open(tmp_path), pets.url, "main", commit=commit)

    assert again == first


def test_a_damaged_archive_is_made_again(tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    first = _get(_open(tmp_path), pets.url)
    first.archive.file.write_bytes(b"damaged")

    again = _get(_open(tmp_path), pets.url)

    assert again == first
    assert hashlib.sha256(again.archive.file.read_bytes()).hexdigest() == again.archive.sha256


def test_a_moving_branch_is_asked_for_once_in_a_run(tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    repositories = _open(tmp_path)
    first = _get(repositories, pets.url, "main")
    pets.commit({"a.py": ""})

    again = _get(repositories, pets.url, "main")

    assert again == first


def test_a_branch_goes_before_a_tag_of_its_name(repositories: Repositories, tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    pets.git("tag", "one")
    pets.git("branch", "one")
    pets.git("checkout", "--quiet", "refs/heads/one")
    pets.git("symbolic-ref", "HEAD", "refs/heads/one")
    commit = pets.commit({"a.py": ""})

    assert _get(repositories, pets.url, "one").commit == commit


@pytest.mark.parametrize("is_smart", [True, False], ids=["smart", "dumb"])
def test_servers_of_both_kinds_are_read(is_smart: bool, tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    old = pets.git("rev-parse", "HEAD")
    pets.commit({"a.py": ""})
    publish(pets, tmp_path / "served/pets.git", is_smart=is_smart)
    with serve_repositories(tmp_path / "served", is_smart=is_smart) as served:
        url = served.url("pets.git")
        names = ["main", old, old[:8]]
        found = [_get(_open(tmp_path), url, name).commit for name in names]

    assert found == [pets.git("rev-parse", "HEAD"), old, old]


def test_a_mirror_is_read_instead(tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    mirrors = MirrorMap.parse([f"https://git.example.com/team={tmp_path.as_uri()}"])
    address = GitAddress(repository="https://git.example.com/team/pets")

    found = _open(tmp_path).check_out(address, mirrors, silent)

    assert found.commit == pets.git("rev-parse", "HEAD")


def test_credentials_come_from_the_users_git_and_are_told_to_nobody(tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    publish(pets, tmp_path / "served/pets.git")
    with serve_repositories(tmp_path / "served", password="canary-word") as served:
        url = served.url("pets.git")
        refused = _refusal(_open(tmp_path), url)
        with_netrc = _open(tmp_path)
        netrc = "machine 127.0.0.1 login me password canary-word\n"
        (tmp_path / "home/.netrc").write_text(netrc)
        (tmp_path / "home/.netrc").chmod(0o600)
        found = _get(with_netrc, url)
        (tmp_path / "home/.netrc").unlink()
        private = served.address.replace("//", "//me:canary-word@")
        settings = f'[url "{private}/"]\ninsteadOf = https://git.example.com/\n'
        (tmp_path / "home/.gitconfig").write_text(settings)
        instead = _get(_open(tmp_path), "https://git.example.com/pets.git", "main")
        with pytest.raises(InputError) as missing:
            _get(_open(tmp_path), "https://git.example.com/cats.git")

    assert refused == (ToolError, "E351", f"`git` may not read the repository `{url}`")
    assert instead == found
    assert missing.value.diagnostics[0].code == "E352"
    assert "canary-word" not in str(missing.value)
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert kept
    assert [file for file in kept if b"canary-word" in file.read_bytes()] == []


def test_names_that_are_not_there_are_refused_with_those_that_are(
    repositories: Repositories, tmp_path: Path
) -> None:
    pets = _pets(tmp_path)
    pets.git("tag", "v1.0")
    with pytest.raises(InputError) as caught:
        _get(repositories, pets.url, "v1.O")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "E352",
        f"the repository `{pets.url}` has no branch, tag or commit `v1.O`",
        "did you mean `v1.0`?",
    )
    for name in ("f" * 40, "fffffff"):
        message = f"the repository `{pets.url}` has no branch, tag or commit `{name}`"
        assert _refusal(repositories, pets.url, name) == (InputError, "E352", message)


def test_no_repository_and_an_empty_one_are_refused(
    repositories: Repositories, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    Repository(folder=empty).git("init", "--quiet", "--bare")

    missing = _refusal(repositories, f"file://{tmp_path}/nothing")
    without = _refusal(repositories, f"file://{empty}")

    assert missing == (InputError, "E352", f"there is no repository `file://{tmp_path}/nothing`")
    assert without == (InputError, "E352", f"the repository `file://{empty}` has no commit")


def test_a_tag_of_something_else_is_no_commit(repositories: Repositories, tmp_path: Path) -> None:
    pets = _pets(tmp_path)
    pets.git("tag", "key", "HEAD:pyproject.toml")

    found = _refusal(repositories, pets.url, "key")

    assert found == (InputError, "E353", f"`key` of `{pets.url}` is a blob, not a commit")


def test_a_folder_that_is_not_there_and_pointers_of_lfs_are_refused(
    repositories: Repositories, tmp_path: Path
) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    pets = _pets(tmp_path, below="libs/pets/", **{"libs/cats/model.bin": pointer})
    commit = pets.git("rev-parse", "HEAD")

    nothing = _refusal(repositories, pets.url, "", "libs/dogs")
    pointers = _refusal(repositories, pets.url, "", "libs/cats")

    where = f"`{pets.url}` at `{commit[:12]}`"
    assert nothing == (InputError, "E354", f"{where} has no folder `libs/dogs`")
    message = f"{where} has pointers of Git LFS in place of `libs/cats/model.bin`"
    assert pointers == (InputError, "E355", message)
    assert _get(repositories, pets.url, "", "libs/pets").commit == commit


def test_a_dead_host_and_a_missing_program_are_told_apart(tmp_path: Path) -> None:
    dead = "http://127.0.0.1:1/pets.git"
    unreachable = _refusal(_open(tmp_path), dead)
    (tmp_path / "bin").mkdir()
    without = _refusal(_open(tmp_path, PATH=str(tmp_path / "bin")), dead)

    assert unreachable == (ToolError, "E350", f"the repository `{dead}` cannot be reached")
    assert without == (ToolError, "E349", "there is no `git`, which gets what is in repositories")


def test_a_server_that_answers_something_else_is_told_with_what_git_says(tmp_path: Path) -> None:
    folder = tmp_path / "served/pets.git/info"
    folder.mkdir(parents=True)
    (folder / "refs").write_text("<html>\n")
    with (
        serve_repositories(tmp_path / "served", is_smart=False) as served,
        pytest.raises(ToolError) as caught,
    ):
        _get(_open(tmp_path), served.url("pets.git"))

    (problem,) = caught.value.diagnostics
    assert problem.code == "E356"
    assert problem.notes


def test_ssh_is_never_let_ask(tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text(
        '#!/bin/sh\necho "$@" > "$0.words"\necho "git@a: Permission denied" >&2\nexit 255\n'
    )
    program.chmod(0o755)

    found = _refusal(_open(tmp_path, GIT_SSH_COMMAND=str(program)), "ssh://git@a.example/x.git")

    assert found[:2] == (ToolError, "E351")
    assert "-o BatchMode=yes" in (tmp_path / "ssh.words").read_text()


FOLLOWER = """\
[build-system]
requires = ["setuptools-scm"]
build-backend = "own"
backend-path = ["backend"]
"""


@pytest.mark.parametrize(
    ("tags", "more", "version"),
    [(("v1.2",), 0, "1.2+0"), (("latest", "1.2", "1.10"), 0, "1.2+0"), (("v1.2",), 2, "1.2+2")],
)
def test_versions_that_follow_tags_are_those_of_the_commit(
    tags: tuple[str, ...], more: int, version: str, tmp_path: Path
) -> None:
    backend = dict(project("pets"))["backend/own.py"].replace(
        "NAME, VERSION, REQUIRES, MORE = 'pets', '1.0', (), ()",
        "import re\nTEXT = open('.git_archival.txt').read()\n"
        "NAME, VERSION, REQUIRES, MORE = 'pets', '+'.join(re.search("
        "'describe-name: v?([0-9.]+)-([0-9]+)-g', TEXT).groups()), (), ()",
    )
    files = {"backend/own.py": backend, "pyproject.toml": FOLLOWER}
    pets = Repository.make(tmp_path / "pets", {f"libs/{path}": files[path] for path in files})
    for tag in tags:
        pets.git("tag", "--annotate", "--message", "x", tag)
    for number in range(more):
        pets.commit({f"{number}": ""})
    with IndexServer([Dist(name="setuptools-scm", version="8.0")]) as index:
        found = _answer(ask(f"pets @ git+{pets.url}#subdirectory=libs", index=index), tmp_path)

    assert [one.version for one in found.sources] == [version]


def test_a_commit_whose_files_are_those_of_another_has_its_own_version(tmp_path: Path) -> None:
    backend = dict(project("pets"))["backend/own.py"].replace(
        "'1.0'", "open('.git_archival.txt').read().split()[-1][1:4]"
    )
    pets = Repository.make(
        tmp_path / "pets", {"backend/own.py": backend, "pyproject.toml": FOLLOWER}
    )
    pets.git("tag", "v1.0")
    pets.commit({})
    pets.git("tag", "v1.1")
    with IndexServer([Dist(name="setuptools-scm", version="8.0")]) as index:
        found = [
            _answer(ask(f"pets @ git+{pets.url}@{tag}", index=index), tmp_path).sources[0]
            for tag in ("v1.0", "v1.1")
        ]

    assert [one.version for one in found] == ["1.0", "1.1"]
    assert found[0].sha256 == found[1].sha256
