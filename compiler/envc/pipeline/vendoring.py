"""All that locks pin, gathered into a folder and found there again: what `vendor` and `--vendor` do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, UsageError
from envc.frozen import frozen
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.model import Lock, PlatformLock
    from envc.pipeline.prepared import Prepared
    from envc.plan.instruction import BuildPlan
    from envc.vendor.artefact import Artefact, PinnedImage
    from envc.vendor.download import Downloads
    from envc.vendor.folder import VendorFolder

__all__ = [
    "VendorOptions",
    "Vendored",
    "check_vendored",
    "contexts",
    "refuse_network",
    "require_folder",
    "require_vendored",
    "vendor",
]

_SHOWN = 10


@frozen
class VendorOptions:
    """What to gather.

    Attributes:
        variants: Of specs with a matrix, those to gather for; empty for all.
        choice: What the command line chose of the specs' parameters.
        platforms: Those to gather for; empty for all.
        has_images: Whether images come, too.
        is_pruned: Whether what these specs do not need goes.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    platforms: tuple[str, ...] = ()
    has_images: bool = True
    is_pruned: bool = False


@frozen
class Vendored:
    """A folder that holds all that some locks pin.

    Attributes:
        artefacts: How many files the locks pin.
        images: The images that it holds for them, `IMAGE@DIGEST`, sorted.
        fetched_bytes: How much of the files came now.
        mended: How many contents were there with other bytes, and came again.
        pruned: How many contents went.
        pruned_bytes: How large these were.
    """

    folder: Path
    artefacts: int
    images: tuple[str, ...]
    fetched_bytes: int
    mended: int = 0
    pruned: int = 0
    pruned_bytes: int = 0


def vendor(
    paths: Sequence[Path],
    folder: Path,
    machine: Machine,
    options: VendorOptions,
    report: Callable[[str], None],
) -> Vendored:
    """Gather all that the locks of some specs pin.

    What is there already is read, and stays; what has other bytes by now is fetched again.

    Args:
        report: Told of each thing as it comes.

    Raises:
        InputError: A spec or its lock is wrong, or a secret is not set (E360), or an image is gone
            (E370).
        UsageError: The folder is somebody else's (E472), or a variant or a platform is meant that
            a spec does not have (E007, E008, E010).
        ToolError: Something cannot be fetched (E38x, E471), or the folder not be written (E553).
    """
    from envc.registry.client import Registry
    from envc.vendor.artefact import list_artefacts, list_images
    from envc.vendor.download import download
    from envc.vendor.folder import VendorFolder
    from envc.vendor.image import fetch_image, list_blobs

    artefacts: dict[str, Artefact] = {}
    images: set[PinnedImage] = set()
    secrets: dict[str, str] = {}
    for one in _read(paths, machine, options):
        platforms = _choose(one.lock, options.platforms)
        own = _secrets_of(one)
        secrets |= own
        for artefact in list_artefacts(platforms.values(), own):
            artefacts.setdefault(artefact.sha256, artefact)
        images |= set(list_images(platforms)) if options.has_images else set()
    place = VendorFolder.open(folder)
    wanted = sorted(artefacts.values(), key=lambda one: (one.url, one.sha256))
    mended = list(place.drop_damaged(one.sha256 for one in wanted))
    for sha256 in mended:
        report(f"{artefacts[sha256].name} has other bytes than the lock says, and comes again")
    fetched = download(place, wanted, _how(place, wanted, secrets, machine, report), report)
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    found = {image: fetch_image(place, image, registry, report) for image in sorted(images)}
    place.write_index(wanted, {image: one.descriptor for image, one in found.items()})
    mended += dict.fromkeys(sha256 for one in found.values() for sha256 in one.mended)
    names = tuple(image.name for image in sorted(images))
    pruned = (0, 0)
    if options.is_pruned:
        blobs = {blob for image in images for blob in list_blobs(place, image) or ()}
        pruned = place.prune({*artefacts, *blobs}, names)
    return Vendored(
        folder=folder,
        artefacts=len(wanted),
        images=tuple(dict.fromkeys(names)),
        fetched_bytes=fetched,
        mended=len(mended),
        pruned=pruned[0],
        pruned_bytes=pruned[1],
    )


