"""The published vectors of the ids: others can check their programs by them, and we our promises."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from envc import resources
from envc.canonical import readable_json
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.prepared import Prepared, PreparedFile, prepare
from envc.plan import label
from envc.plan.identity import identity_tree
from envc.plan.setting import settings
from envc.spec import normal

TESTS = Path(__file__).parent
VECTORS = TESTS / "vectors" / "identity"
SPECS = TESTS.parent / "specs"
NAMES = (
    "analysis.yaml",
    "inference.envc",
    "numerics.envc",
    "pets.envc",
    "quickstart.envc",
    "service.envc",
    "team.envc",
    "training.envc",
)


def make_vectors(prepared: Prepared) -> dict[str, Any]:
    """Return by name what each id of a spec is the digest of, and the id."""
    checked, plan = prepared.checked, prepared.plan
    locked = {name: prepared.lock.platforms[name] for name in plan.env_ids}
    meant = {"contract": normal.CONTRACT, "spec": normal.normal_form(checked.spec)}
    vectors = {"spec": {"id": plan.spec_id, "of": meant}}
    for name, one in locked.items():
        own = settings(
            checked.spec,
            checked.document,
            prepared.inputs,
            platform=name,
            has_conda=bool(one.conda),
            has_python=one.python is not None,
        )
        tree = identity_tree(name, one, plan.layouts[name].layers, own, created=plan.epochs[name])
        vectors[name] = {"id": plan.env_ids[name], "of": tree}
    return vectors


def make_all_vectors(prepared: PreparedFile) -> dict[str, Any]:
    """Return the vectors of a spec; of one with a matrix, those of each variant by its name too."""
    if "" in prepared.variants:
        return make_vectors(prepared.variants[""])
    forms = {
        name: normal.normal_form(checked.spec)
        for name, checked in prepared.checked.variants.items()
    }
    whole = {"contract": normal.CONTRACT, "variants": forms}
    return {
        "spec": {"id": prepared.checked.spec_id, "of": whole},
        **{
            f"{variant} {name}": vector
            for variant, one in prepared.variants.items()
            for name, vector in make_vectors(one).items()
        },
    }


def check_golden(path: Path, actual: str, *, update: bool) -> None:
    if update:
        path.write_text(actual)
    assert path.read_text() == actual


@pytest.mark.parametrize("name", NAMES)
def test_the_ids_of_an_example_are_made_of_what_is_published(
    name: str, tmp_path: Path, update_golden: bool
) -> None:
    spec = SPECS / name.partition(".")[0] / name
    machine = Machine(environment={}, cache=tmp_path, mirrors=MirrorMap())

    vectors = make_all_vectors(prepare(spec, machine, MirrorMap()))

    check_golden(VECTORS / f"{spec.stem}.json", readable_json(vectors), update=update_golden)


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_an_id_is_the_digest_of_what_stands_beside_it(path: Path) -> None:
    for vector in json.loads(path.read_text()).values():
        text = json.dumps(vector["of"], sort_keys=True, separators=(",", ":"), ensure_ascii=True)

        assert vector["id"] == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_the_scripts_of_a_contract_are_the_same_for_good(update_golden: bool) -> None:
    """Ids do not hold the build's scripts: who changes what a layer holds has to raise CONTRACT."""
    scripts = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in resources.read_scripts().items()
    }

    actual = readable_json({"contract": label.CONTRACT, "scripts": scripts})

    check_golden(TESTS / "vectors" / "scripts.json", actual, update=update_golden)
