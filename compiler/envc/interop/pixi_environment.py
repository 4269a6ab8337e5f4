"""Which of the environments of a pixi workspace is meant."""

from __future__ import annotations

from collections.abc import Collection

from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.interop.gathered import Gathered

__all__ = ["DEFAULT", "choose_environment"]

DEFAULT = "default"
"""The environment that pixi means where none is named."""


def choose_environment(file: str, names: Collection[str], gathered: Gathered) -> str:
    """Return the environment to import: the one asked for, else the default one, else the only one.

    The others are noted as left out.

    Raises:
        UsageError: There is no such environment, or none that is meant (E001).
    """
    wanted = gathered.wanted or DEFAULT
    if wanted not in names and gathered.wanted is None and len(names) == 1:
        (wanted,) = names
    if wanted not in names and (gathered.wanted is not None or names):
        meant = suggest(wanted, names)
        listed = ", ".join(f"`{name}`" for name in sorted(names))
        hint = f"did you mean `{meant}`?" if meant else f"say which with `--environment`: {listed}"
        message = f"`{file}` has no environment `{wanted}`"
        raise UsageError([Diagnostic(code="E001", message=message, hint=hint if names else "")])
    if others := sorted(set(names) - {wanted}):
        listed = ", ".join(f"`{name}`" for name in others)
        gathered.remark(
            f"one environment is imported, `{wanted}`; left out: {listed}",
            hint="choose with `--environment NAME`; a `matrix` says several in one spec",
        )
    return wanted
