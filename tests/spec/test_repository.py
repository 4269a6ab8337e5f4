"""Addresses of repositories: read as pip reads them, and refused where they name nothing, or a secret."""

from __future__ import annotations

import pytest

from envc.spec.direct import complain_on_address, direct_kind
from envc.spec.field import FieldError
from envc.spec.repository import GitAddress, parse_git_address
from envc.spec.requirement import PipRequirement, parse_requirement


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("git+https://a.example/x.git", GitAddress(repository="https://a.example/x.git")),
        (
            "git+https://a.example/team/x.git@v1.0",
            GitAddress(repository="https://a.example/team/x.git", ref="v1.0"),
        ),
        (
            "git+http://a.example:8080/x@feature/one#egg=pets",
            GitAddress(repository="http://a.example:8080/x", ref="feature/one"),
        ),
        (
            "git+ssh://git@a.example/x.git@main#subdirectory=libs/pets&egg=pets",
            GitAddress(
                repository="ssh://git@a.example/x.git", ref="main", subdirectory="libs/pets"
            ),
        ),
        ("git+ssh://git@a.example/x.git", GitAddress(repository="ssh://git@a.example/x.git")),
        ("git+file:///srv/x.git@v1", GitAddress(repository="file:///srv/x.git", ref="v1")),
        ("git+https://a.example/x@a%23b", GitAddress(repository="https://a.example/x", ref="a#b")),
        ("https://a.example/x-1.tar.gz", None),
        ("hg+https://a.example/x", None),
    ],
)
def test_an_address_is_read_as_pip_reads_it(url: str, expected: GitAddress | None) -> None:
    assert parse_git_address(url) == expected
    assert (direct_kind(url) == "git") is (expected is not None)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("git+ssh://git@a.example:team/x.git", "a repository's path follows a `/`, not a `:`"),
        ("git+https://a.example", "it names no repository"),
        ("git+https://a.example/x?a=b", "it names no repository"),
        ("git+https:///x.git", "it names no host"),
        ("git+https://a.example:one/x.git", "its port is not a number"),
        ("git+file://srv/x.git", "a repository on this machine is named by its whole path"),
        ("git+https://a.example/x.git@", "nothing is after its `@`"),
        (
            "git+https://a.example/x.git@--upload-pack=sh",
            "`--upload-pack=sh` is no branch, tag or commit",
        ),
        ("git+https://a.example/x.git@a..b", "`a..b` is no branch, tag or commit"),
        ("git+https://a.example/x.git@main~1", "`main~1` is no branch, tag or commit"),
        ("git+https://a.example/x.git#sha256=00", "`sha256` says nothing of a repository"),
        ("git+https://a.example/x.git#egg=cats", "its `egg` is `cats`, not `pets`"),
        ("git+https://a.example/x.git#subdirectory=../up", "`../up` is no folder in a repository"),
        ("git+https://a.example/x.git#subdirectory=/top", "`/top` is no folder in a repository"),
    ],
)
def test_an_address_that_names_nothing_is_refused_with_a_way_out(url: str, reason: str) -> None:
    requirement = parse_requirement(f"pets @ {url}")
    assert isinstance(requirement, PipRequirement)

    problem = complain_on_address(requirement)

    assert problem is not None
    assert problem.code == "E232"
    assert problem.message == f"the address of a repository is wrong: {reason}"
    assert problem.hint


def test_the_way_out_of_an_address_in_ssh_form_is_an_address() -> None:
    requirement = parse_requirement("pets @ git+ssh://git@a.example:team/x.git@v1")
    assert isinstance(requirement, PipRequirement)

    problem = complain_on_address(requirement)

    assert problem is not None
    assert problem.hint == "write `git+ssh://git@a.example/team/x.git@v1`"


@pytest.mark.parametrize(
    ("user", "is_refused"),
    [
        ("git+ssh://git@", False),
        ("git+ssh://deploy-1@", False),
        ("git+ssh://git:word@", True),
        ("git+ssh://a@b@", True),
        ("git+https://token@", True),
        ("git+https://me:word@", True),
        ("https://git@", True),
    ],
)
def test_a_user_of_ssh_is_no_secret_and_all_others_may_be(user: str, is_refused: bool) -> None:
    found = parse_requirement(f"pets @ {user}a.example/x.git@v1")

    if not is_refused:
        assert isinstance(found, PipRequirement)
        return
    assert isinstance(found, FieldError)
    assert found.code == "E213"
    assert found.part is not None
    assert "word" not in f"{found.message}{found.hint}"
