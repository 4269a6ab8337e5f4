"""The public API: each function takes a spec's path and composes the stages up to what it returns.

    >>> from pathlib import Path
    >>> from envc import pipeline
    >>> pipeline.lock_path(Path("specs/pets.envc"))
    PosixPath('specs/pets.lock')

Stages are imported where they are used: `identify` and `compile` load no solver and no SDK.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.errors import DriftError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import Checked, CheckedFile, check_file, check_vouched, lock_path, read

if TYPE_CHECKING:
    from envc.build.terms import COMPRESSIONS, PULLS, Compression, Pull, Terms
    from envc.compose import Choice
    from envc.doctor import Finding
    from envc.pipeline.attesting import Attested, AttestOptions, attest, list_attestations
    from envc.pipeline.baking import bake, write_bake
    from envc.pipeline.building import BuildOptions, build
    from envc.pipeline.comparison import Agreed, check_lock
    from envc.pipeline.differing import Differed, DiffOptions, ImageDifference, diff
    from envc.pipeline.interchange import Imported, adopt, export, import_spec
    from envc.pipeline.locking import Locked, LockedVariant, LockOptions, lock, lock_all
    from envc.pipeline.memo import Result, VariantResult
    from envc.pipeline.output import Changes
    from envc.pipeline.registering import RegisterOptions, register
    from envc.pipeline.review import Fixed, fix, fix_source, lint
    from envc.pipeline.rewrite import (
        check_format,
        check_source,
        convert,
        format_files,
        format_source,
    )
    from envc.pipeline.running import provide_image, run, run_image
    from envc.pipeline.scaffolding import Scaffold, copy_curated, init
    from envc.pipeline.survey import Outdated, outdated
    from envc.pipeline.tracing import Traced, TracedVariant, trace
    from envc.pipeline.vendoring import Vendored, VendorOptions, vendor
    from envc.pipeline.verifying import verify

__all__ = [
    "COMPRESSIONS",
    "PULLS",
    "Agreed",
    "AttestOptions",
    "Attested",
    "BuildOptions",
    "Checked",
    "CheckedFile",
    "Compiled",
    "Compression",
    "DiffOptions",
    "Differed",
    "Fixed",
    "Identity",
    "ImageDifference",
    "Imported",
    "LockOptions",
    "Locked",
    "LockedVariant",
    "Machine",
    "Outdated",
    "Pull",
    "RegisterOptions",
    "Scaffold",
    "Terms",
    "Traced",
    "TracedVariant",
    "VariantIdentity",
    "VendorOptions",
    "Vendored",
    "adopt",
    "attest",
    "bake",
    "build",
    "check_compiled",
    "check_file",
    "check_format",
    "check_lock",
    "check_source",
    "compile",
    "convert",
    "copy_curated",
    "diff",
    "examine",
    "export",
    "fix",
    "fix_source",
    "format_files",
    "format_source",
    "identify",
    "import_spec",
    "init",
    "lint",
    "list_attestations",
    "lock",
    "lock_all",
    "lock_path",
    "outdated",
    "provide_image",
    "read",
    "register",
    "run",
    "run_image",
    "spec_id",
    "trace",
    "variant_spec_ids",
    "vendor",
    "verify",
    "write_bake",
    "write_depfile",
]

_ELSEWHERE = {
    "envc.pipeline.attesting": "Attested AttestOptions attest list_attestations",
    "envc.pipeline.baking": "bake write_bake",
    "envc.build.terms": "COMPRESSIONS Compression PULLS Pull Terms",
    "envc.pipeline.building": "BuildOptions build",
    "envc.pipeline.comparison": "Agreed check_lock",
    "envc.pipeline.differing": "Differed DiffOptions ImageDifference diff",
    "envc.pipeline.interchange": "Imported adopt export import_spec",
    "envc.pipeline.locking": "Locked LockedVariant LockOptions lock lock_all",
    "envc.pipeline.registering": "RegisterOptions register",
    "envc.pipeline.review": "Fixed fix fix_source lint",
    "envc.pipeline.rewrite": "check_format check_source convert format_files format_source",
    "envc.pipeline.running": "provide_image run run_image",
    "envc.pipeline.scaffolding": "Scaffold copy_curated init",
    "envc.pipeline.survey": "Outdated outdated",
    "envc.pipeline.tracing": "Traced TracedVariant trace",
    "envc.pipeline.vendoring": "Vendored VendorOptions vendor",
    "envc.pipeline.verifying": "verify",
}
"""Where the names are defined that are imported when they are first asked for."""


if not TYPE_CHECKING:  # to type checkers, every name would be there

    def __getattr__(name: str) -> Any:
        """Return what another module defines (PEP 562): no verb pays for what only others need.

        Raises:
            AttributeError: Nobody defines it.
        """
        for module, names in _ELSEWHERE.items():
            if name in names.split():
                return getattr(import_module(module), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantIdentity:
    """The ids of a variant: its own spec's, and its environment's for each platform, sorted."""

    spec_id: str
    env_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The ids of a spec.

    Attributes:
        spec_id: Of the whole spec.
        variants: By name, in the spec's order; of a spec without a matrix, the only name is the
            empty one.
    """

    spec_id: str
    variants: Mapping[str, VariantIdentity]


