"""Images of environments: listed with what needs them, and cleaned up, in the engine and in registries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from envc.errors import InputError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.retention import Kept, Rule, decide
from envc.reference import ImageReference
from envc.store import Store

if TYPE_CHECKING:
    from envc.engine.inventory import Held
    from envc.registry.client import Registry
    from envc.registry.manifest import Found

__all__ = ["Collected", "collect", "list_images"]


@frozen
class Collected:
    """What cleaning up did, or would do.

    Attributes:
        dropped: The images that are gone, or that would be.
        kept: Why each of the others stays, by its digest, and the image.
    """

    dropped: tuple[Kept, ...]
    kept: tuple[tuple[Kept, str], ...]


@frozen
class _Uses:
    """What the store knows of environments, by env id."""

    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    used: Mapping[str, float] = field(default_factory=dict)


def list_images(machine: Machine, repository: str | None = None) -> tuple[Kept, ...]:
    """Return the images of environments that the engine has, or a registry's repository.

    Args:
        repository: Its name, with the registry's host; None is the engine.

    Raises:
        ToolError: The engine (E60x), the registry (E38x) or the store (E70x) fails.
    """
    uses = _read_uses(machine)
    if repository is not None:
        return _list_remote(machine, repository, uses)
    from envc.engine.docker import Engine
    from envc.plan.label import ENV_ID_LABEL

    with Engine.connect(machine.environment) as engine:
        return tuple(_describe(one, uses) for one in engine.inventory(ENV_ID_LABEL))


def collect(
    machine: Machine,
    rule: Rule,
    *,
    repository: str | None = None,
    is_dry: bool = False,
    report: Callable[[Kept], None] = lambda _: None,
) -> Collected:
    """Drop the images that nothing needs and that a rule lets go.

    Never what a container is made of, what a registered version needs, or what somebody has given a
    name of their own; and in a registry nothing of which this machine does not know when it was used.

    Args:
        repository: Its name, with the registry's host; None is the engine.
        is_dry: Whether to drop nothing.
        report: Told of each image before it goes.

    Raises:
        ToolError: As `list_images`; or the registry deletes nothing (E675).
    """
    images = list_images(machine, repository)
    reasons = decide(images, rule)
    going = [image for image in images if not reasons[image.digest]]
    staying = [(image, reasons[image.digest]) for image in images if reasons[image.digest]]
    drop = _drop_local if repository is None else _drop_remote
    dropped: list[Kept] = []
    # An image of several platforms goes before what it is made of.
    for image in sorted(going, key=lambda one: bool(one.part_of)):
        report(image)
        if is_dry or drop(machine, image):
            dropped.append(image)
        else:
            staying.append((image, "a container needs it since"))
    return Collected(dropped=tuple(dropped), kept=tuple(staying))


def _read_uses(machine: Machine) -> _Uses:
    store = Store.find(machine.home)
    if store is None:
        return _Uses()
    with store:
        return _Uses(versions=store.env_ids(), used=store.last_uses())


def _describe(held: Held, uses: _Uses) -> Kept:
    from envc.plan.label import ENV_ID_LABEL

    env_id = held.labels[ENV_ID_LABEL]
    times = [time for time in (held.tagged, uses.used.get(env_id)) if time is not None]
    return Kept(
        digest=held.id,
        names=held.names,
        env_id=env_id,
        platform=held.platform,
        size_bytes=held.size_bytes,
        used=max(times, default=None),
        containers=held.containers,
        versions=uses.versions.get(env_id, ()),
    )


def _drop_local(machine: Machine, image: Kept) -> bool:
    from envc.engine.docker import Engine

    with Engine.connect(machine.environment) as engine:
        engine.sweep()
        return engine.drop(image.names or (image.digest,))


def _drop_remote(machine: Machine, image: Kept) -> bool:
    from envc.registry.publisher import Publisher

    reference = ImageReference.parse(image.names[0])
    Publisher(reference, environment=machine.environment, tell=machine.tell).delete_manifest(
        image.digest
    )
    return True


def _list_remote(machine: Machine, repository: str, uses: _Uses) -> tuple[Kept, ...]:
    """Return the images of environments in a repository, sorted by name: some requests for each tag."""
    from envc.registry.client import Registry

    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    place = ImageReference.parse(f"{repository}:tag")
    names: dict[str, list[str]] = {}
    found: dict[str, Found] = {}
    for tag in registry.tags(place):
        try:
            one = registry.find(replace(place, tag=tag))
        except InputError:  # somebody was faster, and has deleted it
            continue
        found[one.digest] = one
        names.setdefault(one.digest, []).append(f"{repository}:{tag}")
    described = (
        _look(_Place(registry=registry, reference=place, uses=uses), one, tuple(names[digest]))
        for digest, one in found.items()
    )
    images = [image for image in described if image is not None]
    wholes = [(names[digest][0], one.manifests.values()) for digest, one in found.items()]
    return tuple(
        replace(
            image,
            part_of=tuple(name for name, parts in wholes if image.digest in parts),
        )
        for image in sorted(images, key=lambda one: one.names)
    )


@frozen
class _Place:
    """Where images are looked at."""

    registry: Registry
    reference: ImageReference
    uses: _Uses


def _look(place: _Place, found: Found, names: tuple[str, ...]) -> Kept | None:
    """Return what a registry has under names; None where it is no image of an environment."""
    parts = [
        part
        for digest in found.manifests.values() or (found.digest,)
        if (part := _read_part(place, digest)) is not None
    ]
    if not parts:
        return None
    parts.sort(key=lambda part: part.platform)
    env_id = parts[0].env_id
    if found.manifests:
        from envc.plan.identity import index_id

        env_id = index_id({part.platform: part.env_id for part in parts})
    ids = (env_id, *(part.env_id for part in parts))
    times = [time for one in ids if (time := place.uses.used.get(one)) is not None]
    versions = (version for one in ids for version in place.uses.versions.get(one, ()))
    return Kept(
        digest=found.digest,
        names=tuple(sorted(names)),
        env_id=env_id,
        platform=",".join(part.platform for part in parts),
        size_bytes=sum(part.size_bytes for part in parts),
        used=max(times, default=None),
        versions=tuple(dict.fromkeys(versions)),
    )


@frozen
class _Part:
    """One platform's image in a registry."""

    env_id: str
    platform: str
    size_bytes: int


def _read_part(place: _Place, digest: str) -> _Part | None:
    from envc.plan.label import ENV_ID_LABEL
    from envc.registry.manifest import load, total_size

    pinned = replace(place.reference, tag=None, digest=digest)
    try:
        manifest = load(place.registry.fetch(pinned, f"manifests/{digest}"))
        named = manifest.get("config")
        if not isinstance(named, dict):
            return None
        config = load(place.registry.fetch(pinned, f"blobs/{named.get('digest')}"))
    except (InputError, ValueError):  # deleted meanwhile, or no image at all
        return None
    runtime = config.get("config")
    labels = runtime.get("Labels") if isinstance(runtime, dict) else None
    env_id = labels.get(ENV_ID_LABEL) if isinstance(labels, dict) else None
    if not isinstance(env_id, str):
        return None
    return _Part(
        env_id=env_id,
        platform=f"{config.get('os')}/{config.get('architecture')}",
        size_bytes=total_size(manifest),
    )
