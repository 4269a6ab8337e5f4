"""`envc explain SPEC`: every part of an env id, with its digest and where it comes from."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envc.canonical import digest, tree_digest
from envc.lock.codec import dumps
from envc.lock.model import Built
from envc.lock.package import SourcePackage, SystemPackage
from envc.plan.context import ContextFile
from support.workspace import SPEC, EnvcMain, lock_of

SPECS = Path(__file__).parents[2] / "specs"
NAMES = sorted(path.parent.name for path in SPECS.glob("*/ids.json"))


def _spec_of(name: str) -> Path:
    (path,) = (SPECS / name).glob(f"{name}.lock")
    return next(
        path.with_suffix(end) for end in (".envc", ".yaml") if path.with_suffix(end).exists()
    )


def _identities(answer: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield env id and root of each tree of an answer, whether the spec has a matrix or not."""
    variants = answer.get("variants", {"": answer})
    for name, variant in variants.items():
        for platform, node in variant["identity"].items():
            yield f"{name} {platform}", variant["env_ids"][platform], node


def _leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in node.get("children", ()):
        if "children" in child:
            yield from _leaves(child)
        else:
            yield child


@pytest.mark.parametrize("name", NAMES)
def test_the_root_of_each_tree_is_the_id_that_hash_prints(envc: EnvcMain, name: str) -> None:
    hashed = json.loads(envc("hash", str(_spec_of(name)), "--json").out)

    told = json.loads(envc("explain", str(_spec_of(name)), "--json").out)

    variants = hashed.get("variants", {"": hashed})
    expected = {
        f"{variant} {platform}": env_id
        for variant, ids in variants.items()
        for platform, env_id in ids["env_ids"].items()
    }
    assert {where: root["digest"] for where, _, root in _identities(told)} == expected
    assert {where: env_id for where, env_id, _ in _identities(told)} == expected


@pytest.mark.parametrize("name", NAMES)
def test_each_leaf_has_the_digest_of_its_value_and_a_place(envc: EnvcMain, name: str) -> None:
    told = json.loads(envc("explain", str(_spec_of(name)), "--json").out)

    leaves = [leaf for _, _, root in _identities(told) for leaf in _leaves(root)]
    assert [leaf["digest"] for leaf in leaves] == [digest(leaf["value"]) for leaf in leaves]
    assert [leaf["name"] for leaf in leaves if not leaf["places"]] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_line_that_is_cited_says_what_it_is_cited_for(envc: EnvcMain, name: str) -> None:
    told = json.loads(envc("explain", str(_spec_of(name)), "--json").out)

    packages = [
        (package, place)
        for _, _, root in _identities(told)
        for child in root["children"]
        if child["name"] == "layers"
        for package in _leaves(child)
        for place in package["places"]
    ]
    assert packages
    for package, place in packages:
        line = Path(place["file"]).read_text().splitlines()[place["line"] - 1]
        if place["origin"] == "lock":
            assert f'"name": "{package["name"]}"' in line
        else:
            asked = (place["via"] or package["name"]).replace("-", "[-_.]")
            assert re.search(rf"{asked}|\$\{{\{{", line[place["column"] - 1 :]) or "python" in line


def test_the_tree_is_readable(envc: EnvcMain) -> None:
    env_id = envc("hash", "pets.envc").out.split()[1]

    ran = envc("explain", "pets.envc")

    lines = ran.out.splitlines()
    told = [re.sub(r" {2,}", "  ", line.strip()) for line in lines]
    assert (ran.code, ran.err, lines[0]) == (0, "", f"linux/amd64 {env_id}")
    assert "base  python:3.12-slim-bookworm@aaaaaaaaaaaa  " in told[5]
    assert told[5].endswith("  pets.envc:3, pets.lock:15")
    assert [line.split("  ")[0] for line in told[1:]] == [
        "contract",
        "platform",
        "prefix",
        "created",
        "base",
        "python",
        "tools",
        "image",
        "python",
        "packages",
        "amd64",
        "uv",
        "arm64",
        "uv",
        "layers",
        "pip-1",
        "six",
        "user",
        "steps",
        "1",
        "app/a.py",
        "config",
        "variables",
        "VIRTUAL_ENV",
        "user",
        "workdir",
        "entrypoint",
        "command",
    ]


