"""`envc env push` and `pull`: versions travel, and what a registry has is not trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envc.lock.codec import dumps
from support.oci_store import OciStore
from support.workspace import EnvcMain, lock_of

CHANGED = "application/vnd.envc.environment.v"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[OciStore]:
    """A registry, whose repository `team/envs` is the usual one."""
    with OciStore() as opened:
        monkeypatch.setenv("ENVC_REPOSITORY", f"{opened.host}/team/envs")
        yield opened


@pytest.fixture
def pets(registry: OciStore, folder: Path, envc: EnvcMain) -> Path:
    """The working folder, whose spec is registered as `pets@1`, labelled `prod`, and pushed."""
    (folder / "src" / "empty").touch()
    (folder / "src" / "tool").write_text("#!/bin/sh\n")
    (folder / "src" / "tool").chmod(0o755)
    (folder / "src" / "link").symlink_to("a.py")
    words = ("--label", "prod", "--label", "team=vision", "--description", "Cats")
    envc("env", "register", "pets.envc", *words)
    assert envc("env", "push", "pets").code == 0
    registry.seen.clear()
    return folder


@pytest.fixture
def elsewhere(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of somebody else, who has registered nothing."""
    monkeypatch.setenv("ENVC_HOME", str(tmp_path / "elsewhere"))
    assert pets.is_dir()
    return tmp_path / "elsewhere"


def tags(registry: OciStore) -> list[str]:
    above = "team/envs/manifests/"
    names = [path.removeprefix(above) for path in registry.entries if path.startswith(above)]
    return sorted(name for name in names if ":" not in name)


def data_of(text: str) -> dict[str, Any]:
    data = json.loads(text)
    assert isinstance(data, dict)
    return data


def facts_of(registry: OciStore, tag: str) -> dict[str, Any]:
    manifest = registry.json(f"team/envs/manifests/{tag}")
    return registry.json(f"team/envs/blobs/{manifest['config']['digest']}")


def forge(registry: OciStore, tag: str = "pets--latest", **changes: Any) -> None:
    """Replace what lies under a tag by the same with other facts."""
    manifest = registry.json(f"team/envs/manifests/{tag}")
    facts = {**facts_of(registry, tag), **changes}
    manifest["config"]["digest"] = registry.put("team/envs", "blobs", json.dumps(facts).encode())
    registry.put("team/envs", "manifests", json.dumps(manifest).encode(), tag)


def test_an_artifact_is_as_the_specification_has_it(
    registry: OciStore, pets: Path, envc: EnvcMain
) -> None:
    again = data_of(envc("env", "push", "pets@1", "--json").out)

    manifest = registry.json("team/envs/manifests/pets--1")
    assert tags(registry) == ["pets--1", "pets--latest", "pets--prod"]
    assert manifest["artifactType"] == "application/vnd.envc.environment.v1"
    assert manifest["annotations"] == {
        "org.opencontainers.image.title": "pets",
        "org.opencontainers.image.version": "1",
        "org.opencontainers.image.description": "Cats",
    }
    # The spec, the lock and two files: neither a link nor what is empty has content to send.
    assert len(manifest["layers"]) == 4
    for one in (manifest["config"], *manifest["layers"]):
        stored = registry.entries[f"team/envs/blobs/{one['digest']}"]
        assert len(stored.content) == one["size"]
    assert again == {
        "ok": True,
        "name": "pets",
        "version": 1,
        "reference": "pets@1",
        "pushed": [
            f"{os.environ['ENVC_REPOSITORY']}:{tag}"
            for tag in ("pets--1", "pets--latest", "pets--prod")
        ],
        "digest": again["digest"],
        "new": False,
        "diagnostics": [],
    }
    assert pets.is_dir()


def test_what_is_there_already_is_not_sent_again(
    registry: OciStore, pets: Path, envc: EnvcMain
) -> None:
    envc("env", "push", "pets")

    assert not [line for line in registry.seen if "/blobs/" in line]
    assert pets.is_dir()


