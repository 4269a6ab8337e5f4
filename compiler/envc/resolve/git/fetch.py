"""A commit is fetched from its repository, with its submodules, and becomes an archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.resolve.git.archive import Archive, Part, UnfitError, pack
from envc.resolve.git.program import Git, GitFailedError

__all__ = [
    "NoCommitError",
    "NotThereError",
    "archive_commit",
    "describe_commit",
    "find_commit",
    "list_refs",
]

_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-fA-F]{7,63}")
_SHA256_DIGITS = 64
_SHOWN_DIGITS = 12
_DEPTH_MAX = 10
# They would have files depend on who gets them: on the settings and the programs of a machine.
_ATTRIBUTES = (
    "* -text -eol -crlf -filter -ident -working-tree-encoding -export-ignore -export-subst\n"
)


class NotThereError(Exception):
    """A repository has no such branch, tag or commit."""


class NoCommitError(Exception):
    """A name leads to something else than a commit; `kind` is what `git` calls it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@frozen
class _Place:
    """A bare repository of ours, and the address that it has what it has from."""

    git: Git
    folder: Path
    url: str

    @property
    def is_local(self) -> bool:
        return self.url.startswith(("file://", "/"))

    def __call__(self, *words: str) -> str:
        """Run `git` in it, without a network."""
        return self.git(*words, folder=self.folder)

    def fetch(self, *words: str) -> None:
        self.git(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head"),
            *words,
            folder=self.folder,
            local=self.is_local,
            remote=self.url,
        )


