"""A folder becomes one with a spec to begin with: what `init` does."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from envc.curated import is_curated
from envc.diagnostics import Diagnostic
from envc.errors import InputError, UsageError
from envc.frozen import frozen
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.syntax import Form

__all__ = ["PLAIN", "Scaffold", "copy_curated", "init"]

PLAIN = "envc/minimal"
"""What a spec begins with where nothing else is there."""

_FOUND = ("environment.yml", "environment.yaml", "pixi.toml", "pyproject.toml", "requirements.txt")
"""Files of other tools that a folder may have, the one that says most first."""

_SUFFIXES: Mapping[Form, str] = {"dsl": ".envc", "yaml": ".yaml"}
_SPEC_SUFFIXES = (".envc", ".yaml", ".yml")
_LOCKS = frozenset({"conda-lock", "pylock", "pixi-lock", "explicit"})
_NAMELESS = "environment"

_MORE: Mapping[Form, str] = {
    "dsl": """
# What else a spec may say: `envc explain` lists it all, with examples.
#
# pip {
#     requests ==2.*
# }
# variables { TZ = "UTC" }
# copy "src/" to "/app"
# workdir "/app"
# command ["python", "main.py"]
""",
    "yaml": """
# What else a spec may say: `envc explain` lists it all, with examples.
#
# pip: [requests ==2.*]
# variables: {TZ: UTC}
# steps:
#   - copy: {from: src/, to: /app}
# workdir: /app
# command: [python, main.py]
""",
}
"""What follows in a plain spec: lines to take the `#` from."""


@frozen
class Scaffold:
    """What was written.

    Attributes:
        environment: The environment's name.
        spec: Where its spec is.
        lock: Where its lock is; None where there is none yet.
        files: All that was written: the spec, its lock, then what it copies, sorted.
        origin: What the spec began with: the name of a curated environment, or a file's path.
        format_name: The format that the file was read as; None where it is a curated environment.
        passed_over: Files of other tools in the folder that nobody asked for, and were not read.
        warnings: What the spec does not say, or not as the file says it (W431).
    """

    environment: str
    spec: Path
    lock: Path | None
    files: tuple[Path, ...]
    origin: str
    format_name: str | None
    passed_over: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


@frozen
class _Content:
    """What a spec begins with: its text, its lock, and what it copies by the path beside it."""

    text: str
    lock: bytes | None = None
    files: Mapping[Path, bytes] = field(default_factory=dict)
    format_name: str | None = None
    warnings: tuple[Diagnostic, ...] = ()


def init(
    folder: Path,
    machine: Machine,
    form: Form,
    *,
    name: str | None = None,
    origin: str | None = None,
) -> Scaffold:
    """Write a spec to begin with into a folder, which is made where it lacks; nothing is overwritten.

    No solver runs and no network is used. A spec from a curated environment has its lock.

    Args:
        form: The form of the language that the spec is to have.
        name: Of the environment; None makes one of the folder's name.
        origin: A curated environment, such as `envc/minimal`, or the path of another tool's file.
            None takes such a file in the folder, else `envc/minimal`.

    Raises:
        UsageError: There is no such curated environment (E740), the folder is a file (E741), the
            name is none (E742), something would be overwritten (E743), or the origin is a spec
            already (E744) or a lock of another tool (E745).
        InputError: The file cannot be read (E15x), is damaged (E431) or of no known format (E432).
        ToolError: The folder cannot be written (E553).
    """
    if os.path.lexists(folder) and not folder.is_dir():
        hint = "name the folder that is to have a spec"
        raise _refuse("E741", f"`{folder}` is a file, not a folder", hint)
    environment = _name_like(folder) if name is None else _check_name(name)
    found = _find_files(folder) if origin is None else ()
    origin = origin or (str(folder / found[0]) if found else PLAIN)
    spec = folder / f"{environment}{_SUFFIXES[form]}"
    if is_curated(origin) and not _is_file(Path(origin)):
        content = _clone(origin, machine, form)
    else:
        content = _import(Path(origin), machine, form, spec)
    text = _rename(content.text, environment, machine, form)
    lock = spec.with_suffix(".lock") if content.lock is not None else None
    files = {spec: text.encode()}
    files |= {lock: content.lock} if lock is not None and content.lock is not None else {}
    files |= {folder / path: data for path, data in content.files.items()}
    _refuse_overwriting(spec, files, origin)
    _write(files)
    return Scaffold(
        environment=environment,
        spec=spec,
        lock=lock,
        files=tuple(files),
        origin=origin,
        format_name=content.format_name,
        passed_over=found[1:],
        warnings=content.warnings,
    )


def copy_curated(name: str, folder: Path) -> Path:
    """Write a curated environment into a folder as it is, and return the path of its spec there.

    What is there already and is the same stays.

    Raises:
        UsageError: There is none of this name (E740), or something would be overwritten (E743).
        ToolError: The folder cannot be written (E553).
    """
    from envc import curated

    root = curated.folder(name)
    paths = (*curated.own_files(name), *curated.files(name))
    contents = {folder / path: (root / path).read_bytes() for path in paths}
    missing = {path: data for path, data in contents.items() if not _has(path, data)}
    if taken := [path for path in missing if os.path.lexists(path)]:
        raise _explain_taken(taken, "name another folder")
    _write(missing)
    return folder / paths[0]


def _has(path: Path, content: bytes) -> bool:
    return _is_file(path) and not path.is_symlink() and path.read_bytes() == content


def _name_like(folder: Path) -> str:
    """Return the environment's name that is most like a folder's."""
    from envc.interop.gathered import name_like

    own = folder.resolve().name
    return name_like(own) if re.search("[a-z0-9]", own.lower()) else _NAMELESS


def _check_name(name: str) -> str:
    from envc.spec.field import FieldError, environment_name

    try:
        return environment_name(name)
    except FieldError as error:
        raise _refuse("E742", error.message, error.hint) from error


def _find_files(folder: Path) -> tuple[str, ...]:
    """Return the files of other tools in a folder that a spec can be made of, the fullest first.

    A requirements.txt is about an environment, and goes before what a project as such needs.
    """
    from envc.interop.importing import detect
    from envc.pipeline.front import read

    found: dict[str, str] = {}
    for name in _FOUND:
        if _is_file(folder / name):
            with contextlib.suppress(InputError):  # a pyproject.toml may be about anything
                found[name] = detect(read(folder / name))
    return tuple(sorted(found, key=lambda name: found[name] == "project"))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it cannot even be looked at; who writes there is told
        return False


def _clone(origin: str, machine: Machine, form: Form) -> _Content:
    """Return the content of a curated environment."""
    from envc import curated
    from envc.pipeline.front import lock_path
    from envc.pipeline.rewrite import convert

    spec = curated.spec(origin)
    return _Content(
        text=convert(spec, machine, form) + (_MORE[form] if origin == PLAIN else ""),
        lock=lock_path(spec).read_bytes(),
        files={path: (spec.parent / path).read_bytes() for path in curated.files(origin)},
    )


def _import(path: Path, machine: Machine, form: Form, spec: Path) -> _Content:
    """Return the content that another tool's file means.

    Raises:
        UsageError: It is a spec (E744) or a lock (E745).
        InputError: As `import_spec`.
    """
    from envc.pipeline.interchange import import_spec

    _refuse_spec(path, spec)
    imported = import_spec(path, machine, form, output=spec)
    if imported.format_name in _LOCKS:
        into = shlex.join(["envc", "import", str(path), "-o", str(spec)])
        hint = f"run `{into}`: it makes a spec of it, and a lock with the same artefacts"
        raise _refuse("E745", f"`{path}` is a lock", hint)
    return _Content(
        text=imported.text, format_name=imported.format_name, warnings=imported.warnings
    )


def _refuse_spec(path: Path, spec: Path) -> None:
    """Refuse a file that is a spec of envc's.

    Raises:
        UsageError: It is one (E744).
        InputError: It cannot be read (E15x).
    """
    from envc.pipeline.front import read

    is_spec = path.suffix == ".envc"
    if path.suffix in _SPEC_SUFFIXES[1:]:
        is_spec = re.search(r"^environment[ \t]*:", read(path).text, re.MULTILINE) is not None
    if is_spec:
        own = Path(os.path.relpath(path, spec.parent)).as_posix()
        hint = f'copy it, or let a spec of yours start from it: `extends "{own}"`'
        raise _refuse("E744", f"`{path}` is a spec already", hint)


def _rename(text: str, environment: str, machine: Machine, form: Form) -> str:
    """Return a spec with another name for its environment, in its canonical layout."""
    from envc.pipeline.rewrite import format_source
    from envc.source import Source
    from envc.syntax import parse

    name, cache = f"spec{_SUFFIXES[form]}", machine.cache / "grammar"
    before = parse(Source(name=name, text=text), cache=cache, form=form)
    span = before.span(("environment",))
    for written in (environment, f'"{environment}"'):
        renamed = Source(name=name, text=f"{text[: span.start]}{written}{text[span.end :]}")
        with contextlib.suppress(InputError):  # a name such as `true` needs quotes
            if parse(renamed, cache=cache, form=form).data["environment"] == environment:
                return format_source(renamed, machine, form=form)
    raise RuntimeError(f"a spec cannot be named {environment!r}:\n{text}")


def _refuse_overwriting(spec: Path, files: Iterable[Path], origin: str) -> None:
    """Refuse to write where something is: a file, or a spec whose lock would be the same file.

    Raises:
        UsageError: Something is there (E743).
    """
    twins = (spec.with_suffix(suffix) for suffix in _SPEC_SUFFIXES)
    places = dict.fromkeys([*files, spec.with_suffix(".lock"), *twins])
    taken = [one for one in places if os.path.lexists(one) and not _is_same(one, origin)]
    if taken:
        raise _explain_taken(taken)


def _is_same(path: Path, origin: str) -> bool:
    """Say whether a path is the file that the spec is made of: `environment.yml` is no spec."""
    return path.suffix == ".yml" and path.resolve() == Path(origin).resolve()


def _explain_taken(
    taken: Sequence[Path], hint: str = "choose another folder, or another name with `--name`"
) -> UsageError:
    listed = ", ".join(f"`{one}`" for one in taken)
    verb = "is" if len(taken) == 1 else "are"
    return _refuse("E743", f"{listed} {verb} there already, and nothing is overwritten", hint)


def _write(files: Mapping[Path, bytes]) -> None:
    """Write files that are not there yet; where one cannot be, none stays.

    Raises:
        UsageError: One has come to be there (E743).
        ToolError: One cannot be written (E553).
    """
    from envc.files import unwritable

    done: list[Path] = []
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                done.append(path)
                file.write(data)
    except BaseException as error:
        for path in done:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError) and error.filename:
            raise _explain_taken([Path(error.filename)]) from error
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


def _refuse(code: str, message: str, hint: str) -> UsageError:
    return UsageError([Diagnostic(code=code, message=message, hint=hint)])
