"""What is allowed in a spec and rarely meant: its warnings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.reference import ImageReference
from envc.spec.entry import conda_entries
from envc.spec.model import EnvSpec
from envc.spec.unhonoured import unhonoured_warnings
from envc.syntax.document import Document

__all__ = ["exact_version", "warnings"]

# `name =1.2 build`, `name 1.2 build` and `name 1.2`; not `name=1.2=build`, whose exactness is meant.
_EXACT = re.compile(
    r"(?P<name>[^\s=<>!~\[]+)[ \t]+(?P<version>=?(?P<number>[0-9]+(?:\.[0-9]+)?))"
    r"(?:[ \t]+(?P<build>[A-Za-z0-9_.*]+))?"
)


def warnings(document: Document, spec: EnvSpec) -> tuple[Diagnostic, ...]:
    """Return the warnings (W2xx) about a valid spec, in the order of their places."""
    rules = (_floating_base, _root, _program_with_blanks, _variable_of_itself)
    found = [warning for rule in rules for warning in rule(document, spec)]
    found += _exact_versions(document)
    found += unhonoured_warnings(document)
    return tuple(sorted(found, key=document.order))


def _floating_base(document: Document, spec: EnvSpec) -> Iterator[Diagnostic]:
    if spec.base is None or spec.base.image is None:
        return
    reference = ImageReference.parse(spec.base.image)
    if reference.tag == "latest" and reference.digest is None:
        yield Diagnostic.at(
            document.span(("base", "image")),
            "W201",
            f"`{spec.base.image}` is whatever `latest` is on the day of the lock",
            hint="name a version's tag or a digest",
        )


def _root(document: Document, spec: EnvSpec) -> Iterator[Diagnostic]:
    if spec.user is not None and spec.user.partition(":")[0] in {"root", "0"}:
        yield Diagnostic.at(
            document.span(("user",)),
            "W202",
            "containers of this image run as root",
            hint="leave `user` out: steps run as root anyway, and containers as 1000:1000",
        )


def _program_with_blanks(document: Document, spec: EnvSpec) -> Iterator[Diagnostic]:
    for key, words in (("entrypoint", spec.entrypoint), ("command", spec.command)):
        program, *more = words or ("",)
        if len(apart := program.split()) > 1 and not more and not program.startswith("/"):
            better = ", ".join(json.dumps(word, ensure_ascii=False) for word in apart)
            yield Diagnostic.at(
                document.span((key, 0)),
                "W204",
                f"`{program}` is one word, the name of a program with blanks in it",
                hint=f"write its words apart: [{better}]",
            )


def _variable_of_itself(document: Document, spec: EnvSpec) -> Iterator[Diagnostic]:
    blocks = (("variables", spec.variables), ("build-variables", spec.build_variables))
    for key, variables in blocks:
        for name, value in variables.items():
            values = (value,) if isinstance(value, str) else value.values()
            own = re.compile(rf"\$\{{?{re.escape(name)}\b")
            if any(own.search(text) for text in values):
                yield Diagnostic.at(
                    document.key_span((key, name)),
                    "W205",
                    f"`${name}` in it stays as it is written: values are no shell's",
                    hint="write all folders out; envc puts its own before them"
                    if (key, name) == ("variables", "PATH")
                    else "write all of it out, or set it in the `run` step or the program that needs it",
                )


def exact_version(text: str) -> tuple[int, int, str] | None:
    """Return where a MatchSpec means one exact version where a series looks meant, and its number.

    None where it does not.

    >>> exact_version("pytorch =2.4 cuda*")
    (8, 12, '2.4')
    """
    exact = _EXACT.fullmatch(text.strip())
    if exact is None or (exact["version"].startswith("=") and exact["build"] is None):
        return None
    start = text.find(exact["version"], text.find(exact["name"]) + len(exact["name"]))
    return start, start + len(exact["version"]), exact["number"]


def _exact_versions(document: Document) -> Iterator[Diagnostic]:
    for entry in conda_entries(document):
        if (exact := exact_version(entry.text)) is None:
            continue
        start, end, number = exact
        text = entry.text
        better = f"{text[:start]}{number}.*{text[end:]}".strip()
        yield Diagnostic.at(
            document.part(entry.path, start, end),
            "W203",
            f"`{text.strip()}` means version {number} exactly, not the series {number}.*",
            hint=f"write `{better}` for the series, or `=={number}` where one version is meant",
        )
