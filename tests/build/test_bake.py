"""Plans of many builds, as bake reads them."""

from __future__ import annotations

import json
from pathlib import Path

from envc.build.bake import bake_command, write_plan
from envc.build.buildkit import BuildRequest, Planned, SecretFile, SecretVariable


def request(folder: Path) -> BuildRequest:
    return BuildRequest(
        context=folder / "pets",
        tag="envc:1",
        platform="linux/amd64",
        epoch=7,
        log=folder / "log",
        environment={},
        secrets={"T": SecretVariable(variable="T"), "CA": SecretFile(path=Path("/etc/ca.pem"))},
        contexts={"base": "oci-layout:///v/${x}"},
        network="host",
        no_cache=True,
        builder="farm",
        cache_from=("localhost:5000/cache:pets",),
    )


def test_a_target_says_all_that_a_build_by_itself_would(tmp_path: Path) -> None:
    plan = json.loads(write_plan({"pets": request(tmp_path)}, start=tmp_path))

    assert plan == {
        "group": {"default": {"targets": ["pets"]}, "envc": {"targets": ["pets"]}},
        "target": {
            "pets": {
                "context": "pets",
                "tags": ["envc:1"],
                "platforms": ["linux/amd64"],
                "args": {"SOURCE_DATE_EPOCH": "7"},
                "output": [
                    "type=docker,oci-mediatypes=true,compression=gzip,force-compression=true"
                ],
                "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
                "secret": ["id=CA,src=/etc/ca.pem", "id=T,env=T"],
                "contexts": {"base": "oci-layout:///v/$${x}"},
                "cache-from": ["type=registry,ref=localhost:5000/cache:pets"],
                "network": "host",
                "no-cache": True,
            }
        },
    }


def test_a_plan_of_nothing_is_a_plan() -> None:
    assert json.loads(write_plan({})) == {
        "group": {"default": {"targets": []}, "envc": {"targets": []}},
        "target": {},
    }


def test_one_target_is_built_under_a_name_of_its_own(tmp_path: Path) -> None:
    planned = Planned(plan=Path("/p/docker-bake.json"), target="pets")

    command = bake_command(request(tmp_path), planned, Path("/m.json"))

    assert command == [
        "docker",
        "buildx",
        "bake",
        "--progress=rawjson",
        "--file=/p/docker-bake.json",
        "--metadata-file=/m.json",
        "--set=pets.tags=envc:1",
        "--builder=farm",
        "--allow=network.host",
        "pets",
    ]
