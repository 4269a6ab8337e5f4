"""From a spec's path to its plans and the files to write: a folder's content for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.errors import EnvcError, InputError
from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import (
    Checked,
    CheckedFile,
    compare_with_lock,
    lock_path,
    read_locked,
)

if TYPE_CHECKING:
    from envc.build.checks.claim import Checks
    from envc.compose import Choice
    from envc.lock.model import Lock
    from envc.pipeline.memo import Question, Result
    from envc.plan.context import ContextFile
    from envc.plan.inputs import Inputs
    from envc.plan.instruction import BuildPlan
    from envc.plan.override import Overrides
    from envc.render.dockerfile import Rendered
    from envc.source import Source

__all__ = [
    "Prepared",
    "PreparedFile",
    "checks_of",
    "compiled",
    "output_files",
    "prepare",
    "read_templates",
    "render_plan",
]


@frozen
class Prepared:
    """All that a compile of one variant knows before it writes.

    Attributes:
        path: The spec's.
        variant: Its name; empty where the spec has no matrix.
        texts: The files that the spec includes or extends, by path relative to its folder.
        overrides: The user's templates.
    """

    path: Path
    variant: str
    checked: Checked
    lock: Lock
    inputs: Inputs
    plan: BuildPlan
    texts: Mapping[str, Source]
    overrides: Overrides


@frozen
class PreparedFile:
    """All that a compile knows before it writes.

    Attributes:
        variants: Those that were asked for, by name, in the spec's order.
    """

    checked: CheckedFile
    variants: Mapping[str, Prepared]


def prepare(
    path: Path,
    machine: Machine,
    mirrors: MirrorMap,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
    is_vendored: bool = False,
) -> PreparedFile:
    """Return all that a compile knows before it writes.

    Args:
        mirrors: Whose addresses the Dockerfile is to have.
        variants: Those that are asked for; empty for all.
        choice: What the command line chose.
        templates: The folder of the user's templates.
        is_vendored: Whether artefacts come from a vendor folder.

    Raises:
        InputError: The spec or its lock is wrong, the lock is not that of the spec (E41x), or a
            file beside the spec is missing (E155 to E157).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have.
    """
    from envc.variant import choose_variants, merge_variants

    overrides = read_templates(templates)
    checked, locked = read_locked(path, machine, choice)
    chosen = choose_variants(checked.variants, variants)
    if found := compare_with_lock(checked, locked, chosen, choice):
        raise InputError(found)
    prepared: dict[str, Prepared] = {}
    failures: dict[str, EnvcError] = {}
    for name in chosen:
        try:
            prepared[name] = _prepare_variant(
                path,
                name,
                checked,
                locked.variants[name],
                mirrors,
                overrides,
                choice,
                cache=machine.cache,
                is_vendored=is_vendored,
            )
        except InputError as error:
            failures[name] = error
    if failures:
        raise merge_variants(failures, len(chosen))
    return PreparedFile(checked=checked, variants=prepared)


def read_templates(folder: Path | None) -> Overrides:
    """Return the user's templates; none where no folder is named.

    Raises:
        UsageError: There are no templates there (E560).
        InputError: One cannot be read (E560), or there is no use for it (E561).
    """
    from envc.plan.override import NO_OVERRIDES

    if folder is None:
        return NO_OVERRIDES
    from envc.pipeline.override import read_overrides

    return read_overrides(folder)


def _prepare_variant(
    path: Path,
    name: str,
    checked: CheckedFile,
    locked: Lock,
    mirrors: MirrorMap,
    overrides: Overrides,
    choice: Choice | None,
    *,
    cache: Path,
    is_vendored: bool,
) -> Prepared:
    from envc import resources
    from envc.lock.drift import drift
    from envc.pipeline.archives import name_archives
    from envc.pipeline.context.inputs import read_inputs
    from envc.pipeline.context.source_folder import digest_read_sources
    from envc.pipeline.context.wheel import list_linked
    from envc.plan.lower import lower
    from envc.spec.defaults import dockerfile_path

    own = checked.variants[name]
    spec, document = own.spec, own.document
    inputs = read_inputs(spec, document, path.parent, locked=locked.local_wheels)
    inputs = replace(inputs, archives=name_archives(locked.platforms.values(), cache))
    linked = dict.fromkeys(list_linked(spec, locked.local_wheels))
    wheels = linked | {name: wheel.sha256 for name, wheel in inputs.wheels.items()}
    wheels |= digest_read_sources(inputs)
    if inputs.base is not None and (dockerfile := dockerfile_path(spec)) is not None:
        wheels[dockerfile] = inputs.base.sha256
    if inputs.base is not None:
        wheels[inputs.base.context_name] = inputs.base.context_sha256
    sets = choice.sets if choice is not None else None
    if found := drift(spec, document, locked, wheels=wheels, sets=sets):
        raise InputError(found)
    scripts = resources.read_scripts()
    plan = lower(
        spec,
        document,
        locked,
        inputs,
        scripts=scripts,
        mirrors=mirrors,
        variant=name,
        overrides=overrides,
        is_vendored=is_vendored,
    )
    return Prepared(
        path=path,
        variant=name,
        checked=own,
        lock=locked,
        inputs=inputs,
        plan=plan,
        texts=checked.files,
        overrides=overrides,
    )


def compiled(
    path: Path,
    machine: Machine,
    mirrors: MirrorMap,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
    is_vendored: bool = False,
) -> Result:
    """Return what a compile gives; for files that have not changed since, the result that is kept.

    Raises:
        InputError: As `prepare`, or a template is wrong (E562, E563).
        UsageError: As `prepare`, or a mirror has a password in its address (E012).
    """
    _refuse_passwords(mirrors)
    from envc.pipeline.memo import Question, recall

    question = Question(
        spec=path,
        lock=lock_path(path),
        mirrors=mirrors.pairs,
        sets=tuple(sorted(choice.sets.items())) if choice is not None else (),
        variants=tuple(sorted(set(variants))),
        templates=tuple(
            (name, source.text)
            for name, source in sorted(read_templates(templates).sources.items())
        ),
        is_vendored=is_vendored,
        cache=machine.cache,
    ).ask()
    overrides = tuple(templates / name for name, _ in question.templates) if templates else ()
    if (found := recall(question)) is not None:
        return replace(found, sources=(*found.sources, *overrides))
    prepared = prepare(
        path,
        machine,
        mirrors,
        variants=variants,
        choice=choice,
        templates=templates,
        is_vendored=is_vendored,
    )
    done = _compile_anew(question, prepared)
    return replace(done, sources=(*done.sources, *overrides))


def _compile_anew(question: Question, prepared: PreparedFile) -> Result:
    from envc.pipeline.memo import Brought, Result, VariantResult, remember
    from envc.spec.defaults import dockerfile_path

    checked, folder = prepared.checked, question.spec.parent
    brought: list[Brought] = []
    beside = {folder / name for name in checked.files}
    variants: dict[str, VariantResult] = {}
    for name, one in prepared.variants.items():
        trees = {taken: (tree.is_folder, tree.files) for taken, tree in one.inputs.trees.items()}
        files = [file for _, files in trees.values() for file in files]
        files += one.inputs.wheels.values()
        files += one.inputs.base.files if one.inputs.base is not None else ()
        if (dockerfile := dockerfile_path(one.checked.spec)) is not None:
            beside.add(folder / dockerfile)
        beside |= {Path(file.origin_path) for file in files if file.origin_path is not None}
        wheels = {name: wheel.sha256 for name, wheel in one.inputs.wheels.items()}
        texts = {name: source.text for name, source in checked.files.items()}
        archives = {sha256: file.origin_path or "" for sha256, file in one.inputs.archives.items()}
        brought.append(Brought.of(trees, wheels, texts, archives))
        variants[name] = VariantResult(
            spec_id=one.plan.spec_id,
            env_ids=dict(sorted(one.plan.env_ids.items())),
            checks={platform: checks_of(one, platform).identity for platform in one.plan.env_ids},
            files=output_files(one, render_plan(one)),
            unresolved={
                platform: locked.unresolved
                for platform, locked in sorted(one.lock.platforms.items())
                if locked.unresolved
            },
        )
    result = Result(
        environment=checked.environment,
        spec_id=checked.spec_id,
        names=tuple(checked.variants),
        variants=variants,
        sources=(question.spec, question.lock, *sorted(beside)),
    )
    if all(one.inputs.base is None for one in prepared.variants.values()):
        # What a Dockerfile may copy is read anew each time: only Docker's rules tell what that is.
        remember(question, result, brought)
    return result


def checks_of(prepared: Prepared, platform: str) -> Checks:
    """Return what must hold in the image for a platform."""
    from envc.build.checks.claim import Checks

    own = prepared.checked
    return Checks.of(own.spec, own.document, prepared.lock.platforms[platform])


def render_plan(prepared: Prepared) -> Rendered:
    """Return the Dockerfile.

    Raises:
        InputError: A template of the user's is wrong (E562, E563).
    """
    from envc import resources
    from envc.render.dockerfile import render

    return render(prepared.plan, resources.read_templates(), prepared.overrides)


def output_files(prepared: Prepared, rendered: Rendered) -> tuple[ContextFile, ...]:
    """Return all that a compile writes: the context, `Dockerfile` and `image.json`."""
    from envc.pipeline.output import manifest
    from envc.plan.context import ContextFile
    from envc.render.manifest import facts

    spec, lock, plan = prepared.checked.spec, prepared.lock, prepared.plan
    dockerfile = ContextFile.of("Dockerfile", rendered.text.encode())
    files = (*plan.files, dockerfile)
    own = facts(
        spec,
        lock,
        plan,
        _digests(prepared),
        variant=prepared.variant,
        templates=prepared.overrides.digests(stage.name for stage in plan.stages),
    )
    return (*files, manifest(own, files))


def _digests(prepared: Prepared) -> dict[str, str]:
    """Return the SHA-256 of every file that was read, by its path relative to the spec."""
    from envc.files import sha256_of
    from envc.pipeline.context.inputs import list_files
    from envc.spec.defaults import dockerfile_path

    path = prepared.path
    own = {place.name: sha256_of(place) for place in (path, lock_path(path))}
    if (dockerfile := dockerfile_path(prepared.checked.spec)) is not None:
        own[dockerfile] = sha256_of(path.parent / dockerfile)
    texts = {name: sha256_of(path.parent / name) for name in prepared.texts}
    beside = {name: file.sha256 for name, file in list_files(prepared.inputs).items()}
    return own | texts | beside


def _refuse_passwords(mirrors: MirrorMap) -> None:
    """Refuse a mirror that would put a password into the Dockerfile, without repeating it.

    Raises:
        UsageError: One has a user or a password in its address (E012).
    """
    from urllib.parse import urlsplit

    from envc.diagnostics import Diagnostic
    from envc.errors import UsageError

    private = [name for name, mirror in mirrors.pairs if "@" in urlsplit(mirror).netloc]
    if private:
        raise UsageError(
            [
                Diagnostic(
                    code="E012",
                    message=f"the mirror of `{name}` has a password in its address",
                    hint="leave it out: a Dockerfile and its log would show it; an index's own "
                    "`secret` is used at its mirror, too",
                )
                for name in private
            ]
        )
