"""What was built and is not registered: kept by its record, found by its env id."""

from __future__ import annotations

import argparse
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envc.build.image import Image
from envc.cli.console import Console
from envc.cli.recording import Recorder
from envc.cli.referring import resolve_specs
from envc.machine import Machine
from envc.pipeline import registering
from envc.store.record import Anonymous
from envc.store.store import Store
from support.records import NOW, draft_of
from support.workspace import EnvcMain

ZOO = f"""\
environment zoo
param user = "1000"
base image "debian:12@sha256:{"a" * 64}"
user "${{{{ user }}}}"
matrix {{
    new {{ user = "1001" }}
    old {{ }}
}}
"""


def build(envc: EnvcMain, env_id: str = "", **arguments: Any) -> str:
    """Record that an image was built, as `build` does, and return its env id and what was said."""
    spec = Path("pets.envc")
    ids = json.loads(envc("hash", "pets.envc", "--json").out)["env_ids"]
    image = Image(
        name="envc:a",
        env_id=env_id or ids["linux/amd64"],
        platform="linux/amd64",
        digest="sha256:d",
        size_bytes=1,
        duration_s=1,
        is_cached=False,
    )
    machine = Machine.here()
    said = io.StringIO()
    console = Console(io.StringIO(), said, {}, has_json=False)
    named = argparse.Namespace(spec=spec, given={spec: str(spec)}, **arguments)
    Recorder(named, console, machine.home).record_images({"": image}, machine)
    assert said.getvalue() == ""
    return image.env_id.removeprefix("sha256:")


def kept() -> tuple[Anonymous, ...]:
    with Store.open(Path(os.environ["ENVC_HOME"])) as store:
        return store.anonymous()


def lacks() -> list[str]:
    return [one.lack for one in kept()]


def test_what_was_built_is_listed_shown_and_written_again(folder: Path, envc: EnvcMain) -> None:
    env_id = build(envc)
    before = (folder / "pets.lock").read_text()

    listed = envc("env", "list", "--anonymous")
    shown = envc("env", "show", env_id[:8])
    got = envc("env", "get", f"sha256:{env_id}", "there")

    assert listed.out.split()[0] == env_id[:12]
    assert listed.out.split()[2:] == ["pets", "linux/amd64", str(folder / "pets.envc")]
    assert shown.out.splitlines()[0] == env_id[:12]
    assert "src/a.py" in shown.out
    assert (got.code, got.out) == (0, "there/pets.envc\n")
    assert (folder / "there" / "pets.lock").read_text() == before
    assert envc("env", "list").err.startswith("nothing is registered")


def test_json_has_the_fields_of_a_version(folder: Path, envc: EnvcMain) -> None:
    env_id = build(envc)

    data = json.loads(envc("env", "show", env_id, "--json").out)

    assert data["reference"] == env_id[:12]
    assert (data["name"], data["origin"]) == ("pets", str(folder / "pets.envc"))
    assert (data["lack"], data["env_ids"]["linux/amd64"]) == (None, f"sha256:{env_id}")
    assert [(one["path"], one["role"]) for one in data["files"]] == [
        ("pets.envc", "spec"),
        ("pets.lock", "lock"),
        ("src/a.py", "file"),
    ]


def test_its_id_stands_for_a_spec_when_its_files_are_gone(folder: Path, envc: EnvcMain) -> None:
    env_id = build(envc)
    for name in ("pets.envc", "pets.lock", "src/a.py"):
        (folder / name).unlink()

    hashed = envc("hash", env_id[:12], "--json")
    registered = envc("env", "register", env_id[:12], "--name", "animals")
    shown = envc("env", "show", env_id[:12])

    assert json.loads(hashed.out)["env_ids"]["linux/amd64"] == f"sha256:{env_id}"
    assert registered.out == "animals@1\n"
    assert shown.out.splitlines()[0] == "animals@1"


def test_it_is_compared_with_a_spec(folder: Path, envc: EnvcMain) -> None:
    env_id = build(envc)
    (folder / "src" / "a.py").write_text("b\n")

    ran = envc("diff", env_id[:12], "pets.envc")

    assert ran.out.splitlines()[0] == f"{env_id[:12]} -> pets.envc"
    assert "src/a.py" in ran.out


def test_a_file_that_is_there_goes_before_an_id(folder: Path, envc: EnvcMain) -> None:
    env_id = build(envc)
    known = envc("hash", env_id[:12])
    (folder / env_id[:12]).write_text("")

    ran = envc("hash", env_id[:12])

    assert (known.code, ran.code) == (0, 1)
    assert f"there is no `{env_id[:12]}.lock`" in ran.err


def test_an_id_never_changes(envc: EnvcMain) -> None:
    env_id = build(envc)

    ran = envc("lock", env_id[:12])

    assert ran.code == 2
    assert f"error[E711]: `{env_id[:12]}` is what was built, and never changes" in ran.err


