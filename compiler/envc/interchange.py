"""A locked spec becomes a file of another tool: what `export` does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError, UsageError
from envc.front import compare_with_lock, read_locked, refuse_unhonoured
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.interop.subject import Exported
    from envc.lock.model import Lock
    from envc.spec.model import EnvSpec

__all__ = ["export"]


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
    refuse_unhonoured(checked, chosen)
    if found := compare_with_lock(checked, locked, chosen):
        raise InputError(found)
    own, lock = checked.variants[name], locked.variants[name]
    if found := drift(own.spec, own.document, lock):
        raise InputError(found)
    wanted = _choose_platforms(lock, platforms)
    if to.has_one_platform and len(wanted) > 1:
        raise UsageError([_explain_several(format_name, wanted)])
    return to.load()(
        Subject(
            name=f"{own.spec.environment}-{name}" if name else own.spec.environment,
            lock=lock,
            platforms=wanted,
            variables={platform: _variables(own.spec, platform) for platform in wanted},
        )
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


def _explain_format(name: str, formats: Collection[str]) -> Diagnostic:
    meant = suggest(name, formats)
    listed = ", ".join(f"`{one}`" for one in formats)
    hint = f"did you mean `{meant}`?" if meant else f"there are {listed}"
    return Diagnostic(code="E001", message=f"there is no format `{name}`", hint=hint)


def _variables(spec: EnvSpec, platform: str) -> Mapping[str, str]:
    from envc.spec.select import select_spec

    variables = select_spec(spec, platform).variables
    return {name: value for name, value in variables.items() if isinstance(value, str)}
