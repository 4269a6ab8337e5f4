"""What image.json says of a build: its ids, and everything that they are made of."""

from __future__ import annotations

from envc.canonical import Json
from envc.plan.identity import CONTRACT, CONTRACT_LABEL, ENV_ID_LABEL, tag
from envc.plan.instruction import BuildPlan, ContextFile
from envc.spec.model import EnvSpec

__all__ = ["describe"]


def describe(plan: BuildPlan, spec: EnvSpec) -> dict[str, Json]:
    """Return the data of image.json; a function of the spec, the lock and the copied files alone."""
    return {
        "environment": spec.environment,
        "spec_id": plan.spec_id,
        "contract": CONTRACT,
        "source_date_epoch": plan.epoch,
        "secrets": list(plan.secrets),
        "reproducible": not _network_steps(spec),
        "network_steps": _network_steps(spec),
        "platforms": {name: _platform(plan, name) for name in plan.env_ids},
        "files": [_file(file) for file in plan.files],
        "check": spec.check.model_dump(mode="json", by_alias=True),
        "runtime": spec.runtime.model_dump(mode="json"),
        "serve": spec.serve.model_dump(mode="json") if spec.serve is not None else None,
    }


def _platform(plan: BuildPlan, name: str) -> dict[str, Json]:
    env_id = plan.env_ids[name]
    return {
        "env_id": env_id,
        "tag": tag(env_id),
        "labels": {CONTRACT_LABEL: str(CONTRACT), ENV_ID_LABEL: env_id},
        "inputs": plan.identities[name],
    }


def _network_steps(spec: EnvSpec) -> list[Json]:
    """Return the commands that may use the network: what they bring is not in the env id."""
    return [step.run.command for step in spec.steps if step.run is not None and step.run.network]


def _file(file: ContextFile) -> dict[str, Json]:
    row: dict[str, Json] = {"path": file.path, "mode": f"{file.mode:o}", "sha256": file.sha256}
    return row if file.link is None else {**row, "link": file.link}
