"""What the command line calls environments and versions; parsed, and looked up in a store."""

from __future__ import annotations

import re

from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.frozen import frozen
from envc.store.record import Anonymous, Environment, Lack, Version
from envc.store.store import Store

__all__ = [
    "CURATED",
    "LATEST",
    "Reference",
    "check_label",
    "check_name",
    "curated_name",
    "find_environment",
    "find_id",
    "find_version",
    "parse_id",
    "parse_reference",
    "require_content",
    "require_reference",
    "tell_lack",
    "unknown_environment",
    "unknown_id",
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
_ID = re.compile(r"sha256:[0-9a-f]{8,64}|[0-9a-f]{8,64}")
_HOW = "write `NAME`, `NAME@VERSION` or `NAME:LABEL`"


@frozen
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


def parse_id(text: str) -> str | None:
    """Return what an env id starts with, `sha256:` and at least 8 digits; None where a text says none.

    >>> parse_id("5c1f6b0a8d4e"), parse_id("pets")
    ('sha256:5c1f6b0a8d4e', None)
    """
    if _ID.fullmatch(text) is None:
        return None
    return f"sha256:{text.removeprefix('sha256:')}"


def find_id(store: Store, start: str) -> tuple[str, Version | Anonymous]:
    """Return the env id that starts so, and what has it: a version before what is anonymous.

    Raises:
        UsageError: Several start so (E713), or none does (E714).
    """
    ids = store.ids_starting(start)
    shown = start.removeprefix("sha256:")
    if len(ids) > 1:
        listed = ", ".join(f"`{one.removeprefix('sha256:')[:16]}`" for one in ids[:5])
        more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
        message = f"`{shown}` starts the ids of several environments: {listed}{more}"
        raise UsageError([Diagnostic(code="E713", message=message, hint="give more digits")])
    found = store.with_id(ids[0]) if ids else None
    if found is None:
        raise unknown_id(start)
    return ids[0], found


def unknown_id(start: str) -> UsageError:
    """Return what to raise where no env id starts so (E714)."""
    shown = start.removeprefix("sha256:")
    message = f"no environment whose env id starts with `{shown}` is known here"
    hint = "`envc env list --anonymous` lists what was built here"
    return UsageError([Diagnostic(code="E714", message=message, hint=hint)])


def require_content(found: Version | Anonymous) -> None:
    """See that the content of what was found is kept.

    Raises:
        UsageError: It is not (E715).
    """
    if isinstance(found, Version) or not found.lack:
        return
    message = f"the content of `{found.reference}` is not kept: {tell_lack(found.lack)}"
    hint = f"it was built from `{found.origin}`; `envc env register SPEC` keeps a spec of any size"
    raise UsageError([Diagnostic(code="E715", message=message, hint=hint)])


def tell_lack(lack: Lack) -> str:
    """Return in words why the content of what was built is not kept; empty where it is."""
    return {
        "": "",
        "size": "its files have more than 50 MB",
        "given": "it depends on `--set` or `--templates`",
        "files": "its files were not those of a spec with its lock when it had been built",
    }[lack]


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
