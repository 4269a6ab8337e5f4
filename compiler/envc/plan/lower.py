"""A spec and its lock become the plan of a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from envc.dockerfile.adapt import Adapted
from envc.dockerfile.need import NOTHING
from envc.lock.model import Lock, PlatformLock
from envc.mirror import MirrorMap
from envc.plan.artefact import Artefacts
from envc.plan.assembly import (
    account_stages,
    assembly_list,
    assembly_stages,
    outline_stages,
    whole_stages,
)
from envc.plan.built import build_stages, source_files, source_stages
from envc.plan.context import ContextFile
from envc.plan.environment import (
    base_stages,
    built_layer_stages,
    layer_lists,
    layer_stages,
    tools_stages,
)
from envc.plan.fetch import Sources, local_wheel_files
from envc.plan.identity import env_id, identity_tree
from envc.plan.image import IMAGE_STAGES, image_stages, step_files, system_stages
from envc.plan.inputs import Inputs
from envc.plan.instruction import BuildPlan, Run, Stage
from envc.plan.layer import assign_layers
from envc.plan.layout import Layout, by_architecture
from envc.plan.listing import Listings
from envc.plan.override import NO_OVERRIDES, Overrides
from envc.plan.recipe import adapt_base, base_files, built_base_stages, identify_base
from envc.plan.setting import settings
from envc.plan.stage import BUILD_PLATFORM, SCRIPTS
from envc.plan.vendored import VENDOR, from_vendor
from envc.platform import PLATFORMS
from envc.spec.defaults import secrets as secrets_of
from envc.spec.model import EnvSpec
from envc.spec.normal import spec_id
from envc.syntax.document import Document

__all__ = ["FILE_TIME", "lower"]

_ALWAYS = ("base", "runtime", VENDOR, *IMAGE_STAGES)
"""Stages and contexts that any build may have, beside the stages of its packages."""

FILE_TIME = 946684800
"""2000-01-01: the time of every file that a build makes, one constant so that layers are shared."""

_LINT = (
    "Linters: stages that build are root's, the image is not (DL3002). A stage starts from another",
    "one, or from an image by its digest (DL3006). Each step has a RUN, and a cache, of its own (DL3059).",
)
"""Why a Dockerfile is as hadolint would not have it."""
_RULES = "DL3002,DL3006,DL3059"
_LINT_OF_SOME = {
    "DL3029": "The installers' image is there for one platform only (DL3029).",
    "DL3066": "The image runs as whom the spec names (DL3066).",
    "DL3067": "The environment is put together in a stage that has nothing else (DL3067).",
    "DL4006": "Steps are run by `sh -e`, whatever SHELL says (DL4006).",
}
"""The same, of what only some have."""


def lower(
    spec: EnvSpec,
    document: Document,
    lock: Lock,
    inputs: Inputs,
    *,
    scripts: Mapping[str, bytes],
    mirrors: MirrorMap,
    variant: str = "",
    overrides: Overrides = NO_OVERRIDES,
    is_vendored: bool = False,
) -> BuildPlan:
    """Return the build of a spec for all of its platforms.

    Args:
        lock: One that has not drifted from the spec.
        inputs: What the spec's copy steps and local wheels name.
        scripts: The build's own scripts, by file name.
        mirrors: Where artefacts are fetched from instead; no id depends on them.
        variant: The name of the spec's variant, for the reader only; empty where it has no matrix.
        overrides: The user's templates, which the ids depend on.
        is_vendored: Whether artefacts come from a vendor folder, the build context `vendor`; no id
            depends on it.
    """
    platforms: dict[str, PlatformLock] = {
        name: lock.platforms[name] for name in sorted(spec.platforms)
    }
    layouts = {name: _lay_out(spec, document, inputs, name, one) for name, one in platforms.items()}
    building = by_architecture(layouts)
    # What needs credentials was fetched with them when the folder was filled.
    sources = Sources.of(platforms, {} if is_vendored else secrets_of(spec), mirrors)
    artefacts = Artefacts.of(building, sources)
    lists = layer_lists(building, sources)
    listings = Listings(
        content={name: lists[name] | assembly_list(one) for name, one in building.items()}
    )
    epochs = {name: _created(locked) for name, locked in platforms.items()}
    after = (
        *artefacts.stages["system"],
        *tools_stages(building, sources),
        *layer_stages(building, artefacts, sources, listings),
        *system_stages(building, artefacts),
        *source_stages(building, sources, listings, is_vendored=is_vendored),
        *build_stages(building),
        *built_layer_stages(building),
        *outline_stages(building),
        *account_stages(building, listings),
        *assembly_stages(building, listings),
        *whole_stages(building),
    )
    adapted = _adapt(inputs, platforms, after)
    if adapted is None:
        base = base_stages(platforms)
    else:
        base = built_base_stages(adapted, platforms, document.span(("base", "dockerfile")))
    parts = (*base, *after)
    if is_vendored:
        parts = from_vendor(parts)
    templates = overrides.digests([*IMAGE_STAGES, *(stage.name for stage in parts)])
    trees = {
        name: identity_tree(
            name,
            layout.locked,
            layout.layers,
            layout.settings,
            created=epochs[name],
            templates=templates,
            recipe=identify_base(inputs.base, layout.locked) if inputs.base is not None else None,
        )
        for name, layout in layouts.items()
    }
    env_ids = {name: env_id(tree) for name, tree in trees.items()}
    stages = (*parts, *image_stages(building, env_ids, document))
    secrets = _required_secrets(stages)
    files = (
        *_script_files(stages, scripts),
        *listings.files(),
        *local_wheel_files(platforms, inputs.wheels),
        *source_files(building, inputs, is_vendored=is_vendored),
        *step_files(layout.settings for layout in layouts.values()),
        *(base_files(inputs.base) if inputs.base is not None else ()),
    )
    return BuildPlan(
        head=_head(
            spec,
            variant,
            epochs,
            options=_options(secrets, adapted),
            is_vendored=is_vendored,
            is_exact=inputs.base is None,
            findings=_findings(stages, layouts.values()),
        ),
        stages=stages,
        files=tuple(sorted(files, key=lambda file: file.path)),
        env_ids=env_ids,
        spec_id=spec_id(spec),
        secrets=secrets,
        epochs=epochs,
        preamble=adapted,
        trees=trees,
        layouts=layouts,
    )


def _lay_out(
    spec: EnvSpec, document: Document, inputs: Inputs, platform: str, locked: PlatformLock
) -> Layout:
    own = settings(
        spec,
        document,
        inputs,
        platform=platform,
        has_conda=bool(locked.conda),
        has_python=locked.python is not None,
    )
    return Layout.of(platform, locked, assign_layers(locked, budget=own.layer_budget), own)


def _adapt(
    inputs: Inputs, platforms: Mapping[str, PlatformLock], after: Iterable[Stage]
) -> Adapted | None:
    """Return the Dockerfile that the base is built with; None where it is an image."""
    if inputs.base is None:
        return None
    variants = [f"{name}-{one.architecture}" for name in _ALWAYS for one in PLATFORMS.values()]
    reserved = {*_ALWAYS, *variants, *(stage.name for stage in after)}
    return adapt_base(inputs.base, platforms, reserved)


def _created(locked: PlatformLock) -> int:
    """Return when the newest Conda package was built, in s; the one constant where none says so."""
    times = [package.timestamp // 1000 for package in locked.conda if package.timestamp is not None]
    return max(times, default=FILE_TIME)


def _runs(stages: Iterable[Stage]) -> list[Run]:
    return [i for stage in stages for i in stage.instructions if isinstance(i, Run)]


def _required_secrets(stages: Iterable[Stage]) -> tuple[str, ...]:
    """Return the names of the secrets that the build cannot do without, sorted."""
    secrets = [secret for run in _runs(stages) for secret in run.secrets]
    return tuple(sorted({secret.name for secret in secrets if secret.required}))


def _script_files(stages: Iterable[Stage], scripts: Mapping[str, bytes]) -> tuple[ContextFile, ...]:
    """Return the scripts that some stage runs, and those that are mounted beside them."""
    runs = list(_runs(stages))
    words = " ".join(word for run in runs for word in run.words)
    mounted = {mount.source for run in runs for mount in run.mounts}
    return tuple(
        ContextFile.of(f"{SCRIPTS.source}/{name}", scripts[name])
        for name in sorted(scripts)
        if f"{SCRIPTS.target}/{name}" in words or f"{SCRIPTS.source}/{name}" in mounted
    )


def _options(secrets: Iterable[str], adapted: Adapted | None) -> tuple[str, ...]:
    """Return the options by which `docker build` gets what steps need of whoever builds."""
    needs = adapted.needs if adapted is not None else NOTHING
    return tuple(sorted({*(f"--secret id={name},env={name}" for name in secrets), *needs.options}))


def _head(
    spec: EnvSpec,
    variant: str,
    epochs: Mapping[str, int],
    *,
    options: Sequence[str],
    is_vendored: bool,
    is_exact: bool,
    findings: Sequence[str],
) -> tuple[str, ...]:
    name = f"`{spec.environment}`, variant `{variant}`" if variant else f"`{spec.environment}`"
    lines = [
        f"The environment {name}, written by envc from its spec and its lock. Change those.",
        "",
        "`docker build .` gives the image. The same bits as everybody, to the manifest's digest:",
    ]
    if is_vendored:
        lines[2:] = [
            f"All files come from a folder that `envc vendor` has filled: the context `{VENDOR}`, given",
            f"by `--build-context {VENDOR}=DIR`. The image, the same bits as everybody's:",
        ]
    if options:
        told = "Every build is given what its steps need of whoever builds; it leaves no trace:"
        lines[2:2] = [told, *(f"    {option}" for option in options), ""]
    for platform, epoch in epochs.items():
        lines += [
            f"    docker buildx build --platform {platform} --provenance=false --sbom=false \\",
            *(f"        {option} \\" for option in options),
            f"        --build-arg SOURCE_DATE_EPOCH={epoch} "
            "--output type=image,name=NAME,oci-mediatypes=true .",
        ]
    if not is_exact:
        lines.append(
            "What the Dockerfile of the base does is its own: no lock has it but for its images."
        )
    why = (*_LINT, *(_LINT_OF_SOME[rule] for rule in findings))
    return (*lines, "", *why, f"hadolint global ignore={','.join((_RULES, *findings))}")


def _findings(stages: Iterable[Stage], layouts: Iterable[Layout]) -> tuple[str, ...]:
    """Return the rules of `_LINT_OF_SOME` that a linter would find broken."""
    stages, layouts = tuple(stages), tuple(layouts)
    steps = [word for run in _runs(stages) for word in run.words]
    broken = {
        "DL3029": any(one.platform not in (None, BUILD_PLATFORM) for one in stages),
        "DL3066": any(not one.settings.account.is_number for one in layouts),
        "DL3067": any(one.is_one_layer for one in layouts),
        "DL4006": any("|" in word for word in steps),
    }
    return tuple(rule for rule, is_broken in broken.items() if is_broken)
