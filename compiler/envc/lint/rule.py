"""The table of rules, and what they find in a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from envc.lint import image, origin, package, parameter, secret, step
from envc.lint.finding import Finding, Replace, Rule
from envc.lint.subject import Subject
from envc.source import Span
from envc.spec.advice import exact_version, warnings
from envc.spec.entry import conda_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["CODES", "RULES", "find"]

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*package.RULES, *origin.RULES, *image.RULES, *step.RULES, *secret.RULES, *parameter.RULES),
        key=lambda rule: rule.code,
    )
)
"""Every rule, sorted by code; those of `envc.spec.advice` are told everywhere, and are not among them."""

CODES = ("W201", "W202", "W203", "W204", "W205", *(rule.code for rule in RULES), "W290")
"""The codes of all that is odd about a spec and can be allowed, sorted."""


def find(
    document: Document,
    spec: EnvSpec,
    today: date,
    *,
    all_rules: bool,
    unused: Mapping[str, Span] | None = None,
) -> tuple[Finding, ...]:
    """Return what the rules find in a spec that is right, in the order of the places.

    Args:
        today: The day to judge ages by.
        all_rules: Whether to ask every rule, and not those only that find sure mistakes.
        unused: The parameters that no variant of the spec uses, and where each is declared.
    """

    def place(finding: Finding) -> tuple[tuple[int, int], str]:
        return document.order(finding.warning), finding.warning.code

    subject = Subject.of(document, spec, today, unused or {})
    found = [
        finding for rule in RULES if all_rules or rule.is_sure for finding in rule.find(subject)
    ]
    found += _advice(document, spec)
    return tuple(sorted(found, key=place))


def _advice(document: Document, spec: EnvSpec) -> Iterator[Finding]:
    fixes = {document.part(fix.path, fix.start, fix.end): fix for fix in _series_of_exact(document)}
    for warning in warnings(document, spec):
        has_fix = warning.code == "W203" and warning.labels
        fix = fixes.get(warning.labels[0].span) if has_fix else None
        yield Finding(warning=warning, fix=fix)


def _series_of_exact(document: Document) -> Iterator[Replace]:
    for entry in conda_entries(document):
        if found := exact_version(entry.text):
            start, end, number = found
            yield Replace(path=entry.path, start=start, end=end, text=f"{number}.*")
