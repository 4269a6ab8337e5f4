"""`envc lock` on a spec with a matrix: bases by digest and no packages need no network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.workspace import EnvcMain

DIGEST = f"sha256:{'a' * 64}"
ZOO = f"""\
environment: zoo
params: {{base: "debian:12", user: "1000"}}
base: {{image: "${{{{ base }}}}@{DIGEST}"}}
user: "${{{{ user }}}}"
matrix:
  new: {{base: "debian:13"}}
  old: {{}}
  other: {{user: "1001"}}
"""
ONE = f"environment: zoo\nbase: {{image: 'debian:12@{DIGEST}'}}\n"


@pytest.fixture
def zoo(folder: Path) -> Path:
    """The spec, in the working folder, without a lock."""
    path = folder / "zoo.yaml"
    path.write_text(ZOO)
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def sections(zoo: Path) -> dict[str, str]:
    """Return the base that the lock has for each variant."""
    variants = json.loads(zoo.with_suffix(".lock").read_text())["variants"]
    return {
        name: lock["platforms"]["linux/amd64"]["base"]["image"] for name, lock in variants.items()
    }


def test_all_variants_are_resolved_and_reported_with_their_names(envc: EnvcMain, zoo: Path) -> None:
    ran = envc("lock", "zoo.yaml")

    assert (ran.code, ran.out) == (0, "zoo.lock\n")
    assert ran.err == (
        "new: linux/amd64: 0 Conda and 0 pip packages\n"
        "old: linux/amd64: 0 Conda and 0 pip packages\n"
        "other: linux/amd64: 0 Conda and 0 pip packages\n"
    )
    assert sections(zoo) == {
        "new": "docker.io/library/debian:13",
        "old": "docker.io/library/debian:12",
        "other": "docker.io/library/debian:12",
    }
    assert envc("lock", "--check", "zoo.yaml").code == 0


def test_a_lock_that_is_right_is_not_written_again(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml")
    change(zoo, "  old: {}\n", "")
    change(zoo, "matrix:\n", "matrix:\n  old: {}\n")

    ran = envc("lock", "zoo.yaml", "--json")

    assert json.loads(ran.out)["written"] is False


def test_with_variants_the_lock_keeps_what_it_has_of_the_others(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml")
    change(zoo, "debian:12", "debian:11")

    ran = envc("lock", "zoo.yaml", "--variant", "old")

    digest = "a" * 12
    assert (ran.code, ran.out) == (0, "zoo.lock\n")
    assert ran.err.splitlines() == [
        f"old: removed  base   docker.io/library/debian:12  {digest}",
        f"old: added    base   docker.io/library/debian:11  {digest}",
        f"old: removed  tools  docker.io/library/debian:12  {digest}",
        f"old: added    tools  docker.io/library/debian:11  {digest}",
        "old: linux/amd64: 0 Conda and 0 pip packages",
    ]
    assert sections(zoo) == {
        "new": "docker.io/library/debian:13",
        "old": "docker.io/library/debian:11",
        "other": "docker.io/library/debian:12",
    }
    assert envc("lock", "--check", "zoo.yaml", "--variant", "old").code == 0
    assert envc("lock", "--check", "zoo.yaml").code == 4


def test_as_json_each_resolved_variant_has_its_changes(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml")
    change(zoo, "  new:", "  newer:")

    answer = json.loads(envc("lock", "zoo.yaml", "--json", "--variant", "newer").out)

    base = {
        "platform": "linux/amd64",
        "name": "docker.io/library/debian:13",
        "move": "added",
        "old": None,
        "old_size_bytes": None,
        "new_size_bytes": None,
    }
    assert answer == {
        "ok": True,
        "lock": "zoo.lock",
        "written": True,
        "variants": {
            "newer": {
                "platforms": {
                    "linux/amd64": {
                        "base": f"docker.io/library/debian:13@{DIGEST}",
                        "python": None,
                        "conda": 0,
                        "pip": 0,
                        "size_bytes": 0,
                    }
                },
                "kept": False,
                "changes": [
                    {**base, "kind": "base", "new": "a" * 12},
                    {**base, "kind": "tools", "new": "a" * 12},
                ],
            }
        },
        "dropped": ["new"],
        "diagnostics": [],
    }


def test_a_variant_that_the_spec_has_no_more_is_dropped(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml")
    change(zoo, '  new: {base: "debian:13"}\n', "")

    ran = envc("lock", "zoo.yaml", "--variant", "old")

    assert ran.err.startswith("- the variant new\n")
    assert sorted(sections(zoo)) == ["old", "other"]


def test_variants_may_be_locked_one_after_the_other(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml", "--variant", "new")
    first = sorted(sections(zoo))
    incomplete = envc("lock", "--check", "zoo.yaml")
    compiled = envc("hash", "zoo.yaml", "--variant", "new")
    envc("lock", "zoo.yaml", "--variant", "old", "--variant", "other")

    assert (first, sorted(sections(zoo))) == (["new"], ["new", "old", "other"])
    assert (incomplete.code, incomplete.err.count("error[E419]"), compiled.code) == (4, 2, 0)
    assert envc("lock", "--check", "zoo.yaml").code == 0


def test_a_damaged_lock_is_replaced_but_never_kept_in_part(envc: EnvcMain, zoo: Path) -> None:
    zoo.with_suffix(".lock").write_text("{")

    in_part = envc("lock", "zoo.yaml", "--variant", "new")
    as_it_was = zoo.with_suffix(".lock").read_text()
    whole = envc("lock", "zoo.yaml")

    assert (in_part.code, as_it_was) == (1, "{")
    assert in_part.err.startswith("error[E401]: the lock ends too early\n")
    assert (whole.code, len(sections(zoo))) == (0, 3)


def test_a_matrix_comes_and_goes(envc: EnvcMain, zoo: Path) -> None:
    zoo.write_text(ONE)
    envc("lock", "zoo.yaml")
    single = zoo.with_suffix(".lock").read_text()
    zoo.write_text(ZOO)
    came = envc("lock", "zoo.yaml", "--variant", "old")
    with_matrix = sections(zoo)
    zoo.write_text(ONE)
    went = envc("lock", "zoo.yaml")

    assert (came.code, sorted(with_matrix)) == (0, ["old"])
    assert went.err.startswith("- the variant old\n")
    assert zoo.with_suffix(".lock").read_text() == single


def test_what_fails_in_one_variant_leaves_the_old_lock(envc: EnvcMain, zoo: Path) -> None:
    envc("lock", "zoo.yaml")
    before = zoo.with_suffix(".lock").read_text()
    change(zoo, f"@{DIGEST}", "")
    change(zoo, "debian:13", "localhost:1/none:1")
    change(zoo, "debian:12", f"debian:11@{DIGEST}")

    ran = envc("lock", "zoo.yaml")

    assert (ran.code, ran.out, ran.err.count("error[")) == (3, "", 1)
    assert "note: only in the variant `new`\n" in ran.err
    assert zoo.with_suffix(".lock").read_text() == before


def test_a_secret_that_some_variants_need_is_told_with_their_names(
    envc: EnvcMain, zoo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOO_TOKEN", raising=False)
    monkeypatch.setenv("OTHER_TOKEN", "token")
    index = "pip: {indexes: [{url: 'https://pypi.example/simple', secret: '${{ user }}'}]}\n"
    zoo.write_text(
        ZOO.replace('"1000"', "OTHER_TOKEN")
        .replace('"1001"', "ZOO_TOKEN")
        .replace('user: "${{ user }}"\n', index)
    )

    ran = envc("lock", "zoo.yaml")

    assert ran.code == 1
    assert ran.err.startswith("error[E360]: the secret `ZOO_TOKEN` is not set\n")
    assert "note: only in the variant `other`\n" in ran.err
