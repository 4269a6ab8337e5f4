"""Direct references to Git repositories: `pets @ git+https://host/x.git@v1#subdirectory=libs/pets`."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from envc.frozen import frozen
from envc.spec.field import FieldError
from envc.spec.requirement import PipRequirement, normal_name

__all__ = ["GitAddress", "complain_on_git", "parse_git_address"]

_PREFIX = re.compile(r"git\+(?=(?:https|http|ssh|file)://)")
_SCP = re.compile(
    r"git\+ssh://(?P<user>[^/@]+@)?(?P<host>[^/:@]+):(?P<path>[^/0-9][^#]*|[0-9]+[^/0-9#][^#]*)"
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"'`\\<>^{}|]")
_KEYS = frozenset({"egg", "subdirectory"})
_FORM = "write it as `git+https://HOST/PATH.git@REF#subdirectory=FOLDER`"


@frozen
class GitAddress:
    """What a direct reference names of a repository.

    Attributes:
        repository: Its address as `git` takes it, such as `https://host/x.git`: with no password.
        ref: A branch, a tag or a commit; empty for the repository's own default branch.
        subdirectory: The project's folder in it, in POSIX form; empty for the whole.
    """

    repository: str
    ref: str = ""
    subdirectory: str = ""


def parse_git_address(url: str) -> GitAddress | None:
    """Return what an address names, as pip reads it; None where it is not that of a repository.

    https://pip.pypa.io/en/stable/topics/vcs-support/

    >>> parse_git_address("git+ssh://git@host/x.git@v1#egg=pets&subdirectory=libs/pets")
    GitAddress(repository='ssh://git@host/x.git', ref='v1', subdirectory='libs/pets')
    """
    found = _PREFIX.match(url)
    if found is None:
        return None
    address, _, fragment = url[found.end() :].partition("#")
    host, slash, path = address.partition("://")[2].partition("/")
    path, _, ref = path.rpartition("@") if "@" in path else (path, "", "")
    stated = _read_fragment(fragment)
    return GitAddress(
        repository=f"{address.partition('://')[0]}://{host}{slash}{path}",
        ref=unquote(ref),
        subdirectory=stated.get("subdirectory", "").strip("/"),
    )


def complain_on_git(requirement: PipRequirement) -> FieldError | None:
    """Return what is wrong with the address of a repository, or None.

    The problem's `part` is that of the address.
    """
    if scp := _SCP.fullmatch(requirement.url.partition("#")[0]):
        better = f"git+ssh://{scp['user'] or ''}{scp['host']}/{scp['path']}"
        return _refuse("a repository's path follows a `/`, not a `:`", f"write `{better}`")
    parsed = parse_git_address(requirement.url)
    if parsed is None:
        return _refuse("it leads to no repository", _FORM)
    return (
        _complain_on_place(parsed)
        or _complain_on_ref(requirement.url, parsed)
        or _complain_on_fragment(requirement, parsed)
    )


def _complain_on_place(parsed: GitAddress) -> FieldError | None:
    parts = urlsplit(parsed.repository)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        return _refuse("its port is not a number", _FORM)
    if parts.scheme == "file" and host not in {None, "", "localhost"}:
        return _refuse(
            "a repository on this machine is named by its whole path",
            f"write `git+file:///{parts.netloc}{parts.path}`, with three slashes",
        )
    if parts.scheme != "file" and not host:
        return _refuse("it names no host", _FORM)
    if not parts.path.strip("/") or parts.query or _UNSAFE.search(parsed.repository):
        return _refuse("it names no repository", _FORM)
    return None


def _complain_on_ref(url: str, parsed: GitAddress) -> FieldError | None:
    is_empty = not parsed.ref and "@" in url.partition("#")[0].partition("://")[2].partition("/")[2]
    # https://git-scm.com/docs/git-check-ref-format, as far as `git` could take it for something else.
    is_odd = (
        parsed.ref.startswith("-")
        or ".." in parsed.ref
        or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|@\{|//|/$|\.lock$|^/", parsed.ref)
    )
    if is_empty or is_odd:
        return _refuse(
            f"`{parsed.ref}` is no branch, tag or commit"
            if parsed.ref
            else "nothing is after its `@`",
            "name a branch, a tag or a commit after the `@`, or leave the `@` out",
        )
    return None


def _complain_on_fragment(requirement: PipRequirement, parsed: GitAddress) -> FieldError | None:
    stated = _read_fragment(requirement.url.partition("#")[2])
    if other := sorted(stated.keys() - _KEYS):
        return _refuse(
            f"`{other[0]}` says nothing of a repository",
            "after the `#`, only `subdirectory=FOLDER` counts: a commit is its own hash",
        )
    egg = re.match(r"[A-Za-z0-9._-]*", stated.get("egg", ""))
    if egg is not None and egg[0] and normal_name(egg[0]) != requirement.name:
        return _refuse(
            f"its `egg` is `{egg[0]}`, not `{requirement.name}`",
            f"write `{normal_name(egg[0])} @ ` before the address, or leave `egg` out",
        )
    folders = stated.get("subdirectory", "").split("/")
    if "subdirectory" in stated and (
        {"", ".", ".."} & {*folders[:-1], folders[-1] or "x"}
        or re.search(r"[\x00-\x1f\x7f\\]", parsed.subdirectory)
    ):
        return _refuse(
            f"`{stated['subdirectory']}` is no folder in a repository",
            "write it from the repository's top, such as `subdirectory=libs/pets`",
        )
    return None


def _read_fragment(fragment: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in fragment.split("&") if part)
    return {key: unquote(value) for key, _, value in pairs}


def _refuse(reason: str, hint: str) -> FieldError:
    return FieldError("E232", f"the address of a repository is wrong: {reason}", hint=hint)
