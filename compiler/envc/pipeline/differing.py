"""Two environments are compared: specs with their locks, locks, revisions of these, and images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.front import lock_path
from envc.pipeline.tracing import Traced, rename_places, trace, trace_lock
from envc.source import Source

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.diff.difference import Difference, Part
    from envc.diff.picture import Picture, PictureDifference
    from envc.pipeline.side import Side

__all__ = ["DiffOptions", "Differed", "ImageDifference", "diff"]


@frozen
class DiffOptions:
    """What is meant of both sides.

    Attributes:
        variants: Those to compare; empty for all.
        choice: What the command line chose of the specs' parameters.
        templates: The folder of the user's templates.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    templates: Path | None = None


@frozen
class ImageDifference:
    """How an image differs from another one or from a spec; by platform and variant.

    Attributes:
        is_compressed: Whether the sizes of layers are those that a pull transfers.
    """

    old: str
    new: str
    platforms: tuple[PictureDifference, ...]
    is_compressed: bool

    @property
    def is_same(self) -> bool:
        """Whether all env ids are equal."""
        return all(one.is_same for one in self.platforms)


Differed: TypeAlias = "tuple[Difference | ImageDifference, tuple[Diagnostic, ...]]"
"""How two sides differ, and what is odd about them."""


def diff(
    words: Sequence[str],
    machine: Machine,
    options: DiffOptions,
    *,
    registered: Mapping[str, Path] | None = None,
) -> Differed:
    """Compare two environments; see `envc.pipeline.side.name_sides` for what words name.

    Args:
        registered: Where the specs lie that words name which are neither files nor images.

    Raises:
        InputError: A spec or a lock is wrong, a revision has no such file (E723), or an image is of
            no platform of the spec's (E725).
        UsageError: The words name nothing (E001, E721, E722, E724), or a variant is meant that no
            side has (E007, E008).
        ToolError: Git (E720), the engine or a registry fails.
    """
    from envc.pipeline.side import name_sides

    sides = name_sides(words, machine, registered or {})
    warnings: list[Diagnostic] = []
    if any(side.kind == "image" for side in sides):
        return _diff_images(sides, machine, options, warnings), tuple(warnings)
    from envc.diff.difference import compare_parts

    only_locks = any(side.is_lock for side in sides)
    old, new = (_read_part(one, machine, options, warnings, only_locks) for one in sides)
    return compare_parts(*_choose((old, new), options.variants)), tuple(warnings)


def _choose(parts: tuple[Part, Part], asked: Sequence[str]) -> tuple[Part, Part]:
    """Return of both sides the variants that are asked for, which one of them may lack."""
    from envc.variant import choose_variants

    names = dict.fromkeys(name for part in parts for name in part.variants)
    chosen = set(choose_variants(names, asked))
    old, new = (
        replace(part, variants={name: one for name, one in part.variants.items() if name in chosen})
        for part in parts
    )
    return old, new


def _read_part(
    side: Side,
    machine: Machine,
    options: DiffOptions,
    warnings: list[Diagnostic],
    only_locks: bool,
) -> Part:
    def read(path: Path) -> Traced:
        if side.is_lock:
            return trace_lock(path)
        if only_locks:
            return trace_lock(lock_path(path))
        return trace(path, machine, choice=options.choice, templates=options.templates)

    traced = _read_side(side, read, warnings)
    return _part(side, traced, has_ids=not only_locks)


def _part(side: Side, traced: Traced, *, has_ids: bool) -> Part:
    from envc.diff.difference import Part, VariantPart

    return Part(
        name=side.name,
        spec_id=traced.spec_id,
        variants={
            name: VariantPart(lock=one.lock, platforms=one.platforms, spec_id=one.spec_id)
            for name, one in traced.variants.items()
        },
        has_ids=has_ids,
    )


def _read_side(side: Side, read: Callable[[Path], Traced], warnings: list[Diagnostic]) -> Traced:
    """Read a side; the places of a revision, or of a registered version, are called as in that."""
    if side.repository is None:
        return _rename(read, Path(side.path), side.rename)
    with side.repository.export(side.revision, side.path) as exported:
        warnings += [_warn_of_submodule(side, name) for name in exported.submodules]
        return _rename(read, exported.path, exported.rename)


def _rename(read: Callable[[Path], Traced], path: Path, rename: Callable[[str], str]) -> Traced:
    try:
        return rename_places(read(path), rename)
    except EnvcError as error:
        renamed = [_rename_problem(one, rename) for one in error.diagnostics]
        raise type(error)(renamed) from error