def test_a_version_that_is_pulled_is_the_one_that_was_pushed(
    pets: Path, envc: EnvcMain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pushed = data_of(envc("env", "show", "pets", "--json").out)
    monkeypatch.setenv("ENVC_HOME", str(tmp_path / "elsewhere"))
    first = envc("env", "pull", "pets:prod")
    again = envc("env", "pull", "pets@1")
    pulled = data_of(envc("env", "show", "pets:prod", "--json").out)

    assert (first.code, first.out, first.err) == (0, "pets@1\n", "")
    assert (again.out, again.err) == ("pets@1\n", "this is pets@1 already\n")
    assert {**pulled, "created": ""} == {**pushed, "created": ""}
    assert envc("env", "get", "pets", "there").code == 0
    assert (pets / "there/src/link").readlink() == Path("a.py")
    assert (pets / "there/src/tool").stat().st_mode & 0o777 == 0o755
    assert (pets / "there/src/empty").read_bytes() == b""
    assert not list(Path(os.environ["ENVC_CACHE"], "pulled").iterdir())


def test_new_content_becomes_the_next_version_here(
    elsewhere: Path, folder: Path, envc: EnvcMain
) -> None:
    (folder / "src" / "a.py").write_text("mine\n")
    envc("env", "register", "pets.envc")

    ran = envc("env", "pull", "pets")

    assert (ran.code, ran.out, ran.err) == (0, "pets@2\n", "pets@1 there is pets@2 here\n")
    assert elsewhere.is_dir()


def test_an_artifact_is_pulled_by_its_whole_name_or_its_digest(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    by_tag = data_of(envc("env", "pull", f"{registry.host}/team/envs:pets--1", "--json").out)
    by_digest = envc("env", "pull", by_tag["origin"])

    assert (by_tag["reference"], by_tag["new"], by_tag["origin_version"]) == ("pets@1", True, 1)
    assert by_digest.out == "pets@1\n"
    assert elsewhere.is_dir()


def test_a_version_that_is_another_one_there_is_refused(
    registry: OciStore, elsewhere: Path, folder: Path, envc: EnvcMain
) -> None:
    (folder / "src" / "a.py").write_text("mine\n")
    envc("env", "register", "pets.envc", "--label", "prod")
    before = dict(registry.entries)

    ran = envc("env", "push", "pets")

    assert (ran.code, ran.out) == (2, "")
    place = f"{os.environ['ENVC_REPOSITORY']}:pets--1"
    assert ran.err.startswith(f"error[E731]: `{place}` is another version, and versions never")
    assert registry.entries == before
    assert envc("env", "push", "pets", "--as", "2").code == 0
    assert facts_of(registry, "pets--prod")["version"] == 2
    assert elsewhere.is_dir()


def test_an_image_under_its_name_is_never_replaced(
    registry: OciStore, folder: Path, envc: EnvcMain
) -> None:
    envc("env", "register", "pets.envc")
    registry.put("team/envs", "manifests", b'{"schemaVersion": 2}', "pets--1")

    ran = envc("env", "push", "pets")

    assert (ran.code, "E731" in ran.err) == (2, True)
    assert tags(registry) == ["pets--1"]
    assert folder.is_dir()


def test_what_is_said_of_a_version_may_change(
    registry: OciStore, pets: Path, envc: EnvcMain
) -> None:
    envc("env", "register", "pets@1", "--description", "Cats and dogs")

    ran = envc("env", "push", "pets")

    assert ran.code == 0
    assert facts_of(registry, "pets--1")["description"] == "Cats and dogs"
    assert facts_of(registry, "pets--latest") == facts_of(registry, "pets--1")
    assert pets.is_dir()


def test_an_older_version_does_not_become_the_latest(
    registry: OciStore, pets: Path, envc: EnvcMain
) -> None:
    (pets / "src" / "a.py").write_text("b\n")
    envc("env", "register", "pets.envc")
    envc("env", "push", "pets@2")
    envc("env", "push", "pets@1")
    listed = envc("env", "list", "--repository", os.environ["ENVC_REPOSITORY"])

    assert facts_of(registry, "pets--latest")["version"] == 2
    assert listed.out == "pets  1, 2  prod\n"


def test_a_list_has_no_tags_of_images(registry: OciStore, pets: Path, envc: EnvcMain) -> None:
    registry.put("team/envs", "manifests", b"{}", "0" * 32)

    found = data_of(
        envc("env", "list", "--json", "--repository", os.environ["ENVC_REPOSITORY"]).out
    )

    assert found["environments"] == [{"name": "pets", "versions": [1], "labels": ["prod"]}]
    assert pets.is_dir()


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("pet", "has no environment `pet`", "did you mean `pets`?"),
        ("pets:prd", "has no `pets:prd`", "did you mean `pets:prod`?"),
        ("pets@9", "has no `pets@9`", "`envc env list --repository "),
    ],
)
def test_what_is_not_there_is_told(
    elsewhere: Path, envc: EnvcMain, wanted: str, message: str, hint: str
) -> None:
    ran = envc("env", "pull", wanted)

    told = f"error[E734]: `{os.environ['ENVC_REPOSITORY']}` {message}\nhint: {hint}"
    assert (ran.code, ran.err.startswith(told)) == (2, True), ran.err
    assert not elsewhere.exists()


FILE = {"role": "file", "sha256": "b" * 64, "size": 1, "mode": "644"}


