"""What must hold between the values of a spec, and for the texts that other tools define.

Checks read the document, not the model: they also run where the model has refused some value, so
that all problems are told at once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator

from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.spec import field, metadata
from envc.spec.agreement import AGREEMENTS
from envc.spec.debian import split_debian
from envc.spec.defaults import canonical_address, channel_addresses
from envc.spec.direct import complain_on_address
from envc.spec.entry import (
    Entry,
    channel_entries,
    conda_entries,
    pip_entries,
    source_entries,
    system_entries,
    texts,
    wheel_entries,
)
from envc.spec.field import FieldError
from envc.spec.matchspec import MatchSpecParts, complain, join_matchspec, split_matchspec
from envc.spec.requirement import PipRequirement, normal_name, parse_requirement
from envc.syntax.document import Document

__all__ = ["CHECKS", "check"]


@frozen
class _Subject:
    """What checks look at: the document, and its packages, read once."""

    document: Document
    vouched: Container[str]
    conda: tuple[tuple[Entry, MatchSpecParts | None], ...]
    pip: tuple[tuple[Entry, PipRequirement | FieldError], ...]


def check(document: Document, *, vouched: Container[str] = ()) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with a document beyond the form of its single values.

    Args:
        vouched: As for `envc.spec.load.load`.
    """
    subject = _Subject(
        document=document,
        vouched=vouched,
        conda=tuple(
            (entry, split_matchspec(entry.text)) for entry in _lines(conda_entries(document))
        ),
        pip=tuple(
            (entry, parse_requirement(entry.text)) for entry in _lines(pip_entries(document))
        ),
    )
    found = [problem for rule in CHECKS for problem in rule(subject)]
    found += [problem for rule in AGREEMENTS for problem in rule(document)]
    return tuple(found)


