"""pixi.lock of any version that rattler knows, rewritten in the newest one."""

from __future__ import annotations

from collections.abc import Mapping

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.resolve.worker import ask
from envc.source import Source

__all__ = ["rewrite"]


def rewrite(source: Source, environment: Mapping[str, str]) -> str:
    """Return a pixi.lock as the installed rattler writes it, with all its packages and hashes.

    Raises:
        InputError: rattler cannot read it: it is damaged, or newer than rattler (E431).
        ToolError: The worker failed (E342).
    """
    answer = ask("envc.resolve.conda.pixi_lock_worker", {"text": source.text}, environment)
    text = answer.get("text")
    if isinstance(text, str):
        return text
    message = f"`{source.name}` cannot be read"
    hint = "let pixi write it anew: `pixi lock`; of a newer pixi, install a newer py-rattler"
    raise InputError(
        [Diagnostic(code="E431", message=message, notes=(str(answer.get("problem")),), hint=hint)]
    )
