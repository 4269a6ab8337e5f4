"""From a spec's path to what every verb needs: its spec, its lock, the plan, and the files to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.machine import Machine
from envc.mirror import MirrorMap

if TYPE_CHECKING:
    from envc.lock.model import Lock
    from envc.memo import Question, Result
    from envc.plan.context import ContextFile
    from envc.plan.inputs import Inputs
    from envc.plan.instruction import BuildPlan
    from envc.render.dockerfile import Rendered
    from envc.source import Source
    from envc.spec.model import EnvSpec
    from envc.syntax.document import Document

__all__ = [
    "Checked",
    "Prepared",
    "check",
    "check_vouched",
    "compiled",
    "lock_path",
    "output_files",
    "prepare",
    "read",
    "read_any_lock",
    "read_locked",
    "render_plan",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A spec that is right, and what is odd about it."""

    document: Document
    spec: EnvSpec
    warnings: tuple[Diagnostic, ...]


def read(path: Path) -> Source:
    """Return the text of a spec.

    Raises:
        InputError: It cannot be read (E15x).
    """
    from envc.files import read_source

    return read_source(path)


def check(source: Source, machine: Machine, *, vouched: Sequence[str] = ()) -> Checked:
    """Return the spec that a text says.

    Args:
        vouched: Conda requirements in normal form that a lock was made from: they are not checked
            again, and without others no solver is loaded.

    Raises:
        InputError: The syntax (E1xx) or the meaning (E2xx) is wrong.
    """
    from envc.spec.advice import warnings
    from envc.spec.load import load_draft
    from envc.syntax import read

    draft = read(source, cache=machine.cache / "grammar")
    spec = load_draft(draft, vouched=frozenset(vouched))
    document = draft.document
    return Checked(document=document, spec=spec, warnings=warnings(document, spec))


def check_vouched(path: Path, machine: Machine) -> Checked:
    """Return the spec of a file; no lock is needed, but one beside it saves loading a solver.

    Raises:
        InputError: The spec cannot be read (E15x) or is wrong (E1xx, E2xx).
    """
    old = read_any_lock(lock_path(path))
    return check(read(path), machine, vouched=old.intent.conda if old is not None else ())


def lock_path(path: Path) -> Path:
    """Return where the lock of a spec lies: beside it.

    Raises:
        InputError: The spec itself lies there (E154).
    """
    place = path.parent / f"{path.stem}.lock"
    if place == path:
        message = f"`{path}` is the name of a lock, not of a spec"
        hint = f"name the spec `{path.stem}.envc` or `{path.stem}.yaml`"
        raise InputError([Diagnostic(code="E154", message=message, hint=hint)])
    return place


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that a compile knows before it writes."""

    path: Path
    checked: Checked
    lock: Lock
    inputs: Inputs
    plan: BuildPlan


def prepare(path: Path, machine: Machine, mirrors: MirrorMap) -> Prepared:
    """Return all that a compile knows before it writes.

    Args:
        mirrors: Whose addresses the Dockerfile is to have.

    Raises:
        InputError: The spec or its lock is wrong, the lock is not that of the spec (E41x), or a
            file beside the spec is missing (E155 to E157).
    """
    from envc import resources
    from envc.context import read_inputs
    from envc.lock.drift import drift
    from envc.plan.lower import lower

    checked, locked = read_locked(path, machine)
    spec, document = checked.spec, checked.document
    inputs = read_inputs(spec, document, path.parent)
    wheels = {name: wheel.sha256 for name, wheel in inputs.wheels.items()}
    if found := drift(spec, document, locked, wheels=wheels):
        raise InputError(found)
    plan = lower(spec, document, locked, inputs, scripts=resources.read_scripts(), mirrors=mirrors)
    return Prepared(path=path, checked=checked, lock=locked, inputs=inputs, plan=plan)


def compiled(path: Path, machine: Machine, mirrors: MirrorMap) -> Result:
    """Return what a compile gives; for files that have not changed since, the result that is kept.

    Raises:
        InputError: As `prepare`.
    """
    from envc.memo import Question, recall

    question = Question.ask(path, lock_path(path), mirrors.pairs, machine.cache)
    return recall(question) or _compile_anew(question, prepare(path, machine, mirrors))


def _compile_anew(question: Question, prepared: Prepared) -> Result:
    from envc.memo import Brought, Result, remember

    plan, inputs = prepared.plan, prepared.inputs
    files = [file for tree in inputs.trees.values() for file in tree.files]
    files += inputs.wheels.values()
    beside = {Path(file.origin_path) for file in files if file.origin_path is not None}
    result = Result(
        spec_id=plan.spec_id,
        env_ids=dict(sorted(plan.env_ids.items())),
        files=output_files(prepared, render_plan(prepared)),
        sources=(question.spec, question.lock, *sorted(beside)),
    )
    trees = {name: (tree.is_folder, tree.files) for name, tree in inputs.trees.items()}
    wheels = {name: wheel.sha256 for name, wheel in inputs.wheels.items()}
    remember(question, result, Brought.of(trees, wheels))
    return result


def read_locked(path: Path, machine: Machine) -> tuple[Checked, Lock]:
    """Return a spec and its lock; whether they agree is another question.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx), or the lock is missing or damaged (E40x).
    """
    from envc.files import read_source
    from envc.lock.codec import loads

    source, place = read(path), lock_path(path)
    if not place.exists():
        hint = f"run `envc lock {path}`"
        message = f"the spec has no lock: there is no `{place}`"
        raise InputError([Diagnostic(code="E400", message=message, hint=hint)])
    found = read_source(place)
    locked = loads(found.text, found.name)
    return check(source, machine, vouched=locked.intent.conda), locked


def read_any_lock(place: Path) -> Lock | None:
    """Return a lock where there is one that can be read; None where nothing depends on it."""
    from envc.files import read_source
    from envc.lock.codec import loads

    try:
        return loads(read_source(place).text, str(place))
    except InputError:
        return None


def render_plan(prepared: Prepared) -> Rendered:
    """Return the Dockerfile."""
    from envc import resources
    from envc.render.dockerfile import render

    return render(prepared.plan, resources.read_templates())


def output_files(prepared: Prepared, rendered: Rendered) -> tuple[ContextFile, ...]:
    """Return all that a compile writes: the context, `Dockerfile` and `image.json`."""
    from envc.output import manifest
    from envc.plan.context import ContextFile
    from envc.render.manifest import facts

    spec, lock, plan = prepared.checked.spec, prepared.lock, prepared.plan
    dockerfile = ContextFile.of("Dockerfile", rendered.text.encode())
    files = (*plan.files, dockerfile)
    return (*files, manifest(facts(spec, lock, plan, _digests(prepared)), files))


def _digests(prepared: Prepared) -> dict[str, str]:
    """Return the SHA-256 of every file that was read, by its path relative to the spec."""
    from envc.context import list_files
    from envc.files import sha256_of

    own = {place.name: sha256_of(place) for place in (prepared.path, lock_path(prepared.path))}
    return own | {name: file.sha256 for name, file in list_files(prepared.inputs).items()}