def test_nothing_is_kept_of_what_is_registered(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")

    build(envc)

    assert kept() == ()


def test_content_is_kept_once(envc: EnvcMain) -> None:
    build(envc)
    build(envc)

    assert lacks() == [""]


@pytest.mark.parametrize("arguments", [{"sets": ["a=b"]}, {"templates": Path("templates")}])
def test_what_the_command_line_gave_is_recorded_without_content(
    envc: EnvcMain, arguments: dict[str, Any]
) -> None:
    env_id = build(envc, "sha256:" + "7" * 64, **arguments)

    shown = envc("env", "show", env_id)
    ran = envc("hash", env_id)

    assert "it depends on `--set` or `--templates`" in shown.out
    assert (ran.code, "error[E715]: the content of" in ran.err) == (2, True)


def test_content_that_is_too_large_is_not_kept(folder: Path, envc: EnvcMain) -> None:
    with (folder / "src" / "large").open("wb") as file:
        file.truncate(50_000_001)

    env_id = build(envc)

    assert lacks() == ["size"]
    assert "its files have more than 50 MB" in envc("env", "show", env_id).out
    assert not list(Path(os.environ["ENVC_HOME"], "content").glob("*/*"))


def test_files_that_are_not_what_was_built_are_not_kept(envc: EnvcMain) -> None:
    build(envc, "sha256:" + "7" * 64)

    assert lacks() == ["files"]


def test_a_spec_that_is_wrong_meanwhile_is_not_kept(folder: Path, envc: EnvcMain) -> None:
    (folder / "pets.lock").unlink()
    draft = replace(draft_of(), digest="", spec_id="", files=())
    built = Anonymous(name="pets", draft=draft, origin="x", created=NOW)

    with Store.open(Path(os.environ["ENVC_HOME"])) as store:
        registering.remember(folder / "pets.envc", Machine.here(), built, store)

    assert kept() == (replace(built, lack="files"),)


def test_what_was_long_not_used_is_dropped(envc: EnvcMain) -> None:
    env_id = build(envc)

    early = envc("env", "prune", "--older-than", "1h")
    late = envc("env", "prune", "--older-than", "0h")

    assert (early.out, early.err) == ("", "dropped 0, which freed 0 B\n")
    assert late.out.split()[0] == env_id[:12]
    assert kept() == ()


def test_an_age_that_is_none_is_told(envc: EnvcMain) -> None:
    ran = envc("env", "prune", "--older-than", "soon")

    assert (ran.code, "`soon` is no time" in ran.err) == (2, True)


@pytest.mark.parametrize("words", [("hash", "0123456789ab"), ("env", "show", "01234567")])
def test_an_id_that_nothing_has_is_told(
    envc: EnvcMain, words: tuple[str, ...], tmp_path: Path
) -> None:
    without = envc(*words)
    build(envc)
    with_one = envc(*words)

    told = f"error[E714]: no environment whose env id starts with `{words[-1]}` is known here\n"
    assert (without.code, without.err.startswith(told)) == (2, True)
    assert (with_one.code, with_one.err.startswith(told)) == (2, True)


def test_digits_that_several_ids_start_with_are_told(envc: EnvcMain) -> None:
    build(envc, "sha256:" + "7" * 12 + "1" * 52)
    build(envc, "sha256:" + "7" * 12 + "2" * 52)

    ran = envc("env", "show", "7" * 12)

    first, second = "7" * 12 + "1111", "7" * 12 + "2222"
    assert (ran.code, ran.err) == (
        2,
        f"error[E713]: `{'7' * 12}` starts the ids of several environments: `{first}`, `{second}`\n"
        "hint: give more digits\n",
    )


def test_an_id_means_its_variant_unless_another_is_named(folder: Path, envc: EnvcMain) -> None:
    (folder / "zoo.envc").write_text(ZOO)
    assert envc("lock", "zoo.envc").code == 0
    whole = json.loads(envc("hash", "zoo.envc", "--json").out)["variants"]
    ids = {name: own["env_ids"]["linux/amd64"] for name, own in whole.items()}
    envc("env", "register", "zoo.envc")
    digits = ids["old"].removeprefix("sha256:")[:12]

    usual = envc("hash", digits)
    named = envc("hash", digits, "--variant", "new")

    assert list(ids) == ["new", "old"]
    assert (ids["old"] in usual.out, ids["new"] in usual.out) == (True, False)
    assert (ids["old"] in named.out, ids["new"] in named.out) == (False, True)


@pytest.mark.parametrize(
    ("given", "meant"), [(None, "linux/amd64"), ("linux/arm64", "linux/arm64")]
)
def test_an_id_means_its_platform_unless_another_is_named(
    folder: Path, envc: EnvcMain, given: str | None, meant: str
) -> None:
    digits = build(envc)[:12]
    arguments = argparse.Namespace(spec=Path(digits), variants=[], platform=given)
    console = Console(io.StringIO(), io.StringIO(), dict(os.environ), has_json=False)

    resolve_specs(arguments, console, is_changing=False)

    assert (arguments.platform, arguments.variants) == (meant, [])
    assert arguments.given == {arguments.spec: digits}