def _lines(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Leave out what the model has refused: empty texts and texts of several lines."""
    for entry in entries:
        try:
            field.line(entry.text)
        except FieldError:
            continue
        yield entry


def _lists_have_no_repetition(subject: _Subject) -> Iterator[Diagnostic]:
    document = subject.document
    lists: tuple[tuple[Iterable[Entry], Callable[[str], str]], ...] = (
        (texts(document, ("platforms",)), str),
        (channel_entries(document), _channel_key),
        (_addresses(document, "indexes", "url"), canonical_address),
        (_addresses(document, "find-links", "url"), str),
        (_addresses(document, "find-links", "path"), posixpath.normpath),
        (wheel_entries(document), posixpath.normpath),
        (source_entries(document), posixpath.normpath),
        (texts(document, ("pip", "sdists")), normal_name),
        (texts(document, ("ports",)), _port_key),
        (texts(document, ("volumes",)), _volume_key),
        (texts(document, ("check", "import")), str),
    )
    for entries, key in lists:
        seen: dict[str, list[Entry]] = {}
        for entry in entries:
            earlier = _find_earlier(seen, _try(key, entry.text), entry)
            if earlier is not None:
                yield _repeated(document, "E208", entry, earlier, "remove one of them")


def _matchspecs_are_valid(subject: _Subject) -> Iterator[Diagnostic]:
    for entry, parts in subject.conda:
        is_vouched = parts is not None and join_matchspec(parts) in subject.vouched
        if not is_vouched and (problem := complain(entry.text)):
            yield _at_entry(subject.document, entry, problem)


def _requirements_are_valid(subject: _Subject) -> Iterator[Diagnostic]:
    for entry, parsed in subject.pip:
        if isinstance(parsed, FieldError):
            yield _at_entry(subject.document, entry, parsed)


def _addresses_lead_to_packages(subject: _Subject) -> Iterator[Diagnostic]:
    for entry, parsed in subject.pip:
        if isinstance(parsed, PipRequirement) and parsed.url:
            problem = complain_on_address(parsed)
            if problem is not None:
                start = entry.text.find(parsed.url)
                span = subject.document.part(entry.path, start, start + len(parsed.url))
                yield Diagnostic.at(span, problem.code, problem.message, hint=problem.hint)


def _conda_constraints_are_valid(subject: _Subject) -> Iterator[Diagnostic]:
    document = subject.document
    seen: dict[str, list[Entry]] = {}
    for entry in _lines(texts(document, ("conda", "constraints"))):
        parts = split_matchspec(entry.text)
        is_vouched = parts is not None and join_matchspec(parts) in subject.vouched
        if not is_vouched and (problem := complain(entry.text)):
            yield _at_entry(document, entry, problem)
        elif parts is not None and not (parts.version or parts.build or parts.bracket):
            yield Diagnostic.at(
                document.span(entry.path),
                "E264",
                f"`{parts.name}` alone constrains nothing",
                hint=f"write which versions may be chosen, such as `{parts.name} <2`",
            )
        elif parts is not None and (earlier := _find_earlier(seen, parts.name.lower(), entry)):
            hint = "say it once, with all that must hold, such as `>=1.26,<2`"
            yield _repeated(document, "E233", entry, earlier, hint, name=parts.name.lower())


def _pip_constraints_are_valid(subject: _Subject) -> Iterator[Diagnostic]:
    document = subject.document
    for key in ("constraints", "overrides"):
        seen: dict[str, list[Entry]] = {}
        for entry in _lines(texts(document, ("pip", key))):
            parsed = parse_requirement(entry.text)
            if isinstance(parsed, FieldError):
                yield _at_entry(document, entry, parsed)
                continue
            if problem := _complain_on_constraint(parsed, key):
                message, hint = problem
                yield Diagnostic.at(document.span(entry.path), "E264", message, hint=hint)
            elif earlier := _find_earlier(seen, f"{parsed.name} {parsed.marker}", entry):
                hint = "say it once, with all that must hold, such as `>=1.26,<2`"
                yield _repeated(document, "E233", entry, earlier, hint, name=parsed.name)


def _complain_on_constraint(parsed: PipRequirement, key: str) -> tuple[str, str] | None:
    """Return message and hint for a requirement that can be no constraint or override, or None."""
    what = "constraint" if key == "constraints" else "override"
    if parsed.url:
        message = f"an address can be no {what}"
        return (
            message,
            "list it as a package: what is installed by its address has no other version",
        )
    if parsed.extras:
        better = f"{parsed.name} {','.join(parsed.clauses)}".strip()
        return f"extras are no part of {key}", f"write `{better}`, and the extras in `packages`"
    if not parsed.clauses and key == "constraints":
        message = f"`{parsed.name}` alone constrains nothing"
        return message, f"write which versions may be chosen, such as `{parsed.name} <2`"
    return None


def _packages_are_listed_once(subject: _Subject) -> Iterator[Diagnostic]:
    seen: dict[str, list[Entry]] = {}
    for key, name, entry in _named(subject):
        earlier = _find_earlier(seen, key, entry)
        if earlier is not None:
            hint = "say it once, with all that must hold, such as `>=1.26,<2`"
            if entry.text == earlier.text:
                hint = "remove one of them"
            elif key.startswith("system "):
                hint = "say it once, with its version where one is meant"
            if earlier.on != entry.on:
                hint = "say for which platform each is, or say it once"
            yield _repeated(subject.document, "E233", entry, earlier, hint, name=name)


def _named(subject: _Subject) -> Iterator[tuple[str, str, Entry]]:
    """Yield what tells the packages of each list apart, their names, and where they are."""
    for entry, parts in subject.conda:
        if parts is not None:
            yield f"conda {parts.name.lower()}", parts.name.lower(), entry
    for entry, parsed in subject.pip:
        if isinstance(parsed, PipRequirement):
            yield f"pip {parsed.name} {parsed.marker}", parsed.name, entry
    for entry in system_entries(subject.document):
        name, _ = split_debian(entry.text)
        yield f"system {name}", name, entry


def _find_earlier(seen: dict[str, list[Entry]], key: str, entry: Entry) -> Entry | None:
    """Return an earlier entry with the same key for the same platform, and remember this one."""
    same = seen.setdefault(key, [])
    earlier = next((other for other in same if other.meets(entry)), None)
    same.append(entry)
    return earlier


def _pythons_agree(subject: _Subject) -> Iterator[Diagnostic]:
    python = subject.document.data_at(("python",))
    if not isinstance(python, str) or not re.fullmatch(r"[0-9]+(?:\.[0-9]+){0,2}", python):
        return
    for entry, parts in subject.conda:
        if parts is not None and parts.name.lower() == "python" and _excludes(parts, python):
            yield Diagnostic(
                code="E234",
                message=f"`{entry.text.strip()}` leaves no Python {python}",
                labels=(
                    Label(span=subject.document.span(entry.path)),
                    Label(span=subject.document.span(("python",)), text="Python is chosen here"),
                ),
                hint="say it in one place: remove one of them",
            )


def _channels_are_listed(subject: _Subject) -> Iterator[Diagnostic]:
    listed = [entry.text for entry in channel_entries(subject.document)] or ["conda-forge"]
    known = {address for name in listed for address in _try_addresses(name)}
    for entry, parts in subject.conda:
        if parts is None or not parts.channel or "@" in parts.channel:
            continue
        name = re.sub(r"/(?:linux-64|linux-aarch64|noarch)$", "", parts.channel)
        if not known.intersection(_try_addresses(name)):
            start = entry.text.find(parts.channel)
            yield Diagnostic.at(
                subject.document.part(entry.path, start, start + len(parts.channel)),
                "E235",
                f"`{name}` is not one of the spec's channels",
                hint=f"add `{name}` to `channels`, where its place says its priority",
            )


def _python_is_no_distribution(subject: _Subject) -> Iterator[Diagnostic]:
    for entry, parsed in subject.pip:
        if isinstance(parsed, PipRequirement) and parsed.name == "python":
            yield Diagnostic.at(
                subject.document.span(entry.path),
                "E237",
                "Python itself cannot come from pip",
                hint="say `python 3.12` beside the blocks (in YAML `python: 3.12`)",
            )


CHECKS: tuple[Callable[[_Subject], Iterator[Diagnostic]], ...] = (
    _lists_have_no_repetition,
    _matchspecs_are_valid,
    _conda_constraints_are_valid,
    _requirements_are_valid,
    _pip_constraints_are_valid,
    _addresses_lead_to_packages,
    _packages_are_listed_once,
    _pythons_agree,
    _channels_are_listed,
    _python_is_no_distribution,
)
"""Every rule, each about one thing; their order does not matter, for `load` sorts by place."""


def _at_entry(document: Document, entry: Entry, problem: FieldError) -> Diagnostic:
    part = problem.part
    span = document.part(entry.path, *part) if part is not None else document.span(entry.path)
    return Diagnostic.at(span, problem.code, problem.message, hint=problem.hint)


def _repeated(
    document: Document, code: str, entry: Entry, earlier: Entry, hint: str, *, name: str = ""
) -> Diagnostic:
    return Diagnostic(
        code=code,
        message=f"`{name or entry.text}` is listed twice",
        labels=(
            Label(span=document.span(entry.path)),
            Label(span=document.span(earlier.path), text="first listed here"),
        ),
        hint=hint,
    )


def _addresses(document: Document, block: str, key: str) -> Iterator[Entry]:
    items = document.data_at(("pip", block))
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict) and isinstance(text := item.get(key), str):
            yield Entry(path=("pip", block, index, key), text=text)


def _channel_key(name: str) -> str:
    return " ".join(channel_addresses(name))


def _port_key(text: str) -> str:
    return metadata.port_text(*metadata.port_key(text))


def _volume_key(text: str) -> str:
    return metadata.volume_path(text) if text.startswith("/") else text


def _try(key: Callable[[str], str], text: str) -> str:
    """Return a text's key, or the text itself where the model has refused it as an address."""
    try:
        return key(text)
    except ValueError:
        return text


def _try_addresses(name: str) -> tuple[str, ...]:
    try:
        return channel_addresses(name)
    except ValueError:
        return (name,)


_BOUND = re.compile(r"(==|>=|<=|=|<|>)?([0-9]+(?:\.[0-9]+)*)(\.\*)?")


def _excludes(parts: MatchSpecParts, python: str) -> bool:
    """Say whether a MatchSpec surely leaves no version of a series; what is not plain does not."""
    if "|" in parts.version:
        return False
    low = tuple(int(number) for number in python.split("."))
    for constraint in parts.version.split(","):
        bound = _BOUND.fullmatch(constraint)
        if bound is None:
            continue
        version = tuple(int(number) for number in bound[2].split("."))
        shared = min(len(low), len(version))
        ahead, here = version[:shared], low[:shared]
        match bound[1] or "==":
            case "==" | "=" if ahead != here:
                return True
            case ">=" | ">" if ahead > here:
                return True
            case "<=" if ahead < here:
                return True
            case "<" if ahead < here or (ahead == here and not any(version[shared:])):
                return True
    return False