def find_commit(git: Git, url: str, ref: str) -> str:
    """Return the whole hash that a branch, a tag or a commit has now; of no name, the default's.

    A branch goes before a tag of the same name, as it does for pip.

    Raises:
        NotThereError: There is no such thing.
        GitFailedError: The repository cannot be read.
    """
    if _FULL.fullmatch(ref.lower()):
        return ref.lower()
    wanted = [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"]
    wanted = ["HEAD"] if ref in {"", "HEAD"} else [ref, *wanted] if ref[:5] == "refs/" else wanted
    refs = _list_remote(git, url, *wanted)
    if found := next((refs[name] for name in wanted if name in refs), None):
        return found
    if _SHORT.fullmatch(ref):
        return _complete(git, url, ref.lower())
    raise NotThereError(ref)


def list_refs(git: Git, url: str) -> tuple[str, ...]:
    """Return the names of a repository's branches and tags."""
    refs = _list_remote(git, url, "--heads", "--tags", "--refs")
    return tuple(name.split("/", 2)[2] for name in refs)


def describe_commit(git: Git, url: str, commit: str) -> str:
    """Return what a commit is called after the nearest tag with a number, as `TAG-COUNT-gHASH`.

    Where there is none, only its hash. Where a tag is of this very commit, nothing is fetched; else
    all that the repository has.

    Raises:
        GitFailedError: The repository cannot be read.
    """
    refs = _list_remote(git, url, "--tags")
    tags = {name.removesuffix("^{}") for name, digest in refs.items() if digest == commit}
    own = sorted(name.removeprefix("refs/tags/") for name in tags if re.search(r"[0-9]", name))
    if own:
        return f"{own[-1]}-0-g{commit[:_SHOWN_DIGITS]}"
    with temporary_folder("git") as name:
        place = _open(git, Path(name) / "0", url, commit)
        _fetch_all(place)
        words = ("--tags", "--long", f"--abbrev={_SHOWN_DIGITS}", "--match=*[0-9]*")
        try:
            return place("describe", *words, commit).strip()
        except GitFailedError:
            return commit[:_SHOWN_DIGITS]


def archive_commit(git: Git, url: str, commit: str, cache: Path) -> tuple[str, Archive]:
    """Return the commit that a hash leads to, and its archive, which is then kept in the cache.

    Raises:
        NotThereError: The repository does not have it.
        NoCommitError: It is no commit.
        UnfitError: It holds what no folder may.
        GitFailedError: The repository, or one of a submodule, cannot be read.
        OSError: The cache cannot be written.
    """
    with temporary_folder("git") as name:
        place = _open(git, Path(name) / "0", url, commit)
        _fetch_commit(place, commit)
        whole = _peel(place, commit)
        parts = list(_archive(place, whole, "", Path(name), 1))
        return whole, pack(parts, cache, whole)


def _list_remote(git: Git, url: str, *words: str) -> dict[str, str]:
    options = [word for word in words if word.startswith("--")]
    patterns = [word for word in words if not word.startswith("--")]
    text = git(
        *("ls-remote", "--quiet", *options, "--", url, *patterns),
        local=url.startswith("file://"),
        remote=url,
    )
    rows = (line.partition("\t") for line in text.splitlines())
    return {name: digest for digest, tab, name in rows if tab}


def _complete(git: Git, url: str, short: str) -> str:
    """Return the whole hash of a commit: servers know no parts of one, so all are fetched."""
    with temporary_folder("git") as name:
        place = _open(git, Path(name) / "0", url, "")
        _fetch_all(place)
        try:
            return place("rev-parse", "--verify", "--quiet", f"{short}^{{commit}}").strip()
        except GitFailedError as error:
            raise NotThereError(short) from error


def _open(git: Git, folder: Path, url: str, commit: str) -> _Place:
    is_long = len(commit) == _SHA256_DIGITS
    words = ("--object-format=sha256",) if is_long else ()
    git("init", "--quiet", "--bare", "--template=", *words, str(folder))
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info/attributes").write_text(_ATTRIBUTES, "utf-8")
    return _Place(git=git, folder=folder, url=url)


def _fetch_commit(place: _Place, commit: str) -> None:
    """Fetch one commit alone; where a server cannot do that, all there is."""
    try:
        place.fetch("--depth=1", "--", place.url, commit)
    except GitFailedError as error:
        if error.why != "other":
            raise
        _fetch_all(place)


def _fetch_all(place: _Place) -> None:
    place.fetch("--", place.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def _peel(place: _Place, commit: str) -> str:
    try:
        kind = place("cat-file", "-t", commit).strip()
    except GitFailedError as error:
        raise NotThereError(commit) from error
    try:
        return place("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").strip()
    except GitFailedError as error:
        raise NoCommitError(kind) from error


def _archive(place: _Place, commit: str, prefix: str, scratch: Path, depth: int) -> Iterator[Part]:
    """Yield what a commit holds, and then what its submodules do, as `git submodule` gets them."""
    file = scratch / f"{place.folder.name}.tar"
    place("archive", "--format=tar", f"--output={file}", commit)
    yield Part(prefix=prefix, file=file)
    links = dict(_list_links(place, commit))
    if not links:
        return
    if depth > _DEPTH_MAX:
        raise UnfitError("its submodules have submodules without an end")
    modules = _read_modules(place, commit)
    for number, (path, own) in enumerate(sorted(links.items())):
        if path not in modules:
            raise UnfitError(
                f"`{prefix}{path}` is a submodule, and `.gitmodules` has no address of it"
            )
        url = modules[path]
        if url is None:
            continue
        inner = _open(place.git, scratch / f"{place.folder.name}-{number}", url, own)
        if inner.is_local and not place.is_local:
            raise UnfitError(f"its submodule `{prefix}{path}` is on the disk of whoever reads it")
        try:
            _fetch_commit(inner, own)
            _peel(inner, own)
        except NotThereError as error:
            raise UnfitError(f"its submodule `{prefix}{path}` has no commit `{own}`") from error
        yield from _archive(inner, own, f"{prefix}{path}/", scratch, depth + 1)


def _list_links(place: _Place, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of submodules, and their commits."""
    for row in place("ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
        about, _, path = row.partition("\t")
        if about.startswith("160000 "):
            yield path, about.split()[2]


def _read_modules(place: _Place, commit: str) -> dict[str, str | None]:
    """Return the addresses of submodules by their paths; None for one that is never checked out."""
    try:
        text = place("config", "--blob", f"{commit}:.gitmodules", "--list", "-z")
    except GitFailedError:
        return {}
    stated: dict[str, dict[str, str]] = {}
    for row in text.split("\0"):
        key, _, value = row.partition("\n")
        section, _, name = key.removeprefix("submodule.").rpartition(".")
        if key.startswith("submodule.") and section:
            stated.setdefault(section, {})[name] = value
    return {
        one["path"]: None if one.get("update") == "none" else _join(place.url, one.get("url", ""))
        for one in stated.values()
        if "path" in one
    }


def _join(parent: str, url: str) -> str:
    """Return a submodule's address, which may be relative to that of its parent.

    >>> _join("https://a.example/team/pets.git", "../cats.git")
    'https://a.example/team/cats.git'
    """
    if not url or url.startswith("-"):
        raise UnfitError(f"`{url}` is no address of a submodule")
    if not url.startswith(("./", "../")):
        return url
    found = parent.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            found = found.rpartition("/")[0]
        url = url.partition("/")[2]
    return f"{found}/{url}"