def _rename_problem(problem: Diagnostic, rename: Callable[[str], str]) -> Diagnostic:
    sources: dict[str, Source] = {}

    def move(label: Label) -> Label:
        old = label.span.source
        new = sources.setdefault(old.name, Source(name=rename(old.name), text=old.text))
        return replace(label, span=replace(label.span, source=new))

    return replace(
        problem,
        message=rename(problem.message),
        labels=tuple(map(move, problem.labels)),
        notes=tuple(map(rename, problem.notes)),
        hint=rename(problem.hint),
    )


def _warn_of_submodule(side: Side, name: str) -> Diagnostic:
    return Diagnostic(
        code="W720",
        message=f"`{side.name}` lies beside the submodule `{name}`, whose files a revision does not have",
        hint="what the spec copies from there is missing on this side",
    )


def _diff_images(
    sides: tuple[Side, Side],
    machine: Machine,
    options: DiffOptions,
    warnings: list[Diagnostic],
) -> ImageDifference:
    if any(side.is_lock for side in sides):
        message = "an image can be compared with another one or with a spec, not with a lock"
        hint = "name the spec of the lock: a lock alone has no env id"
        raise UsageError([Diagnostic(code="E725", message=message, hint=hint)])
    old, new = sides
    if old.kind == new.kind:
        found = _compare_images(old, new, machine)
        is_compressed = all(picture.is_compressed for picture in found[1])
        platforms = found[0]
    else:
        image, spec = (old, new) if old.kind == "image" else (new, old)
        part = _read_part(spec, machine, options, warnings, only_locks=False)
        part, _ = _choose((part, part), options.variants)
        platforms = _compare_with_spec(image, spec, part, machine)
        if image is new:
            platforms = tuple(map(_turn, platforms))
        is_compressed = False
    return ImageDifference(
        old=old.name, new=new.name, platforms=platforms, is_compressed=is_compressed
    )


def _compare_images(
    old: Side, new: Side, machine: Machine
) -> tuple[tuple[PictureDifference, ...], tuple[Picture, ...]]:
    from envc.diff.picture import compare_pictures

    before, after = _look_at(old, machine), _look_at(new, machine)
    shared = [name for name in before if name in after]
    if not shared:
        raise _refuse_platforms(old.name, before, new.name, after)
    found = tuple(compare_pictures(before[name], after[name]) for name in shared)
    return found, tuple(after.values())


def _compare_with_spec(
    image: Side, spec: Side, part: Part, machine: Machine
) -> tuple[PictureDifference, ...]:
    """Return how an image differs from a spec's: of several variants, from the one whose id it has."""
    from envc.diff.picture import compare_with_tree

    pictures = _look_at(image, machine)
    found = [
        compare_with_tree(pictures[platform], node, " ".join(filter(None, (name, platform))))
        for name, variant in part.variants.items()
        for platform, node in variant.platforms.items()
        if platform in pictures
    ]
    if not found:
        known = dict.fromkeys(name for one in part.variants.values() for name in one.platforms)
        raise _refuse_platforms(image.name, pictures, spec.name, known)
    return tuple(one for one in found if one.is_same) or tuple(found)


def _turn(one: PictureDifference) -> PictureDifference:
    settings = tuple(replace(change, old=change.new, new=change.old) for change in one.settings)
    return replace(one, old_id=one.new_id, new_id=one.old_id, settings=settings)


def _look_at(side: Side, machine: Machine) -> dict[str, Picture]:
    """Return the picture of an image for each of its platforms: the engine's, else a registry's."""
    from envc.engine.docker import Engine

    try:
        with Engine.connect(machine.environment) as engine:
            found = engine.look_at(side.name)
    except ToolError:
        # Without an engine, registries can still be asked.
        found = None
    if found is not None:
        return {found.platform: found}
    from envc.reference import ImageReference
    from envc.registry.client import Registry
    from envc.registry.picture import look_at

    try:
        reference = ImageReference.parse(side.name)
    except ValueError as error:
        raise _refuse_name(side.name, f"it is no image's name: {error}") from error
    if not any(sign in side.name for sign in ":@"):
        raise _refuse_name(side.name, "the engine has no image of this name")
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    return {picture.platform: picture for picture in look_at(registry, reference)}


def _refuse_name(name: str, reason: str) -> UsageError:
    hint = (
        "name a spec, a lock, `REV:FILE`, or an image with its tag; two revisions of a spec are "
        "`envc diff REV..REV SPEC`"
    )
    message = f"`{name}` is no file, and no revision either"
    return UsageError([Diagnostic(code="E724", message=message, notes=(reason,), hint=hint)])


def _refuse_platforms(
    old: str, before: Mapping[str, object], new: str, after: Mapping[str, object]
) -> InputError:
    message = f"`{old}` and `{new}` have no platform in common"
    notes = tuple(
        f"`{name}` is for {', '.join(own)}" for name, own in ((old, before), (new, after))
    )
    hint = "compare what is for one platform"
    return InputError([Diagnostic(code="E725", message=message, notes=notes, hint=hint)])