def test_a_copied_file_is_named_with_the_one_it_is_a_copy_of(envc: EnvcMain) -> None:
    told = json.loads(envc("explain", "pets.envc", "--json").out)

    ((_, _, root),) = _identities(told)
    (file,) = [leaf for leaf in _leaves(root) if leaf["name"] == "app/a.py"]
    assert file["places"] == [
        {"origin": "file", "file": "src/a.py", "line": None, "column": None, "via": None}
    ]


def test_a_part_from_an_included_file_is_told_with_that_file(envc: EnvcMain) -> None:
    told = json.loads(envc("explain", str(_spec_of("team")), "--json").out)

    bases = [
        place["file"]
        for _, _, root in _identities(told)
        for leaf in _leaves(root)
        if leaf["name"] == "base"
        for place in leaf["places"][:1]
    ]
    assert {Path(name).relative_to(SPECS).as_posix() for name in bases} == {"team/shared/base.envc"}


def test_a_variant_can_be_chosen(envc: EnvcMain) -> None:
    ran = envc("explain", str(_spec_of("team")), "--variant", "events")

    titles = [line for line in ran.out.splitlines() if "sha256:" in line and line[0] != " "]
    assert [title.rpartition(" ")[0] for title in titles] == ["events linux/amd64"]


def test_templates_are_parts_of_it(envc: EnvcMain, folder: Path) -> None:
    stages = folder / "house" / "stages"
    stages.mkdir(parents=True)
    (stages / "image.j2").write_text('{% extends "envc/stage.j2" %}\n')

    ran = envc("explain", "pets.envc", "--templates", "house")

    (line,) = [line for line in ran.out.splitlines() if "image.j2" in line]
    assert line.endswith("  house/stages/image.j2")
    assert ran.out.split()[1] == envc("hash", "pets.envc", "--templates", "house").out.split()[1]


