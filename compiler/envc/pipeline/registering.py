"""A locked spec becomes a version of an environment: it, its lock and all files that they name."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import MirrorMap

if TYPE_CHECKING:
    from envc.pipeline.prepared import Prepared, PreparedFile
    from envc.plan.context import ContextFile
    from envc.store.catalogue import Registered
    from envc.store.record import Anonymous, Draft, Role, StoredFile
    from envc.store.store import Store

__all__ = ["RegisterOptions", "register", "remember"]

_LARGE_BYTES = 50_000_000
"""How much content is kept that nobody asked to keep."""


@frozen
class RegisterOptions:
    """As what a spec is registered.

    Attributes:
        name: The environment's; None is the spec's own.
        labels: They point at this version from now on.
        properties: What else is said of it, by key.
        description: None is none, or what is there already.
    """

    name: str | None = None
    labels: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None


def register(
    path: Path,
    machine: Machine,
    options: RegisterOptions,
    *,
    now: float,
    check: Callable[[Draft], None] = lambda _: None,
) -> Registered:
    """Make a spec with all that belongs to it the next version of an environment.

    The same content again is the version that it is already. Nothing is built.

    Args:
        now: The time, in s since 1970.
        check: Told what is to be registered; nothing is where it raises.

    Raises:
        InputError: The spec or its lock is wrong, or the lock is not that of the spec; or files
            cannot be told apart or changed meanwhile (E710).
        UsageError: The name cannot be registered (E705, E706), or a label is none (E708).
        ToolError: The store cannot be used (E70x).
    """
    from envc.pipeline.prepared import prepare
    from envc.store.catalogue import Entry
    from envc.store.naming import check_label, check_name
    from envc.store.store import Store

    if options.name is not None:
        check_name(options.name)
    labels = tuple(dict.fromkeys(check_label(label) for label in options.labels))
    prepared = prepare(path, machine, MirrorMap())
    name = options.name if options.name is not None else prepared.checked.environment
    check_name(name)
    with Store.open(machine.home) as store:
        draft = _draft(prepared, path, _gather(prepared, path), store)
        check(draft)
        entry = Entry(
            name=name,
            draft=draft,
            labels=labels,
            properties=options.properties,
            description=options.description,
            now=now,
        )
        return store.register(entry)


def remember(path: Path, machine: Machine, built: Anonymous, store: Store) -> None:
    """Keep a spec that was built, with all that belongs to it, unless the store knows its env ids.

    Content that cannot be kept is recorded as that: it is larger than 50 MB, or no longer what was
    built, or wrong for a variant that was not.

    Args:
        built: It without content: its env ids are those that were built, and what it lacks is
            `given` where the spec alone does not say what was built.

    Raises:
        ToolError: The store cannot be used (E70x).
    """
    ids = [env_id for own in built.draft.env_ids.values() for env_id in own.values()]
    if store.knows(ids, is_keepable=not built.lack):
        return
    store.keep(built if built.lack else _keep_content(path, machine, built, store))


def _keep_content(path: Path, machine: Machine, built: Anonymous, store: Store) -> Anonymous:
    """Return it with its content, which is in the store then, or with why there is none."""
    from envc.pipeline.prepared import prepare

    try:
        prepared = prepare(path, machine, MirrorMap())
        found = _gather(prepared, path)
        if sum(one.file.stat().st_size for one in found.values() if not one.link) > _LARGE_BYTES:
            return replace(built, lack="size")
        draft = _draft(prepared, path, found, store)
    except (InputError, UsageError, OSError):
        return replace(built, lack="files")
    if any(
        draft.env_ids.get(variant, {}).get(platform) != env_id
        for variant, own in built.draft.env_ids.items()
        for platform, env_id in own.items()
    ):
        return replace(built, lack="files")
    return replace(built, name=prepared.checked.environment, draft=draft)


@frozen
class _Found:
    """A file that a spec is made of; fields as `StoredFile` has them.

    Attributes:
        file: Where it lies.
        sha256: What it was when the spec was read; None where nobody looked.
    """

    file: Path
    role: Role = "file"
    sha256: str | None = None
    mode: int
    link: str | None = None


def _draft(prepared: PreparedFile, path: Path, found: Mapping[str, _Found], store: Store) -> Draft:
    """Return what is to be registered, with the content of its files in the store."""
    from envc.canonical import digest
    from envc.store.record import Draft

    try:
        stored = [_store(name, one, store) for name, one in sorted(found.items())]
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        message = f"`{error.filename}` cannot be read: {reason}"
        hint = "check its permissions and the disk"
        raise InputError([Diagnostic(code="E152", message=message, hint=hint)]) from error
    rows = [[one.path, one.role, f"{one.mode:o}", one.sha256, one.link] for one in stored]
    above = _above(path, stored)
    return Draft(
        digest=digest(rows),
        spec_id=prepared.checked.spec_id,
        env_ids={
            name: dict(sorted(one.plan.env_ids.items())) for name, one in prepared.variants.items()
        },
        files=tuple(
            replace(one, path=posixpath.normpath(posixpath.join(above, one.path))) for one in stored
        ),
    )


def _above(path: Path, stored: list[StoredFile]) -> str:
    """Return where the spec's folder lies in the folder that has all files; often it is that one.

    What a spec extends may lie beside its folder: then the names of both are kept.
    """
    levels = max(_count_up(one.path) for one in stored)
    return "/".join(path.absolute().parent.resolve().parts[-levels:]) if levels else "."


def _count_up(path: str) -> int:
    return next(number for number, part in enumerate(path.split("/")) if part != "..")


def _store(name: str, found: _Found, store: Store) -> StoredFile:
    from envc.store.record import StoredFile

    if found.link is not None and found.sha256 is not None:
        return StoredFile(
            path=name, sha256=found.sha256, size_bytes=0, mode=found.mode, link=found.link
        )
    sha256, size = store.content.add(found.file)
    if found.sha256 not in (None, sha256):
        message = f"`{name}` has changed while it was registered"
        raise InputError([Diagnostic(code="E710", message=message, hint="register it again")])
    return StoredFile(path=name, role=found.role, sha256=sha256, size_bytes=size, mode=found.mode)


def _gather(prepared: PreparedFile, path: Path) -> dict[str, _Found]:
    """Return all files of a spec by their paths relative to its folder.

    Raises:
        InputError: One path is meant as two things (E710).
    """
    from envc.pipeline.front import lock_path

    found: dict[str, _Found] = {}
    place = lock_path(path)
    for name, one in _list(prepared, path):
        known = found.setdefault(name, one)
        if (known.link, known.mode) != (one.link, one.mode):
            message = f"`{name}` is copied as a link and as what it points at"
            hint = "name the file that it points at in `copy`, not the link"
            raise InputError([Diagnostic(code="E710", message=message, hint=hint)])
        found[name] = replace(known, sha256=known.sha256 or one.sha256)
    found[path.name] = replace(found[path.name], role="spec")
    found[place.name] = replace(found[place.name], role="lock")
    return found


def _list(prepared: PreparedFile, path: Path) -> Iterator[tuple[str, _Found]]:
    from envc.pipeline.front import lock_path

    folder = path.parent
    for own in (path, lock_path(path)):
        yield own.name, _look_at(own)
    for name in prepared.checked.files:
        yield posixpath.normpath(name), _look_at(folder / name)
    for one in prepared.variants.values():
        yield from _list_inputs(one, folder)


def _list_inputs(prepared: Prepared, folder: Path) -> Iterator[tuple[str, _Found]]:
    from envc.pipeline.context.inputs import walk_files
    from envc.spec.defaults import dockerfile_path

    for name, file in walk_files(prepared.inputs):
        yield name, _of_context(file, folder / name)
    dockerfile, base = dockerfile_path(prepared.checked.spec), prepared.inputs.base
    # What a Dockerfile may not copy can be there for a `copy` step.
    ignoring = []
    if dockerfile is not None:
        yield posixpath.normpath(dockerfile), _look_at(folder / dockerfile)
        ignoring.append(f"{dockerfile}.dockerignore")
    if base is not None:
        ignoring.append(posixpath.join(base.folder, ".dockerignore"))
    for name in ignoring:
        if (folder / name).is_file():
            yield posixpath.normpath(name), _look_at(folder / name)


def _look_at(file: Path) -> _Found:
    mode = 0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644
    return _Found(file=file, mode=mode)


def _of_context(file: ContextFile, place: Path) -> _Found:
    if file.link is not None:
        return _Found(file=place, sha256=file.sha256, mode=file.mode, link=file.link)
    origin = Path(file.origin_path) if file.origin_path is not None else place
    return replace(_look_at(origin), sha256=file.sha256)