def require_vendored(folder: Path, platforms: Mapping[str, PlatformLock]) -> VendorFolder:
    """Return a vendor folder that holds all files that a lock pins for some platforms, unchanged.

    Of images, it holds those that it names; those that it does not name come from elsewhere.

    Raises:
        InputError: It lacks some, or they have other bytes (E470).
        UsageError: It is no vendor folder (E436).
    """
    from envc.vendor.artefact import list_artefacts, list_images
    from envc.vendor.folder import VendorFolder
    from envc.vendor.image import find_damaged, list_blobs

    require_folder(folder)
    place = VendorFolder(folder)
    wanted = list_artefacts(platforms.values(), {})
    damaged = set(place.find_damaged(one.sha256 for one in wanted))
    others = [(one.name, one.sha256) for one in wanted if one.sha256 in damaged]
    missing = [one.name for one in wanted if not place.has(one.sha256)]
    for image in list_images(platforms):
        if not place.names(image):
            continue
        found = find_damaged(place, image)
        others += [(image.image, sha256) for sha256 in found]
        missing += [image.image] if not found and list_blobs(place, image) is None else []
    problems = [_explain_missing(folder, missing)] if missing else []
    problems += [_explain_damage(place, others)] if others else []
    if problems:
        raise InputError(problems)
    return place


def require_folder(folder: Path) -> None:
    """Check that a folder is one that `envc vendor` has written, whatever it holds.

    Raises:
        UsageError: It is none, or is not there (E436).
    """
    from envc.vendor.folder import VendorFolder

    if VendorFolder(folder).is_ours:
        return
    what = "is no vendor folder" if folder.exists() else "does not exist"
    hint = f"run `envc vendor SPEC {folder}` where there is a network, or name the one it wrote"
    message = f"`{folder}` {what}"
    raise UsageError([Diagnostic(code="E436", message=message, hint=hint)])


def check_vendored(
    path: Path,
    folder: Path,
    machine: Machine,
    *,
    variants: Sequence[str],
    choice: Choice | None,
) -> None:
    """Check that a vendor folder holds all files that the lock of a spec pins, unchanged.

    Raises:
        InputError: The spec or its lock is wrong, or the folder lacks files or has others (E470).
        UsageError: It is no vendor folder (E436), or a variant is meant that the spec does not have
            (E007, E008).
    """
    require_folder(folder)
    for one in _read([path], machine, VendorOptions(variants=tuple(variants), choice=choice)):
        require_vendored(folder, one.lock.platforms)


def contexts(
    folder: VendorFolder, platforms: Mapping[str, PlatformLock], bases: Iterable[str]
) -> dict[str, str]:
    """Return the build contexts that stand for what a Dockerfile takes from elsewhere, by name.

    Args:
        bases: What its FROM lines name, `IMAGE@DIGEST`; of these, the folder stands for those
            that it holds.
    """
    from envc.plan.vendored import VENDOR
    from envc.vendor.artefact import list_images
    from envc.vendor.image import list_blobs

    whole = folder.path.resolve()
    held = {one.digest for one in list_images(platforms) if list_blobs(folder, one) is not None}
    digests = {base: base.partition("@")[2] for base in bases if "@" in base}
    return {
        VENDOR: str(whole),
        **{
            base: f"oci-layout://{whole}@{digest}"
            for base, digest in sorted(digests.items())
            if digest in held
        },
    }


