"""What the command line calls environments and versions; parsed, and looked up in a store."""

from __future__ import annotations

import re
from dataclasses import dataclass

from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.store.record import Environment, Version
from envc.store.store import Store

__all__ = [
    "CURATED",
    "LATEST",
    "Reference",
    "check_label",
    "check_name",
    "curated_name",
    "find_environment",
    "find_version",
    "parse_reference",
    "require_reference",
    "unknown_environment",
]

CURATED = "envc/"
"""How the names of environments start that ship with envc: nobody can register such a name."""

LATEST = "latest"
_NAME = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
_NAME_MAX = 128
_LABEL = r"[A-Za-z][A-Za-z0-9._-]{0,127}"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{CURATED})?{_NAME})(?:@(?P<version>[1-9][0-9]{{0,8}}|{LATEST})|:(?P<label>{_LABEL}))?"
)
_HOW = "write `NAME`, `NAME@VERSION` or `NAME:LABEL`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What an argument calls a version.

    Attributes:
        name: The environment's.
        number: None where another thing says which; without any, the latest is meant.
        label: Empty where there is none.
        is_latest: Whether the latest is asked for by name.
    """

    name: str
    number: int | None = None
    label: str = ""
    is_latest: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether it is the environment's name alone."""
        return self.number is None and not self.label and not self.is_latest

    @property
    def is_curated(self) -> bool:
        """Whether it ships with envc."""
        return self.name.startswith(CURATED)

    def __str__(self) -> str:
        if self.label:
            return f"{self.name}:{self.label}"
        which = LATEST if self.is_latest else self.number
        return f"{self.name}@{which}" if which else self.name


def parse_reference(text: str) -> Reference | None:
    """Return what a text calls; None where it is no reference.

    >>> parse_reference("pets@3")
    Reference(name='pets', number=3, label='', is_latest=False)
    >>> parse_reference("pets:prod").label, parse_reference("team/pets:prod")
    ('prod', None)
    """
    found = _REFERENCE.fullmatch(text)
    if found is None or len(found["name"]) > _NAME_MAX:
        return None
    is_latest = LATEST in (found["version"], found["label"])
    return Reference(
        name=found["name"],
        number=int(found["version"]) if found["version"] and not is_latest else None,
        label=(found["label"] or "") if not is_latest else "",
        is_latest=is_latest,
    )


def require_reference(text: str) -> Reference:
    """Return what a text calls.

    Raises:
        UsageError: It is no reference (E705).
    """
    found = parse_reference(text)
    if found is None:
        message = f"`{text}` names no registered environment"
        raise UsageError([Diagnostic(code="E705", message=message, hint=_HOW)])
    return found


def check_name(text: str) -> str:
    """Return a name that an environment can be registered under.

    Raises:
        UsageError: It is none (E705), or reserved (E706).
    """
    if text.startswith(CURATED):
        message = f"`{text}` cannot be registered: `{CURATED}` is for what ships with envc"
        hint = f"register it under a name of your own, as in `--name {text.rpartition('/')[2]}`"
        raise UsageError([Diagnostic(code="E706", message=message, hint=hint)])
    if re.fullmatch(_NAME, text) and len(text) <= _NAME_MAX:
        return text
    message = f"`{text}` cannot be an environment's name"
    hint = (
        "a name has small letters and digits, single `-`, `_` or `.` between them, and at most "
        f"{_NAME_MAX} characters"
    )
    raise UsageError([Diagnostic(code="E705", message=message, hint=hint)])


def check_label(text: str) -> str:
    """Return a label that can point at a version.

    Raises:
        UsageError: It is none (E708).
    """
    if re.fullmatch(_LABEL, text) and text != LATEST:
        return text
    message = f"`{text}` cannot be a label"
    hint = (
        "it always is the newest version" if text == LATEST
        else "a label starts with a letter and has letters, digits, `.`, `_` and `-`; "
        "what has a value is written `KEY=VALUE`"
    )  # fmt: skip
    raise UsageError([Diagnostic(code="E708", message=message, hint=hint)])


def curated_name(reference: Reference) -> str:
    """Return the name of an environment that ships with envc.

    Raises:
        UsageError: A version of it is asked for (E746).
    """
    if not reference.is_bare:
        raise _unversioned(reference.name)
    return reference.name


def find_environment(store: Store | None, name: str) -> Environment:
    """Return a registered environment.

    Raises:
        UsageError: There is none of this name (E704).
    """
    found = store.environment(name) if store is not None else None
    if found is None:
        raise unknown_environment(store, name)
    return found


def find_version(store: Store | None, reference: Reference) -> Version:
    """Return the version that is meant; a name alone is its latest.

    What is archived is found by its number or by a label, and is nobody's latest.

    Raises:
        UsageError: There is none (E704).
    """
    environment = find_environment(store, reference.name)
    number = reference.number
    if reference.label:
        number = environment.labels.get(reference.label)
        if number is None:
            raise _unknown_label(environment, reference.label)
    elif number is None:
        number = environment.latest if environment.archived is None else None
        if number is None:
            message = f"the environment `{reference.name}` is archived"
            hint = f"name a version, as in `{reference.name}@{environment.count}`, or restore it: "
            hint += f"`envc env restore {reference.name}`"
            raise UsageError([Diagnostic(code="E704", message=message, hint=hint)])
    found = store.version(reference.name, number) if store is not None else None
    if found is None:
        message = f"the environment `{reference.name}` has no version {number}"
        hint = f"`envc env versions {reference.name}` lists those that it has"
        raise UsageError([Diagnostic(code="E704", message=message, hint=hint)])
    return found


def unknown_environment(store: Store | None, name: str) -> UsageError:
    """Return what to raise where no environment of a name is registered (E704), or can be (E746)."""
    if name.startswith(CURATED):
        return _unversioned(name)
    names = [one.name for one in store.environments()] if store is not None else []
    meant = suggest(name, names)
    hint = "`envc env list` lists those that are; `envc env register SPEC` adds one"
    message = f"no environment `{name}` is registered"
    hint = f"did you mean `{meant}`?" if meant else hint
    return UsageError([Diagnostic(code="E704", message=message, hint=hint)])


def _unversioned(name: str) -> UsageError:
    message = f"`{name}` ships with envc, and has neither versions nor labels"
    hint = f"write `{name}` alone, or register a copy: `envc env register {name} --name NAME`"
    return UsageError([Diagnostic(code="E746", message=message, hint=hint)])


def _unknown_label(environment: Environment, label: str) -> UsageError:
    meant = suggest(label, environment.labels)
    labels = ", ".join(f"`{one}`" for one in environment.labels)
    hint = f"its labels are {labels}" if labels else "it has no labels"
    hint = f"did you mean `{environment.name}:{meant}`?" if meant else hint
    message = f"the environment `{environment.name}` has no label `{label}`"
    return UsageError([Diagnostic(code="E704", message=message, hint=hint)])
