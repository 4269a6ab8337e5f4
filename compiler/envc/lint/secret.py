"""Rules about secrets: what everybody who has the image could read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from envc.diagnostics import Diagnostic, Label
from envc.lint.finding import Finding, Rule
from envc.lint.subject import Subject
from envc.syntax.document import Path

__all__ = ["RULES"]

_HINT = (
    "give it to containers when they start, or to indexes by `secret`; change it, for it was seen"
)
_FILES = frozenset(
    {".env", ".git-credentials", ".netrc", ".pgpass", ".pypirc", "credentials.json"}
    | {"id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", "service-account.json"}
)
_FOLDERS = frozenset({".aws", ".azure", ".docker", ".gnupg", ".kube", ".ssh"})
_SUFFIXES = frozenset({".jks", ".key", ".keystore", ".p12", ".pfx"})
# The forms that those who hand them out give them.
_TOKENS = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[opsur]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{50,}"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{30,}\b"),
    ("a PyPI token", r"\bpypi-AgEI[A-Za-z0-9_-]{20,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a Google key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("an OpenAI key", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("a password", r"(?<=://)[^\s/:@\"'$]*:[^\s/:@\"'${]+(?=@)"),
)
_TOKEN = tuple((what, re.compile(pattern)) for what, pattern in _TOKENS)
_NAME = (
    r"(?:[A-Za-z0-9]+[_-])*"
    r"(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|"
    r"secret[_-]?key)"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"(?:(?<![\w-])|--){_NAME}(?:=|(?<=[a-z])[ ]+)(?P<value>'[^']*'|\"[^\"]*\"|[^\s;&|'\"]+)",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"[0-9.]*|true|false|yes|no|on|off|none|null|[$/<{(].*|.*(?:change|replace|your|example|dummy).*|"
    r"x+|\*+|-.*",
    re.IGNORECASE | re.DOTALL,
)
_PLACES = ("variables", "build-variables", "labels")
_TEXTS = (
    *_PLACES,
    "base",
    "before-packages",
    "steps",
    "entrypoint",
    "command",
    "check",
    "healthcheck",
    "runtime",
    "train",
)


def _copied(subject: Subject) -> Iterator[Finding]:
    steps = subject.document.data_at(("steps",))
    for index in range(len(steps) if isinstance(steps, list) else 0):
        path = ("steps", index, "copy", "from")
        source = PurePosixPath(subject.text(path))
        is_secret = (
            source.name in _FILES
            or source.name.startswith(".env.")
            or source.suffix in _SUFFIXES
            or bool(_FOLDERS.intersection(source.parts))
        )
        if is_secret:
            yield Finding(
                warning=Diagnostic.at(
                    subject.document.span(path),
                    "W242",
                    f"everybody who has the image can read `{source}`",
                    hint="mount it when a container starts; a layer keeps it even where a later step "
                    "deletes it",
                )
            )


def _literals(subject: Subject) -> Iterator[Finding]:
    for key in _TEXTS:
        for path, text in subject.texts_below((key,)):
            finding = _by_form(subject, path, text) or _by_name(subject, path, text)
            if finding is not None:
                yield finding
    yield from _in_parameters(subject)


def _in_parameters(subject: Subject) -> Iterator[Finding]:
    used = (use for origin in subject.document.origins.values() for use in origin.uses)
    for use in dict.fromkeys(used):
        # A name in capital letters is that of an environment variable, as an index wants it.
        is_named = _SECRET_NAME.fullmatch(use.name) and not re.fullmatch("[A-Z0-9_]+", use.value)
        if use.span is not None and is_named and _is_secret(use.value):
            message = f"`{use.name}` looks like a secret, and everybody can read it in the spec"
            yield Finding(warning=Diagnostic.at(use.span, "W243", message, hint=_HINT))


def _by_form(subject: Subject, path: Path, text: str) -> Finding | None:
    for what, pattern in _TOKEN:
        if found := pattern.search(text):
            return _literal(subject, path, found.span(), f"this looks like {what}")
    return None


def _by_name(subject: Subject, path: Path, text: str) -> Finding | None:
    if path[0] in _PLACES:
        name = str(path[1])
        if _SECRET_NAME.fullmatch(name) and _is_secret(text):
            return _literal(subject, path, (0, len(text)), f"`{name}` looks like a secret")
        return None
    for found in _ASSIGNED.finditer(text):
        if _is_secret(found["value"].strip("'\"")):
            return _literal(subject, path, found.span("value"), "this looks like a secret")
    return None


def _is_secret(value: str) -> bool:
    return len(value) >= 4 and not _NO_SECRET.fullmatch(value)


def _literal(subject: Subject, path: Path, place: tuple[int, int], message: str) -> Finding:
    where = "in the spec" if path[0] in {"runtime", "train"} else "in the image"
    span = subject.part(path, *place)
    message = f"{message}, and everybody can read it {where}"
    labels = (Label(span=span, is_secret=True),)
    return Finding(warning=Diagnostic(code="W243", message=message, labels=labels, hint=_HINT))


RULES = (
    Rule(code="W242", name="copied-secret", find=_copied, is_sure=True),
    Rule(code="W243", name="secret", find=_literals, is_sure=True),
)
