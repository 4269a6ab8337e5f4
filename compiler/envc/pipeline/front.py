"""From a spec's path to what every verb needs: its spec, with all of its variants, and its lock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError
from envc.frozen import frozen
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lint.allow import Allowance
    from envc.lock.model import LockFile
    from envc.source import Source, Span
    from envc.spec.model import EnvSpec
    from envc.syntax.document import Document, Draft

__all__ = [
    "Checked",
    "CheckedFile",
    "allowances",
    "check_file",
    "check_vouched",
    "compare_with_lock",
    "leave_out_allowed",
    "lock_path",
    "read",
    "read_any_lock",
    "read_lock",
    "read_locked",
    "refuse_foreign",
]


@frozen
class Checked:
    """A variant of a spec that is right, and what is odd about it."""

    document: Document
    spec: EnvSpec
    warnings: tuple[Diagnostic, ...]


@frozen
class CheckedFile:
    """A spec whose variants are all right.

    Attributes:
        variants: By name, in the spec's order; of a spec without a matrix, the only name is the
            empty one.
        files: The files that it includes or extends, by POSIX path relative to its folder.
        spans: Where the name of each variant stands; empty for a spec without a matrix.
        unused: The parameters that no variant uses, and where each is declared.
        missing: Errors for the files that it names and that are not there (E155, E156), in the
            order of their places; empty where nobody looked.
    """

    variants: Mapping[str, Checked]
    files: Mapping[str, Source]
    spans: Mapping[str, Span]
    unused: Mapping[str, Span]
    missing: tuple[Diagnostic, ...] = ()

    @property
    def document(self) -> Document:
        """The first variant's document."""
        return next(iter(self.variants.values())).document

    @property
    def environment(self) -> str:
        """The environment's name, which all variants have."""
        return next(iter(self.variants.values())).spec.environment

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is odd about its variants, each thing once."""
        from envc.compose.explain import explain_variants
        from envc.variant import tell_variants

        own = {name: checked.warnings for name, checked in self.variants.items()}
        documents = {name: checked.document for name, checked in self.variants.items()}
        return tell_variants(explain_variants(documents, own), len(own))

    @property
    def spec_id(self) -> str:
        """The id of the whole spec."""
        from envc.spec.normal import matrix_id

        return matrix_id({name: checked.spec for name, checked in self.variants.items()})


def read(path: Path) -> Source:
    """Return the text of a spec.

    Raises:
        InputError: It cannot be read (E15x).
    """
    from envc.files import read_source

    return read_source(path)


def check_file(
    source: Source,
    machine: Machine,
    *,
    vouched: Sequence[str] = (),
    choice: Choice | None = None,
    folder: Path | None = None,
) -> CheckedFile:
    """Return the spec that a text says, with all of its variants, and all files that it includes.

    Args:
        source: Its name is the path that it was read from: other files are relative to its folder.
        vouched: Conda requirements in normal form that a lock was made from: they are not checked
            again, and without others no solver is loaded.
        choice: What the command line chose.
        folder: Where to look whether the other files that it names are there; None does not.

    Raises:
        InputError: The syntax (E1xx) or the meaning (E2xx) is wrong, or a file that the spec
            includes cannot be read (E15x); then other files that are not there are told, too.
        UsageError: A parameter is set that the spec does not have (E006).
    """
    try:
        return _check_file(source, machine, frozenset(vouched), choice, folder)
    except InputError:
        refuse_foreign(source)  # one sentence, where every line would be wrong
        raise


def refuse_foreign(source: Source) -> None:
    """Check that a text is not a file of another tool, such as an environment of Conda's.

    Raises:
        InputError: It is one (E158).
    """
    from envc.interop.importing import explain_foreign

    if (found := explain_foreign(source)) is not None:
        raise InputError([found])


def _check_file(
    source: Source,
    machine: Machine,
    known: Container[str],
    choice: Choice | None,
    looked_in: Path | None,
) -> CheckedFile:
    from envc.compose import compose, unused_params
    from envc.files import read_part
    from envc.syntax import read
    from envc.variant import merge_variants

    cache = machine.cache / "grammar"
    folder = Path(source.name).parent

    def load(path: str) -> Draft:
        return read(read_part(folder / path), cache=cache)

    composition = compose(read(source, cache=cache), load, choice)
    variants: dict[str, Checked] = {}
    failures: dict[str, EnvcError] = {}
    missing: dict[str, EnvcError] = {}
    for name, draft in composition.variants.items():
        told: tuple[Diagnostic, ...] = ()
        try:
            variants[name] = _check_variant(draft, known, machine)
        except InputError as error:
            failures[name] = error
            told = error.diagnostics
        if looked_in is not None and (absent := _find_missing(draft, looked_in, told)):
            missing[name] = InputError([*told, *absent])
    first = next(iter(composition.variants.values())).document
    if failures:
        merged = merge_variants(failures | missing, len(composition.variants))
        raise InputError(sorted(merged.diagnostics, key=first.order))
    lacking = merge_variants(missing, len(composition.variants))
    return CheckedFile(
        variants=variants,
        files=composition.files,
        spans=composition.spans,
        unused=unused_params(composition),
        missing=tuple(sorted(lacking.diagnostics, key=first.order)),
    )


def _find_missing(draft: Draft, folder: Path, told: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return errors for the files that a variant names and that are not in a folder."""
    from envc.compose.explain import explain
    from envc.pipeline.context.missing import find_missing
    from envc.spec.consequence import without_consequences

    found = list(find_missing(draft.document, folder, told))
    return tuple(without_consequences(draft, explain(draft.document, found)))