@pytest.mark.parametrize(
    "path",
    ["../../x", "/tmp/x", "src/../../x"],
)
def test_a_path_that_leads_out_is_refused_before_anything_is_written(
    registry: OciStore, elsewhere: Path, envc: EnvcMain, path: str
) -> None:
    files = facts_of(registry, "pets--latest")["files"]
    forge(registry, files=[*files, {**FILE, "path": path}])
    registry.seen.clear()

    ran = envc("env", "pull", "pets")

    assert (ran.code, "error[E733]" in ran.err, "could lead out" in ran.err) == (3, True, True)
    assert len([line for line in registry.seen if "/blobs/" in line]) == 1
    assert not elsewhere.exists()


def test_a_link_to_a_file_of_this_machine_is_refused(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    files = facts_of(registry, "pets--latest")["files"]
    forge(registry, files=[*files, {**FILE, "path": "x", "link": "/etc/passwd", "size": 0}])

    ran = envc("env", "pull", "pets")

    assert (ran.code, "the link 'x' leads out of the folder" in ran.err) == (3, True)
    assert not elsewhere.exists()


def test_a_spec_that_takes_files_of_this_machine_is_refused(
    registry: OciStore, elsewhere: Path, envc: EnvcMain, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("token\n")
    climb = "../" * 40
    text = f'environment pets\nbase image "python:3.12-slim-bookworm"\nextends "{climb}{tmp_path}/e.envc"\n'
    (tmp_path / "e.envc").write_text('variables { A = "1" }\n')
    whole = text.replace(f'extends "{climb}{tmp_path}/e.envc"\n', 'variables { A = "1" }\n')
    files = []
    for path, role, content in (
        ("pets.envc", "spec", text.encode()),
        ("pets.lock", "lock", dumps(lock_of(whole)).encode()),
    ):
        digest = registry.put("team/envs", "blobs", content)
        entry = {"path": path, "role": role, "sha256": digest.removeprefix("sha256:")}
        files.append({**entry, "size": len(content), "mode": "644"})
    forge(registry, files=files)

    ran = envc("env", "pull", "pets")

    assert (ran.code, "did not come with it" in ran.err) == (3, True), ran.err
    assert envc("env", "list").out == ""


@pytest.mark.parametrize("wrong", [b"other\n", b"more than there should be\n"])
def test_content_that_is_not_its_digests_is_refused(
    registry: OciStore, elsewhere: Path, envc: EnvcMain, wrong: bytes
) -> None:
    for path, entry in list(registry.entries.items()):
        if entry.content == b"a\n":
            registry.entries[path] = type(entry)(media_type="", content=wrong)

    ran = envc("env", "pull", "pets")

    assert (ran.code, "error[E384]" in ran.err) == (3, True)
    assert envc("env", "list").out == ""
    assert not list(Path(os.environ["ENVC_CACHE"], "pulled").iterdir())
    assert not elsewhere.exists()


def test_a_size_that_is_not_the_contents_is_refused(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    files = facts_of(registry, "pets--latest")["files"]
    forge(registry, files=[{**one, "size": one["size"] * 2} for one in files])

    ran = envc("env", "pull", "pets")

    assert (ran.code, "error[E733]" in ran.err) == (3, True)
    assert not elsewhere.exists()


def test_a_large_file_is_checked_while_it_comes(
    registry: OciStore, elsewhere: Path, folder: Path, envc: EnvcMain
) -> None:
    (folder / "src" / "big").write_bytes(bytes(5_000_000))
    envc("env", "register", "pets.envc", "--name", "big")
    envc("env", "push", "big")
    right = envc("env", "pull", "big")
    (path,) = [path for path, one in registry.entries.items() if len(one.content) == 5_000_000]
    entry = type(registry.entries[path])
    registry.entries[path] = entry(media_type="", content=bytes(4_999_999) + b"x")
    changed = envc("env", "pull", "big")
    registry.entries[path] = entry(media_type="", content=bytes(9_000_000))
    longer = envc("env", "pull", "big")

    assert (right.code, right.out) == (0, "big@1\n")
    assert (changed.code, "is not what its digest says" in changed.err) == (3, True)
    assert (longer.code, "has more than 5000000 bytes" in longer.err) == (3, True)
    assert elsewhere.is_dir()


def test_content_that_the_registry_has_lost_is_told(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    for path in [path for path, entry in registry.entries.items() if entry.content == b"a\n"]:
        del registry.entries[path]

    ran = envc("env", "pull", "pets")

    assert (ran.code, "the registry lacks its content sha256:" in ran.err) == (3, True)
    assert not elsewhere.exists()


def test_one_that_calls_itself_otherwise_is_refused(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    forge(registry, "pets--1", name="cats")

    ran = envc("env", "pull", "pets@1")

    assert (ran.code, "it calls itself cats@1" in ran.err) == (3, True)
    assert not elsewhere.exists()


def test_facts_of_a_newer_envc_are_left_to_it(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    forge(registry, envc=2)
    by_schema = envc("env", "pull", "pets")
    manifest = {**registry.json("team/envs/manifests/pets--1"), "artifactType": f"{CHANGED}2"}
    registry.put("team/envs", "manifests", json.dumps(manifest).encode(), "pets--1")
    by_type = envc("env", "pull", "pets@1")

    assert (by_schema.code, "error[E732]" in by_schema.err) == (3, True)
    assert (by_type.code, "error[E732]" in by_type.err) == (3, True)
    assert not elsewhere.exists()


def test_an_image_is_no_environment(registry: OciStore, elsewhere: Path, envc: EnvcMain) -> None:
    registry.put("team/envs", "manifests", b'{"schemaVersion": 2}', "pets--latest")

    ran = envc("env", "pull", "pets")

    assert (ran.code, "error[E730]" in ran.err) == (2, True)
    assert not elsewhere.exists()


def test_ids_that_are_others_here_are_told(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    forge(registry, spec_id="sha256:" + "0" * 64, env_ids={"": {}})

    ran = envc("env", "pull", "pets")

    assert (ran.code, ran.out) == (0, "pets@1\n")
    assert ran.err.splitlines()[:3] == [
        "warning[W730]: `pets@1` is not quite what was pulled",
        "note: there, it has another spec id",
        "note: there, it has other env ids",
    ]
    assert elsewhere.is_dir()


def test_files_that_nothing_names_stay_behind(
    registry: OciStore, elsewhere: Path, envc: EnvcMain
) -> None:
    files = facts_of(registry, "pets--latest")["files"]
    digest = registry.put("team/envs", "blobs", b"x").removeprefix("sha256:")
    forge(registry, files=[*files, {**FILE, "path": "more", "sha256": digest}])

    ran = envc("env", "pull", "pets")

    assert (ran.code, "note: there, it has other files" in ran.err) == (0, True)
    assert "more" not in envc("env", "show", "pets").out
    assert elsewhere.is_dir()


def test_a_link_that_leads_out_does_not_travel(
    registry: OciStore, folder: Path, envc: EnvcMain
) -> None:
    (folder / "src" / "python").symlink_to("/usr/bin/python3")
    envc("env", "register", "pets.envc")

    ran = envc("env", "push", "pets")

    assert (ran.code, ran.out) == (2, "")
    told = "error[E733]: `pets@1` cannot travel: the link 'src/python' leads out of the folder"
    assert ran.err.startswith(told)
    assert registry.entries == {}


def test_a_name_that_is_too_long_for_a_tag_is_refused_before_anything_is_sent(
    registry: OciStore, folder: Path, envc: EnvcMain
) -> None:
    envc("env", "register", "pets.envc", "--label", "b" * 125)

    ran = envc("env", "push", "pets")

    assert (ran.code, "error[E735]" in ran.err) == (2, True)
    assert registry.entries == {}
    assert folder.is_dir()


def test_a_registry_that_dies_meanwhile_leaves_no_tag(
    registry: OciStore, folder: Path, envc: EnvcMain
) -> None:
    envc("env", "register", "pets.envc")
    registry.refusals = {"PUT": [507]}

    died = envc("env", "push", "pets")
    again = envc("env", "push", "pets")

    assert (died.code, died.out) == (3, "")
    assert (again.code, tags(registry)) == (0, ["pets--1", "pets--latest"])
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["push", "pets@4"], "E704"),
        (["push", "cats"], "E704"),
        (["push", "envc/minimal"], "E746"),
        (["push", "pets", "--as", "0"], "E001"),
        (["pull", "Pets"], "E705"),
        (["pull", "x.io/y:z", "--repository", "x.io/y"], "E001"),
        (["pull", "pets", "--repository", "envs"], "E673"),
        (["pull", "pets", "--repository", "x.io/No"], "E004"),
    ],
)
def test_wrong_words_are_told(pets: Path, envc: EnvcMain, words: list[str], code: str) -> None:
    ran = envc("env", *words)

    assert (ran.code, f"error[{code}]" in ran.err) == (2, True), ran.err
    assert pets.is_dir()


def test_without_a_repository_nobody_is_asked(
    pets: Path, envc: EnvcMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENVC_REPOSITORY")

    ran = envc("env", "push", "pets")

    assert ran.err.startswith("error[E673]: there is no registry to ask")
    assert pets.is_dir()