def refuse_network(plan: BuildPlan, *, is_vendored: bool) -> None:
    """Check that a build can do without a network.

    Args:
        is_vendored: Whether its artefacts come from a folder.

    Raises:
        InputError: It cannot (E473).
    """
    from envc.plan.instruction import Run

    if not is_vendored:
        message = "offline, a build takes all files from a vendor folder, and none is named"
        hint = (
            "run `envc vendor SPEC DIR` where there is a network, and name it with `--vendor DIR`"
        )
        raise InputError([Diagnostic(code="E473", message=message, hint=hint)])
    steps = [one for stage in plan.stages for one in stage.instructions if isinstance(one, Run)]
    if plan.preamble is not None and plan.preamble.needs.is_online:
        message = "offline, no step can have a network, and the Dockerfile of the base may want it"
        hint = "push the base to a registry, and name it as `image`"
        raise InputError([Diagnostic(code="E473", message=message, hint=hint)])
    problems = {
        Diagnostic.at(
            step.origin,
            "E473",
            "offline, no step can have a network, and this one wants it",
            hint="copy in what it fetches, or build where there is a network",
        )
        for step in steps
        if step.network
    }
    if problems:
        raise InputError(sorted(problems, key=str))


def _read(paths: Sequence[Path], machine: Machine, options: VendorOptions) -> Iterable[Prepared]:
    from envc.pipeline.prepared import prepare

    for path in paths:
        prepared = prepare(
            path, machine, machine.mirrors, variants=options.variants, choice=options.choice
        )
        yield from prepared.variants.values()


def _secrets_of(one: Prepared) -> dict[str, str]:
    from envc.spec.defaults import secrets

    return dict(secrets(one.checked.spec))


def _choose(lock: Lock, platforms: Sequence[str]) -> dict[str, PlatformLock]:
    return {
        name: locked
        for name, locked in sorted(lock.platforms.items())
        if not platforms or name in platforms
    }


def _how(
    place: VendorFolder,
    wanted: Sequence[Artefact],
    secrets: Mapping[str, str],
    machine: Machine,
    report: Callable[[str], None],
) -> Downloads:
    """Return how to fetch, with what the secrets hold that are needed for what is missing.

    Raises:
        InputError: One is not set (E360).
    """
    from envc.pipeline.archives import Fetcher
    from envc.resolve.credential import find_secrets
    from envc.vendor.download import Downloads

    missing = [one for one in wanted if not place.has(one.sha256, one.size)]
    names = sorted({one.secret for one in missing if one.secret is not None})
    held = find_secrets(secrets, names, machine.environment)
    problems = [
        Diagnostic(
            code="E360",
            message=f"the secret `{name}` is not set",
            hint=f"set the environment variable `{name}` to `user:password` or a token",
        )
        for name in names
        if name not in held
    ]
    if problems:
        raise InputError(problems)
    return Downloads(
        environment=machine.environment,
        mirrors=machine.mirrors,
        credentials=held,
        tell=machine.tell,
        get_commit=Fetcher(machine, report),
    )


def _explain_missing(folder: Path, names: Sequence[str]) -> Diagnostic:
    message = f"the vendor folder `{folder}` lacks {len(names)} of what the lock pins"
    hint = f"run `envc vendor SPEC {folder}` where there is a network"
    return Diagnostic(code="E470", message=message, notes=_abridge(names), hint=hint)


def _explain_damage(place: VendorFolder, found: Sequence[tuple[str, str]]) -> Diagnostic:
    """Explain which contents, each of a name, have other bytes than their SHA-256 says."""
    message = f"the vendor folder `{place.path}` has files with other bytes than the lock says"
    hint = (
        f"run `envc vendor SPEC {place.path}` where there is a network: it fetches these, and no "
        "others, again"
    )
    lines = [f"{name} ({place.blob(sha256)})" for name, sha256 in dict.fromkeys(found)]
    return Diagnostic(code="E470", message=message, notes=_abridge(lines), hint=hint)


def _abridge(names: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(sorted(names)[:_SHOWN])
    return (*shown, f"and {len(names) - _SHOWN} more") if len(names) > _SHOWN else shown
