"""Rules about parameters: those that nothing asks for."""

from __future__ import annotations

from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.lint.finding import Finding, Rule
from envc.lint.subject import Subject

__all__ = ["RULES"]


def _unused(subject: Subject) -> Iterator[Finding]:
    for name, span in subject.unused.items():
        # A file that several specs share may declare what only some of them use.
        if span.source == subject.document.source:
            yield Finding(
                warning=Diagnostic.at(
                    span,
                    "W244",
                    f"nothing uses the parameter `{name}`",
                    hint=f"remove it, or write `${{{{ {name} }}}}` where its value belongs",
                )
            )


RULES = (Rule(code="W244", name="unused-parameter", find=_unused),)
