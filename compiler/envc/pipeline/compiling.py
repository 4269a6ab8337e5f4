"""A locked spec becomes a folder that `docker build` accepts, or is compared with it: what `compile` does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.errors import DriftError
from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.hashing import Identity, identity_of

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.pipeline.memo import Result, VariantResult
    from envc.pipeline.output import Changes

__all__ = ["Compiled", "check_compiled", "compile", "write_depfile"]


@frozen
class Compiled:
    """A folder, or one for each variant, that `docker build` accepts.

    Attributes:
        folder: What was asked for.
        folders: Where each variant's files are: the folder itself, or one in it.
        changes: In the folder.
        sources: All files that were read: the spec, its lock, then the others, sorted.
        warnings: What the lock does not pin (W550).
        layers: What `image.json` says of each platform's layers, by variant and platform.
    """

    folder: Path
    folders: Mapping[str, Path]
    changes: Changes
    identity: Identity
    sources: tuple[Path, ...]
    warnings: tuple[Diagnostic, ...] = ()
    layers: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]] = field(default_factory=dict)


def compile(  # noqa: A001  # the verb's own name
    path: Path,
    folder: Path,
    machine: Machine,
    *,
    mirrors: MirrorMap | None = None,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
    vendor: Path | None = None,
    is_offline: bool = False,
) -> Compiled:
    """Write the Dockerfile of a spec and its lock, and all that it needs, into a folder.

    Of a spec with a matrix, each variant has a folder of its name in it, unless one is asked for.

    Args:
        mirrors: Whose addresses the Dockerfile is to have; by default none, so that everybody's is
            the same.
        variants: Those to compile; empty for all.
        choice: What the command line chose of the spec's parameters.
        templates: The folder of the user's templates.
        vendor: The folder that artefacts come from instead of the network, which must hold them.
        is_offline: Whether commits that the lock pins and the cache does not have are refused.

    Raises:
        InputError: The spec, its lock or a template is wrong, the lock is not that of the spec, or
            a commit cannot be had (E352, E357, E359).
        UsageError: The folder is somebody else's (E550 to E552), or a variant is asked for that
            the spec does not have (E007, E008).
        ToolError: The folder cannot be written (E553), or a repository cannot be read (E349 to
            E351, E356).
    """
    from envc.pipeline.archives import bring_files
    from envc.pipeline.output import write, write_variants

    result = _result_of(path, machine, mirrors, variants, choice, templates, vendor)
    files = {name: one.files for name, one in result.variants.items()}
    for own in files.values():
        bring_files(path, own, machine, is_offline=is_offline)
    if _is_direct(result, variants):
        changes = write(folder, *files.values())
    else:
        changes = write_variants(folder, result.environment, files, names=result.names)
    return _report(result, folder, changes, variants)


def check_compiled(
    path: Path,
    folder: Path,
    machine: Machine,
    *,
    mirrors: MirrorMap | None = None,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
    vendor: Path | None = None,
) -> Compiled:
    """Compare a folder with what `compile` would write there; nothing is touched.

    Raises:
        DriftError: They differ (E554).
        InputError: As `compile`.
        UsageError: As `compile`.
    """
    from envc.pipeline.output import compare, compare_variants, explain

    result = _result_of(path, machine, mirrors, variants, choice, templates, vendor)
    files = {name: one.files for name, one in result.variants.items()}
    if _is_direct(result, variants):
        changes = compare(folder, *files.values())
    else:
        changes = compare_variants(folder, result.environment, files, names=result.names)
    if changes:
        sets = choice.sets.items() if choice is not None else ()
        words = [f"--variant {name}" for name in variants]
        words += [f"--set {name}={shlex.quote(value)}" for name, value in sets]
        words += [f"--vendor {shlex.quote(str(vendor))}"] if vendor is not None else []
        words += [f"--templates {shlex.quote(str(templates))}"] if templates is not None else []
        hint = f"run `{' '.join(['envc compile', str(path), '-o', str(folder), *words])}`"
        raise DriftError([explain(folder, changes, hint=hint)])
    return _report(result, folder, changes, variants)


def write_depfile(path: Path, compiled: Compiled) -> None:
    """Write a rule for Make: all files that a compile's `image.json` was made from.

    Raises:
        ToolError: It cannot be written (E553).
    """
    from envc.pipeline.output import MANIFEST, depfile, write_beside

    targets = [folder / MANIFEST for folder in compiled.folders.values()]
    write_beside(path, depfile(targets, compiled.sources))


def _result_of(
    path: Path,
    machine: Machine,
    mirrors: MirrorMap | None,
    variants: Sequence[str],
    choice: Choice | None,
    templates: Path | None,
    vendor: Path | None,
) -> Result:
    """Return what a folder is to hold; whether a vendor folder has all of it is looked up first."""
    from envc.pipeline.prepared import compiled

    if vendor is not None:
        from envc.pipeline.vendoring import check_vendored

        check_vendored(path, vendor, machine, variants=variants, choice=choice)
    return compiled(
        path,
        machine,
        mirrors or MirrorMap(),
        variants=variants,
        choice=choice,
        templates=templates,
        is_vendored=vendor is not None,
    )


def _is_direct(result: Result, variants: Sequence[str]) -> bool:
    """Whether a compile goes straight into its folder: one variant that is asked for, or the only."""
    return "" in result.variants or (bool(variants) and len(result.variants) == 1)


def _report(result: Result, folder: Path, changes: Changes, variants: Sequence[str]) -> Compiled:
    is_direct = _is_direct(result, variants)
    return Compiled(
        folder=folder,
        folders={name: folder if is_direct else folder / name for name in result.variants},
        changes=changes,
        identity=identity_of(result),
        sources=result.sources,
        warnings=tuple(_warn_of_unresolved(result)),
        layers={name: _read_layers(one) for name, one in result.variants.items()},
    )


def _read_layers(one: VariantResult) -> dict[str, list[dict[str, Any]]]:
    """Return what a variant's `image.json` says of the layers of each platform."""
    from envc.pipeline.output import MANIFEST

    content = next((file.content for file in one.files if file.path == MANIFEST), None)
    platforms = json.loads(content or b"{}").get("platforms", {})
    return {name: facts["layers"] for name, facts in platforms.items()}


def _warn_of_unresolved(result: Result) -> Iterator[Diagnostic]:
    """Yield a warning for each set of Debian packages that nobody could pin; see W462."""
    told: dict[tuple[str, ...], list[str]] = {}
    for one in result.variants.values():
        for platform, names in one.unresolved.items():
            places = told.setdefault(names, [])
            places += [platform] if platform not in places else []
    for names, platforms in told.items():
        listed = ", ".join(f"`{name}`" for name in names)
        yield Diagnostic(
            code="W550",
            message=f"the lock does not pin the Debian packages {listed} for {', '.join(platforms)}",
            hint="lock again where a Docker engine answers: now the build installs whatever the "
            "archive has that day",
        )
