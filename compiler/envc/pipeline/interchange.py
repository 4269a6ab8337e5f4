"""A locked spec becomes a file of another tool, or such a file a spec: what `export` and `import` do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.front import check_file, compare_with_lock, read, read_locked

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.interop.adopted import Adopted
    from envc.interop.importing import ImportFormat
    from envc.interop.subject import Exported
    from envc.lock.model import Lock
    from envc.reference import ImageReference
    from envc.source import Source
    from envc.spec.model import EnvSpec
    from envc.syntax import Form

__all__ = ["Imported", "adopt", "export", "import_spec"]


@frozen
class Imported:
    """A spec that a file of another tool became.

    Attributes:
        text: In its canonical layout.
        format_name: The format that the file was read as.
        warnings: What the spec does not say, or not as the file says it (W431), and why what the
            file pins cannot be a lock (W432).
        adopted: What the file pins, where it is a lock and can be one of ours.
    """

    text: str
    format_name: str
    warnings: tuple[Diagnostic, ...]
    adopted: Adopted | None = None


def export(
    path: Path,
    machine: Machine,
    format_name: str,
    *,
    platforms: Sequence[str] = (),
    variants: Sequence[str] = (),
    choice: Choice | None = None,
) -> Exported:
    """Return the lock of a spec in another tool's format; the same text for the same lock.

    Args:
        format_name: A key of `envc.interop.exporting.EXPORTS`.
        platforms: Those to write; empty for all. Some formats have one only.
        variants: Of a spec with a matrix, the one to write.
        choice: What the command line chose of the spec's parameters.

    Raises:
        InputError: The spec or its lock is wrong (E1xx, E2xx, E40x), the lock is not that of the
            spec (E41x, E42x), or lacks what the format needs (E430).
        UsageError: There is no such format (E001), variant (E007, E008) or platform (E010), or the
            format has room for one variant (E009) or platform (E011) only.
    """
    from envc.interop.exporting import EXPORTS
    from envc.interop.subject import Subject
    from envc.lock.drift import drift
    from envc.variant import choose_variants, require_one

    if format_name not in EXPORTS:
        raise UsageError([_explain_format(format_name, EXPORTS)])
    to = EXPORTS[format_name]
    checked, locked = read_locked(path, machine, choice)
    chosen = choose_variants(checked.variants, variants)
    name = require_one(chosen, f"a file of the format `{format_name}` has the lock of")
    if found := compare_with_lock(checked, locked, chosen, choice):
        raise InputError(found)
    own, lock = checked.variants[name], locked.variants[name]
    sets = choice.sets if choice is not None else None
    if found := drift(own.spec, own.document, lock, sets=sets):
        raise InputError(found)
    wanted = _choose_platforms(lock, platforms)
    if to.has_one_platform and len(wanted) > 1:
        raise UsageError([_explain_several(format_name, wanted)])
    return to.load()(
        Subject(
            name=f"{own.spec.environment}-{name}" if name else own.spec.environment,
            spec=path.name,
            lock=lock,
            platforms=wanted,
            variables={platform: _variables(own.spec, platform) for platform in wanted},
        )
    )


def import_spec(
    path: Path,
    machine: Machine,
    form: Form,
    *,
    format_name: str | None = None,
    output: Path | None = None,
    environment: str | None = None,
) -> Imported:
    """Return the spec that a file of another tool means; it is right, and says what it leaves out.

    Args:
        format_name: A key of `envc.interop.importing.IMPORTS`; None goes by the file.
        form: The form of the language that it is to have.
        output: Where the spec is to lie, which paths in it are relative to; None is beside the file.
        environment: Which one to import, of the formats that hold several; None is the usual one.

    Raises:
        InputError: The file cannot be read (E15x), has no format that envc imports (E432), or
            is damaged (E431).
        UsageError: There is no such format or environment (E001).
        ToolError: rattler, which reads old formats, failed (E342).
    """
    from envc.interop.gathered import Gathered, name_like
    from envc.interop.importing import IMPORTS, detect
    from envc.interop.spec_text import write_spec
    from envc.pipeline.rewrite import format_source
    from envc.source import Source

    source = read(path)
    name = format_name or detect(source)
    if name not in IMPORTS:
        raise UsageError([_explain_format(name, IMPORTS)])
    if environment is not None and not IMPORTS[name].has_environments:
        raise UsageError([_explain_environment(name, IMPORTS)])
    if name == "pixi-lock":
        source = _as_newest(source, machine)

    def load(relative: str) -> Source:
        return read(path.parent / relative)

    folder = os.path.relpath(path.parent, output.parent) if output is not None else "."
    gathered = Gathered(folder=PurePath(folder).as_posix(), wanted=environment)
    gathered.put(("environment",), name_like(path.stem), None)
    IMPORTS[name].load()(source, load, gathered)
    spec = write_spec(gathered, source.name, form)
    text = format_source(Source(name="spec", text=spec.text), machine, form=form)
    adopted = gathered.adopted
    obstacles = adopted.obstacles if adopted is not None else []
    return Imported(
        text=text,
        format_name=name,
        warnings=(
            *(remark.diagnostic for remark in spec.remarks),
            *(_explain_obstacle(why) for why in obstacles),
        ),
        adopted=None if obstacles else adopted,
    )


def adopt(
    imported: Imported,
    path: Path,
    machine: Machine,
    report: Callable[[str], None],
    *,
    tools_image: ImageReference | None = None,
) -> Lock | None:
    """Return the lock of an imported spec, with every artefact that the imported file pins.

    A foreign lock says nothing of the base and of the tools: they are asked for as by `lock`.

    Args:
        path: Where the spec is to lie.
        tools_image: Where packages are to be installed; None leaves the choice to envc.

    Returns:
        None where the file is no lock, or cannot be one of ours.

    Raises:
        InputError: The base cannot be used (E37x), or no wheel of a release fits it (E320).
        ToolError: An index or a registry failed (E33x, E38x).
    """
    if imported.adopted is None:
        return None
    from envc.resolve.adopting import AdoptedConda, AdoptedPip
    from envc.resolve.debian.apt import Apt
    from envc.resolve.environment import resolve
    from envc.resolve.image.inspector import ImageInspector
    from envc.resolve.pip.uv import Uv
    from envc.resolve.world import World
    from envc.source import Source

    checked = check_file(Source(name=str(path), text=imported.text), machine)
    (own,) = checked.variants.values()
    images = ImageInspector(
        environment=machine.environment,
        mirrors=machine.mirrors,
        cache=machine.cache,
        tell=machine.tell,
    )
    with contextlib.closing(images):
        world = World(
            images=images,
            conda=AdoptedConda(packages=imported.adopted.conda),
            pip=AdoptedPip(wheels=imported.adopted.wheels),
            tools=Uv(cache=machine.cache, environment=machine.environment),
            system=Apt(engine=images.engine, environment=machine.environment),
            mirrors=machine.mirrors,
            tools_image=tools_image,
        )
        return resolve(own.spec, own.document, world, report).lock


def _explain_obstacle(why: str) -> Diagnostic:
    return Diagnostic(
        code="W432",
        message=f"the file becomes a spec without a lock: {why}",
        hint="run `envc lock` for the spec: it resolves it anew",
    )


def _choose_platforms(lock: Lock, asked: Sequence[str]) -> tuple[str, ...]:
    names = tuple(sorted(lock.platforms))
    if unknown := [name for name in asked if name not in names]:
        listed = ", ".join(f"`{name}`" for name in names)
        raise UsageError(
            Diagnostic(
                code="E010",
                message=f"the lock has no platform `{name}`",
                hint=f"it has {listed}",
            )
            for name in unknown
        )
    return tuple(name for name in names if not asked or name in asked)


def _explain_several(format_name: str, wanted: Sequence[str]) -> Diagnostic:
    listed = ", ".join(f"`{name}`" for name in wanted)
    return Diagnostic(
        code="E011",
        message=f"a file of the format `{format_name}` has one platform, and there are {listed}",
        hint=f"choose one, as in `--platform {wanted[0]}`",
    )


def _as_newest(source: Source, machine: Machine) -> Source:
    """Return a pixi.lock in a version that is read here, as rattler rewrites it where it has another.

    Raises:
        InputError: rattler does not read it either (E431).
        ToolError: rattler failed (E342).
    """
    from envc.interop.import_pixi_lock import READ, version_of
    from envc.resolve.conda.pixi_lock import rewrite
    from envc.source import Source

    if version_of(source) in {None, *READ}:
        return source
    return Source(name=source.name, text=rewrite(source, machine.environment))


def _explain_environment(name: str, formats: Mapping[str, ImportFormat]) -> Diagnostic:
    listed = ", ".join(f"`{one}`" for one, format_ in formats.items() if format_.has_environments)
    message = f"a file of the format `{name}` holds one environment"
    hint = f"leave out `--environment`: it is for {listed}"
    return Diagnostic(code="E001", message=message, hint=hint)


def _explain_format(name: str, formats: Collection[str]) -> Diagnostic:
    meant = suggest(name, formats)
    listed = ", ".join(f"`{one}`" for one in formats)
    hint = f"did you mean `{meant}`?" if meant else f"there are {listed}"
    return Diagnostic(code="E001", message=f"there is no format `{name}`", hint=hint)


def _variables(spec: EnvSpec, platform: str) -> Mapping[str, str]:
    from envc.spec.select import select_spec

    variables = select_spec(spec, platform).variables
    return {name: value for name, value in variables.items() if isinstance(value, str)}