def test_a_value_cannot_steer_the_terminal(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.envc").write_text(SPEC + 'variables { A = "\\u001b[31mB" }\n')

    ran = envc("explain", "pets.envc")

    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\ufffd[31mB" in ran.out


def test_a_spec_that_is_not_there_is_told(envc: EnvcMain) -> None:
    ran = envc("explain", "cats.envc")

    assert ran.code == 1
    assert "cats.envc" in ran.err


def test_a_spec_of_any_name_is_a_spec(envc: EnvcMain, folder: Path) -> None:
    shutil.copy(folder / "pets.envc", folder / "spec")
    shutil.copy(folder / "pets.lock", folder / "spec.lock")

    ran = envc("explain", "spec")

    assert ran.out.split()[1] == envc("hash", "pets.envc").out.split()[1]


def test_a_field_is_meant_where_a_file_has_its_name(envc: EnvcMain, folder: Path) -> None:
    shutil.copy(folder / "pets.envc", folder / "base")

    ran = envc("explain", "base")

    assert ran.out.startswith("base (optional)")


def test_options_of_a_spec_want_one(envc: EnvcMain) -> None:
    ran = envc("explain", "base", "--variant", "cpu")

    assert ran.code == 2
    assert "`--variant` is about a spec, and none was given" in ran.err


def test_a_spec_and_all_fields_are_not_asked_for_at_once(envc: EnvcMain) -> None:
    ran = envc("explain", "pets.envc", "--all")

    assert ran.code == 2
    assert "`--all` and a spec were given" in ran.err


def test_a_registered_version_is_explained(envc: EnvcMain) -> None:
    envc("env", "register", "pets.envc")

    ran = envc("explain", "pets@1")
    missing = envc("explain", "pets@2")

    assert ran.out.split()[1] == envc("hash", "pets.envc").out.split()[1]
    assert "  pets@1:pets.envc:3, pets@1:pets.lock:15\n" in ran.out
    assert "  pets@1:src/a.py\n" in ran.out
    assert (missing.code, "E704" in missing.err) == (2, True)


def test_an_environment_that_ships_with_envc_is_explained(envc: EnvcMain) -> None:
    ran = envc("explain", "envc/minimal")

    assert ran.code == 0
    assert "  envc/minimal:minimal.envc:" in ran.out


RARE = """\
environment pets

base image "python:3.12-slim-bookworm"
platforms linux/amd64
python 3.12
pip {
    source "lib"
    six
}
system { git, curl }
variables { VIRTUAL_ENV = "/opt/env" }
before packages { run "true" }
labels { org.example.a = "b" }
ports 80
stopsignal SIGINT
"""


def test_all_kinds_of_parts_are_named_with_their_places(envc: EnvcMain, folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "pyproject.toml").write_text("[project]\n")
    files = [ContextFile.of("pyproject.toml", b"[project]\n")]
    lock = lock_of(RARE)
    source = SourcePackage(
        name="lib",
        version="1.0",
        kind="folder",
        path="lib",
        sha256=tree_digest(files),
        backend="flit_core.buildapi",
    )
    debian = SystemPackage(
        name="git",
        version="1:2.39",
        architecture="amd64",
        url="https://deb.debian.org/git_2.39_amd64.deb",
        sha256="e" * 64,
        size=1000,
    )
    platform = lock.platforms["linux/amd64"].model_copy(
        update={"sources": (source,), "system": (debian,), "unresolved": ("curl",)}
    )
    rare = lock.model_copy(update={"platforms": {"linux/amd64": platform}})
    (folder / "rare.envc").write_text(RARE)
    (folder / "rare.lock").write_text(dumps(rare))

    ran = envc("explain", "rare.envc", "--json")

    ((_, env_id, root),) = _identities(json.loads(ran.out))
    assert root["digest"] == env_id == envc("hash", "rare.envc").out.split()[1]
    told = {leaf["name"]: (leaf["text"], _cited(leaf)) for leaf in _leaves(root)}
    assert {name: told[name] for name in ("lib", "git", "curl", "VIRTUAL_ENV")} == {
        "lib": ("1.0, built by flit_core.buildapi", ["rare.envc:7", "rare.lock"]),
        "git": ("1:2.39", ["rare.envc:10", "rare.lock"]),
        "curl": ("whatever the archive has when it is built", ["rare.envc:10", "rare.lock"]),
        "VIRTUAL_ENV": ("/opt/env", ["rare.envc:11"]),
    }
    assert told["org.example.a"] == ("b", ["rare.envc:13"])
    assert told["ports"] == ("80", ["rare.envc:14"])
    assert told["stopsignal"] == ("SIGINT", ["rare.envc:15"])
    before = next(child for child in root["children"] if child["name"] == "before")
    assert [(leaf["text"], _cited(leaf)) for leaf in _leaves(before)] == [
        ("run true", ["rare.envc:12"])
    ]


def test_a_base_that_is_built_is_told_with_its_dockerfile(envc: EnvcMain, folder: Path) -> None:
    image = "docker.io/library/python:3.12-slim-bookworm"
    text = SPEC.replace(f'base image "{image.rpartition("/")[2]}"', 'base dockerfile "Dockerfile"')
    dockerfile = f"FROM {image}\nCOPY src/a.py /a.py\n"
    (folder / "Dockerfile").write_text(dockerfile)
    lock = lock_of(text)
    digest = "sha256:" + "a" * 64
    platform = lock.platforms["linux/amd64"]
    built = Built(
        dockerfile=hashlib.sha256(dockerfile.encode()).hexdigest(), images={image: digest}
    )
    base = platform.base.model_copy(update={"built": built})
    own = platform.model_copy(update={"base": base})
    (folder / "own.envc").write_text(text)
    (folder / "own.lock").write_text(
        dumps(lock.model_copy(update={"platforms": {"linux/amd64": own}}))
    )

    ran = envc("explain", "own.envc", "--json")

    ((_, env_id, root),) = _identities(json.loads(ran.out))
    assert root["digest"] == env_id == envc("hash", "own.envc").out.split()[1]
    recipe = next(child for child in root["children"] if child["name"] == "recipe")
    assert [(leaf["name"], _cited(leaf)) for leaf in _leaves(recipe)] == [
        ("dockerfile", ["own.envc:3"]),
        (image, ["own.lock"]),
        ("stage", ["default"]),
        ("src/a.py", ["src/a.py"]),
    ]


def _cited(leaf: dict[str, Any]) -> list[str]:
    """Return the places of a leaf; of a lock's, whose lines are not the point, the file."""
    return [
        "default"
        if place["file"] is None
        else f"{place['file']}:{place['line']}"
        if place["origin"] == "spec"
        else place["file"]
        for place in leaf["places"]
    ]