@dataclass(frozen=True, slots=True, kw_only=True)
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


def spec_id(path: Path, machine: Machine, *, choice: Choice | None = None) -> str:
    """Return the spec id: no lock is needed, but one beside the spec saves loading a solver.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx).
    """
    return check_vouched(path, machine, choice).spec_id


def variant_spec_ids(
    path: Path, machine: Machine, variants: Sequence[str], *, choice: Choice | None = None
) -> dict[str, str]:
    """Return the spec id of some variants, by name, in the spec's order.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx).
        UsageError: A variant is asked for that the spec does not have (E007, E008).
    """
    from envc.spec import normal
    from envc.variant import choose_variants

    checked = check_vouched(path, machine, choice).variants
    return {name: normal.spec_id(checked[name].spec) for name in choose_variants(checked, variants)}


def identify(
    path: Path,
    machine: Machine,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
) -> Identity:
    """Return the ids of a spec and of its environment: known without building.

    Args:
        variants: Those to identify; empty for all.
        choice: What the command line chose of the spec's parameters.
        templates: The folder of the user's templates.

    Raises:
        InputError: The spec, its lock or a template is wrong, or the lock is not that of the spec.
        UsageError: A variant is asked for that the spec does not have (E007, E008).
    """
    from envc.pipeline.prepared import compiled

    return _identity(
        compiled(path, machine, MirrorMap(), variants=variants, choice=choice, templates=templates)
    )


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
    from envc.pipeline.prepared import compiled

    if vendor is not None:
        from envc.pipeline.vendoring import check_vendored

        check_vendored(path, vendor, machine, variants=variants, choice=choice)
    result = compiled(
        path,
        machine,
        mirrors or MirrorMap(),
        variants=variants,
        choice=choice,
        templates=templates,
        is_vendored=vendor is not None,
    )
    files = {name: one.files for name, one in result.variants.items()}
    for own in files.values():
        bring_files(path, own, machine, is_offline=is_offline)
    if _is_direct(result, variants):
        changes = write(folder, *files.values())
    else:
        changes = write_variants(folder, result.environment, files, names=result.names)
    return _compiled(result, folder, changes, variants)


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
    from envc.pipeline.prepared import compiled

    if vendor is not None:
        from envc.pipeline.vendoring import check_vendored

        check_vendored(path, vendor, machine, variants=variants, choice=choice)
    result = compiled(
        path,
        machine,
        mirrors or MirrorMap(),
        variants=variants,
        choice=choice,
        templates=templates,
        is_vendored=vendor is not None,
    )
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
    return _compiled(result, folder, changes, variants)


def write_depfile(path: Path, compiled: Compiled) -> None:
    """Write a rule for Make: all files that a compile's `image.json` was made from.

    Raises:
        ToolError: It cannot be written (E553).
    """
    from envc.pipeline.output import MANIFEST, depfile, write_beside

    targets = [folder / MANIFEST for folder in compiled.folders.values()]
    write_beside(path, depfile(targets, compiled.sources))


def _is_direct(result: Result, variants: Sequence[str]) -> bool:
    """Whether a compile goes straight into its folder: one variant that is asked for, or the only."""
    return "" in result.variants or (bool(variants) and len(result.variants) == 1)


def _compiled(result: Result, folder: Path, changes: Changes, variants: Sequence[str]) -> Compiled:
    is_direct = _is_direct(result, variants)
    return Compiled(
        folder=folder,
        folders={name: folder if is_direct else folder / name for name in result.variants},
        changes=changes,
        identity=_identity(result),
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


def _identity(result: Result) -> Identity:
    variants = {
        name: VariantIdentity(spec_id=one.spec_id, env_ids=one.env_ids)
        for name, one in result.variants.items()
    }
    return Identity(spec_id=result.spec_id, variants=variants)


def examine(
    machine: Machine, *, registries: Sequence[str], offline: bool, now: float
) -> tuple[Finding, ...]:
    """Return what is right and what is wrong with a machine; costs the docker SDK's import.

    Args:
        registries: Those to ask, by host.
        offline: Whether to leave out what needs a network.
        now: The time, in s since 1970, which servers' clocks are compared with.
    """
    from envc import doctor

    return doctor.examine(machine, registries=registries, offline=offline, now=now)
