"""A spec and its lock become the plan of a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from envc.lock.model import Lock, PlatformLock
from envc.mirror import MirrorMap
from envc.plan.environment import base_stages, environment_stages, tools_stages
from envc.plan.fetch import conda_package_stages, listing_files, tool_wheel_stages, wheel_stages
from envc.plan.identity import env_id, identity_tree
from envc.plan.image import image_stages, step_files
from envc.plan.inputs import Inputs
from envc.plan.instruction import BuildPlan, ContextFile
from envc.plan.setting import settings
from envc.spec.defaults import indexes
from envc.spec.model import EnvSpec
from envc.spec.normal import spec_id
from envc.syntax.document import Document

__all__ = ["lower"]

FILE_TIME = 946684800
"""2000-01-01: the time of every file that a build makes, one constant so that layers are shared."""


def lower(
    spec: EnvSpec,
    document: Document,
    lock: Lock,
    inputs: Inputs,
    *,
    scripts: Mapping[str, bytes],
    mirrors: MirrorMap,
) -> BuildPlan:
    """Return the build of a spec for all of its platforms.

    Args:
        lock: One that has not drifted from the spec.
        inputs: What the spec's copy steps and local wheels name.
        scripts: The build's own scripts, by file name.
        mirrors: Where artefacts are fetched from instead; no id depends on them.
    """
    platforms: dict[str, PlatformLock] = {
        name: lock.platforms[name] for name in sorted(spec.platforms)
    }
    secrets = {index.url: index.secret for index in indexes(spec) if index.secret is not None}
    own = {name: settings(spec, document, locked, inputs) for name, locked in platforms.items()}
    epoch = max(_created(locked) for locked in platforms.values())
    env_ids = {
        name: env_id(identity_tree(name, locked, own[name], created=epoch))
        for name, locked in platforms.items()
    }
    stages = (
        *base_stages(platforms),
        *tool_wheel_stages(platforms, mirrors),
        *tools_stages(platforms),
        *conda_package_stages(platforms, mirrors),
        *wheel_stages(platforms, secrets, mirrors),
        *environment_stages(platforms),
        *image_stages(platforms, own, env_ids, document),
    )
    files = (
        *(ContextFile.of(f"scripts/{name}", content) for name, content in scripts.items()),
        *listing_files(platforms, secrets, mirrors),
        *(replace(file, path=f"wheels/{file.path}") for file in inputs.wheels.values()),
        *step_files(own),
    )
    return BuildPlan(
        head=_head(spec, epoch),
        stages=stages,
        files=tuple(sorted(files, key=lambda file: file.path)),
        env_ids=env_ids,
        spec_id=spec_id(spec),
        secrets=tuple(sorted(set(secrets.values()))),
        epoch=epoch,
    )


def _created(locked: PlatformLock) -> int:
    """Return when the newest Conda package was built, in s; the one constant where none says so."""
    times = [package.timestamp // 1000 for package in locked.conda if package.timestamp is not None]
    return max(times, default=FILE_TIME)


def _head(spec: EnvSpec, epoch: int) -> tuple[str, ...]:
    return (
        f"The environment `{spec.environment}`, written by envc from its spec and its lock. Change those.",
        "",
        "`docker build .` gives the image. The same bits as everybody, to the manifest's digest:",
        "    docker buildx build --provenance=false --sbom=false "
        f"--build-arg SOURCE_DATE_EPOCH={epoch} \\",
        "        --output type=image,name=NAME,oci-mediatypes=true .",
    )