def _check_variant(draft: Draft, vouched: Container[str], machine: Machine) -> Checked:
    from envc.spec.advice import warnings
    from envc.spec.load import load_draft

    spec, document = load_draft(draft, vouched=vouched), draft.document
    kept = leave_out_allowed(document, warnings(document, spec), machine.cache)
    return Checked(document=document, spec=spec, warnings=kept)


def leave_out_allowed(
    document: Document, warnings: Sequence[Diagnostic], cache: Path
) -> tuple[Diagnostic, ...]:
    """Return those warnings about a spec that no comment in it allows.

    Args:
        cache: envc's own.
    """
    allowed = allowances(document, document.source, warnings, cache) if warnings else ()
    return tuple(one for one in warnings if not any(allowance.covers(one) for allowance in allowed))


def allowances(
    document: Document, source: Source, warnings: Iterable[Diagnostic], cache: Path
) -> tuple[Allowance, ...]:
    """Return what the comments of a text allow, and those of the other texts that warnings are about.

    Args:
        document: What all of the texts say together.
        cache: envc's own.
    """
    from envc.lint import allow
    from envc.syntax import find_comments

    spans = [label.span for warning in warnings for label in warning.labels[:1]]
    sources = {text.name: text for text in (source, *(span.source for span in spans))}
    return tuple(
        allowance
        for text in sources.values()
        if allow.MARK in text.text
        for allowance in allow.allowances(
            document, text, find_comments(text, cache=cache / "grammar")
        )
    )


def check_vouched(path: Path, machine: Machine, choice: Choice | None = None) -> CheckedFile:
    """Return the spec of a file; no lock is needed, but one beside it saves loading a solver.

    Raises:
        InputError: The spec cannot be read (E15x) or is wrong (E1xx, E2xx).
        UsageError: A parameter is set that the spec does not have (E006).
    """
    old = read_any_lock(lock_path(path))
    vouched = old.vouched if old is not None else ()
    return check_file(read(path), machine, vouched=vouched, choice=choice)


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


def compare_with_lock(
    checked: CheckedFile,
    locked: LockFile,
    chosen: Sequence[str],
    choice: Choice | None = None,
) -> tuple[Diagnostic, ...]:
    """Return in which variants a spec is not that of its lock (E417 to E419); of those chosen."""
    from envc.lock.variant import compare_variants

    return compare_variants(
        checked.document,
        checked.spans,
        locked,
        wanted=chosen,
        sets=choice.sets if choice is not None else None,
    )


def read_locked(
    path: Path, machine: Machine, choice: Choice | None = None
) -> tuple[CheckedFile, LockFile]:
    """Return a spec and its lock; whether they agree is another question.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx), or the lock is missing or damaged (E40x).
    """
    source, place = read(path), lock_path(path)
    if not place.exists():
        refuse_foreign(source)
        from envc.lock.command import advise_lock

        hint = advise_lock(str(path), choice.sets if choice is not None else None)
        message = f"the spec has no lock: there is no `{place}`"
        raise InputError([Diagnostic(code="E400", message=message, hint=hint)])
    locked = read_lock(place)
    return check_file(source, machine, vouched=locked.vouched, choice=choice), locked


def read_lock(place: Path) -> LockFile:
    """Return the lock that lies somewhere.

    Raises:
        InputError: It cannot be read (E15x), is damaged or not whole (E40x).
    """
    from envc.files import read_source
    from envc.lock.codec import loads, refuse_contradictions

    found = read_source(place)
    locked = loads(found.text, found.name)
    refuse_contradictions(found, locked)
    return locked


def read_any_lock(place: Path) -> LockFile | None:
    """Return a lock where there is one that can be read; None where nothing depends on it."""
    try:
        return read_lock(place)
    except InputError:
        return None
