"""From a spec's path to the trees that its env ids are the digests of: every part, and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import lock_path
from envc.pipeline.prepared import prepare

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.model import Lock
    from envc.pipeline.prepared import Prepared
    from envc.plan.node import Node
    from envc.source import Source

__all__ = ["Traced", "TracedVariant", "rename_places", "trace", "trace_lock"]


@frozen
class TracedVariant:
    """What the identity of a variant is made of.

    Attributes:
        spec_id: None where there is only a lock.
        platforms: The tree of each platform, sorted by its name; its digest is the env id, but where
            there is only a lock.
    """

    lock: Lock
    platforms: Mapping[str, Node]
    spec_id: str | None = None


@frozen
class Traced:
    """What the identity of an environment is made of.

    Attributes:
        environment: Its name; None where there is only a lock.
        spec_id: As in `TracedVariant`, of the whole spec.
        variants: By name, in the spec's order; of a spec without a matrix, the only name is the
            empty one.
    """

    variants: Mapping[str, TracedVariant]
    environment: str | None = None
    spec_id: str | None = None


def trace(
    path: Path,
    machine: Machine,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
) -> Traced:
    """Return what the env ids of a spec and its lock are made of, as `identify` computes them.

    Args:
        variants: Those that are asked for; empty for all.
        choice: What the command line chose of the spec's parameters.
        templates: The folder of the user's templates.

    Raises:
        InputError: The spec, its lock or a template is wrong, or the lock is not that of the spec.
        UsageError: A variant is asked for that the spec does not have (E007, E008).
    """
    from envc.files import read_source

    prepared = prepare(
        path, machine, MirrorMap(), variants=variants, choice=choice, templates=templates
    )
    text = read_source(lock_path(path))
    return Traced(
        environment=prepared.checked.environment,
        spec_id=prepared.checked.spec_id,
        variants={
            name: _trace_variant(one, text, templates) for name, one in prepared.variants.items()
        },
    )


def trace_lock(path: Path, *, variants: Sequence[str] = ()) -> Traced:
    """Return the part of env ids that a lock alone decides.

    Raises:
        InputError: The lock cannot be read (E15x) or is damaged (E40x).
        UsageError: A variant is asked for that the lock does not have (E007, E008).
    """
    from envc.files import read_source
    from envc.lock.codec import loads
    from envc.variant import choose_variants

    text = read_source(path)
    locked = loads(text.text, text.name).variants
    return Traced(
        variants={
            name: _trace_locked(locked[name], text, name)
            for name in choose_variants(locked, variants)
        }
    )


def rename_places(traced: Traced, rename: Callable[[str], str]) -> Traced:
    """Return the same with other names for the files that parts come from."""
    variants = {
        name: replace(
            one,
            platforms={
                platform: _rename_node(node, rename) for platform, node in one.platforms.items()
            },
        )
        for name, one in traced.variants.items()
    }
    return replace(traced, variants=variants)


def _rename_node(node: Node, rename: Callable[[str], str]) -> Node:
    places = tuple(
        replace(place, file=rename(place.file)) if place.file is not None else place
        for place in node.places
    )
    children = tuple(_rename_node(child, rename) for child in node.children)
    return replace(node, places=places, children=children)


def _trace_locked(lock: Lock, text: Source, variant: str) -> TracedVariant:
    """Return the part of a variant's env ids that its lock alone decides."""
    from envc.plan.about import About, LockPlaces
    from envc.plan.identity import locked_part
    from envc.plan.layer import assign_layers
    from envc.plan.tree import root_node

    nodes = {}
    for platform, locked in sorted(lock.platforms.items()):
        layers = assign_layers(locked)
        about = About(
            document=None,
            locked=locked,
            layers=layers,
            places=LockPlaces(text, variant, platform),
        )
        nodes[platform] = root_node(locked_part(locked, layers), about)
    return TracedVariant(lock=lock, platforms=nodes)


def _trace_variant(prepared: Prepared, text: Source, templates: Path | None) -> TracedVariant:
    trees = sorted(prepared.plan.trees)
    return TracedVariant(
        lock=prepared.lock,
        platforms={
            platform: _trace_platform(prepared, platform, text, templates) for platform in trees
        },
        spec_id=prepared.plan.spec_id,
    )


def _trace_platform(
    prepared: Prepared, platform: str, text: Source, templates: Path | None
) -> Node:
    from envc.plan.about import About, LockPlaces
    from envc.plan.asking import find_askers
    from envc.plan.tree import root_node
    from envc.spec.select import for_platform

    plan, own, base = prepared.plan, prepared.checked, prepared.inputs.base
    layout = plan.layouts[platform]
    _, document = for_platform(own.spec, own.document, platform)
    files = base.files if base is not None else ()
    about = About(
        document=document,
        locked=layout.locked,
        layers=layout.layers,
        places=LockPlaces(text, prepared.variant, platform),
        askers=find_askers(document, layout.locked),
        steps={"before": layout.settings.before, "steps": layout.settings.steps},
        files={file.path: file.origin_path for file in files if file.origin_path is not None},
        templates=templates.as_posix() if templates is not None else "",
    )
    return root_node(plan.trees[platform], about)
