"""What travels of a version: a version's facts become bytes, and bytes of strangers become checked facts.

The files travel beside it, each by its own digest. What is checked here is that no file can land outside
of the folder that all of them are written into, nor lead out of it, and that no size is beyond reason.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from envc.canonical import canonical_json
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.frozen import frozen
from envc.store.naming import LATEST, check_label, check_name
from envc.store.record import StoredFile, Version

__all__ = [
    "ARTIFACT_TYPE",
    "CONFIG_TYPE",
    "EMPTY_SHA256",
    "FILE_TYPE",
    "MAX_BYTES",
    "MAX_FILES",
    "Parcel",
    "UnknownSchemaError",
    "check_files",
    "dumps",
    "loads",
    "pack",
    "split_tag",
    "tag_of",
]

ARTIFACT_TYPE = "application/vnd.envc.environment.v1"
CONFIG_TYPE = "application/vnd.envc.environment.config.v1+json"
FILE_TYPE = "application/vnd.envc.environment.file.v1"

MAX_FILES = 10_000
MAX_BYTES = 4 << 30
"""How many files may travel together, and how many bytes: a spec and what it needs is far from it."""

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""Of no bytes at all, which nobody needs to send."""

_SCHEMA = 1
_TAG_MAX = 128
_SEPARATOR = "--"
_PATH_MAX, _PART_MAX = 4096, 255
_TEXT_MAX, _PROPERTIES_MAX = 4096, 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class UnknownSchemaError(ValueError):
    """The facts are in a form that this envc does not know."""


@frozen
class Parcel:
    """A version on its way; fields as `Version` and `Draft` have them.

    Labels are not among them: they move, and what travels is to be the same whenever it is sent.
    """

    name: str
    number: int
    description: str
    properties: Mapping[str, str]
    spec_id: str
    env_ids: Mapping[str, Mapping[str, str]]
    files: tuple[StoredFile, ...]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


_Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Id = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_Text = Annotated[str, StringConstraints(max_length=_TEXT_MAX)]


class _File(_Part):
    path: str
    role: Literal["spec", "lock", "file"]
    sha256: _Hex
    size: Annotated[int, Field(ge=0, le=MAX_BYTES)]
    mode: Literal["644", "755"]
    link: str | None = None


class _Facts(_Part):
    name: str
    version: Annotated[int, Field(ge=1, le=999_999_999)]
    description: _Text
    properties: Annotated[dict[str, _Text], Field(max_length=_PROPERTIES_MAX)]
    spec_id: _Id
    env_ids: dict[str, dict[str, _Id]]
    files: Annotated[list[_File], Field(max_length=MAX_FILES)]


class _Schema(_Part):
    envc: int


def pack(version: Version, *, number: int | None = None) -> Parcel:
    """Return what travels of a version.

    Args:
        number: What it is to be called; None is its own number.

    Raises:
        ValueError: It cannot travel: `loads` would refuse it.
    """
    draft = version.draft
    parcel = Parcel(
        name=version.name,
        number=number if number is not None else version.number,
        description=version.description,
        properties=version.properties,
        spec_id=draft.spec_id,
        env_ids=draft.env_ids,
        files=draft.files,
    )
    return loads(dumps(parcel))


def dumps(parcel: Parcel) -> bytes:
    """Return the facts as canonical JSON: the same for equal parcels."""
    return canonical_json(
        {
            "envc": _SCHEMA,
            "name": parcel.name,
            "version": parcel.number,
            "description": parcel.description,
            "properties": dict(parcel.properties),
            "spec_id": parcel.spec_id,
            "env_ids": {variant: dict(own) for variant, own in parcel.env_ids.items()},
            "files": [
                {
                    "path": file.path,
                    "role": file.role,
                    "sha256": file.sha256,
                    "size": file.size_bytes,
                    "mode": f"{file.mode:o}",
                    **({"link": file.link} if file.link is not None else {}),
                }
                for file in parcel.files
            ],
        }
    )


def loads(content: bytes) -> Parcel:
    """Return the facts that a stranger's bytes hold, checked to the last one.

    Raises:
        UnknownSchemaError: A newer envc wrote them.
        ValueError: They are none, or name what must not be written; the message says why.
    """
    try:
        schema = _Schema.model_validate_json(content)
        if schema.envc != _SCHEMA:
            raise UnknownSchemaError(f"its form is {schema.envc}, this envc knows {_SCHEMA}")
        facts = _Facts.model_validate_json(content)
    except ValidationError as error:
        raise ValueError(_tell(error)) from error
    files = tuple(
        StoredFile(
            path=file.path,
            role=file.role,
            sha256=file.sha256,
            size_bytes=file.size,
            mode=int(file.mode, 8),
            link=file.link,
        )
        for file in facts.files
    )
    _check_words(facts)
    check_files(files)
    return Parcel(
        name=facts.name,
        number=facts.version,
        description=facts.description,
        properties=facts.properties,
        spec_id=facts.spec_id,
        env_ids=facts.env_ids,
        files=tuple(sorted(files, key=lambda file: file.path)),
    )


def check_files(files: Iterable[StoredFile]) -> None:
    """Refuse files that cannot be written below one folder, or are beyond reason.

    Raises:
        ValueError: A path or a link leads out of the folder, two of them are in each other's way, there
            is not one spec with one lock beside it, or they are too many or too large.
    """
    known = tuple(files)
    _check_amount(known)
    for file in known:
        _check_path(file.path)
        if file.link is not None:
            _check_link(file.path, file.link)
        elif (file.size_bytes == 0) != (file.sha256 == EMPTY_SHA256):
            raise ValueError(f"the size of {file.path!r} is not that of its digest")
    _check_apart(known)
    special = [file for file in known if file.role != "file"]
    if sorted(file.role for file in special) != ["lock", "spec"]:
        raise ValueError("it does not have one spec and one lock")
    if any(file.link is not None for file in special):
        raise ValueError("its spec or its lock is a link")
    if len({posixpath.dirname(file.path) for file in special}) != 1:
        raise ValueError("its lock is not beside its spec")


def tag_of(name: str, which: str) -> str:
    """Return the tag of a version, of the latest one or of a label: no name has two signs in a row,
    and neither env ids nor digests have any, so that no two things share a tag.

    >>> tag_of("pets", "3"), tag_of("pets", "prod")
    ('pets--3', 'pets--prod')

    Raises:
        UsageError: It would be too long for a tag (E735).
    """
    tag = f"{name}{_SEPARATOR}{which}"
    if len(tag) > _TAG_MAX:
        message = f"`{tag}` is too long for a registry: a tag has at most {_TAG_MAX} characters"
        hint = "register it under a shorter name, with shorter labels"
        raise UsageError([Diagnostic(code="E735", message=message, hint=hint)])
    return tag


def split_tag(tag: str) -> tuple[str, int | str] | None:
    """Return whose tag it is: a name, and a version, `latest` or a label; None where it is none.

    >>> split_tag("pets--3"), split_tag("a-b--x--y"), split_tag("0123456789abcdef")
    (('pets', 3), ('a-b', 'x--y'), None)
    """
    name, sign, which = tag.partition(_SEPARATOR)
    try:
        check_name(name)
        if re.fullmatch(r"[1-9][0-9]{0,8}", which):
            return name, int(which)
        return (name, which if which == LATEST else check_label(which)) if sign else None
    except UsageError:
        return None


def _check_words(facts: _Facts) -> None:
    try:
        check_name(facts.name)
        for key in facts.properties:
            check_label(key)
    except UsageError as error:
        raise ValueError(error.diagnostics[0].message) from error
    for text in (facts.description, *facts.properties.values(), *facts.env_ids):
        if _CONTROL.search(text):
            raise ValueError("its description or a property has control characters")


def _check_amount(files: tuple[StoredFile, ...]) -> None:
    if len(files) > MAX_FILES:
        raise ValueError(f"it has {len(files)} files, where {MAX_FILES} may travel together")
    size = sum(file.size_bytes for file in files)
    if size > MAX_BYTES:
        raise ValueError(f"it has {size} bytes, where {MAX_BYTES} may travel together")


def _check_path(path: str) -> None:
    parts = path.split("/")
    try:
        encoded = path.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the path {path!r} is no text") from error
    is_strange = _CONTROL.search(path) or "\\" in path or "\n" in path or "\t" in path
    if is_strange or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"the path {path!r} could lead out of the folder")
    if len(encoded) > _PATH_MAX or any(len(part.encode()) > _PART_MAX for part in parts):
        raise ValueError(f"the path {path[:40]!r}... is too long")


def _check_apart(files: tuple[StoredFile, ...]) -> None:
    """Refuse paths of which one is another, or goes through a file or a link."""
    taken = {file.path for file in files}
    links = {_fold(file.path) for file in files if file.link is not None}
    if len(taken) != len(files):
        raise ValueError("two of its paths are the same")
    for file in files:
        above = posixpath.dirname(file.path)
        while above:
            if above in taken or _fold(above) in links:
                raise ValueError(f"the path {file.path!r} goes through a file or a link")
            above = posixpath.dirname(above)


def _fold(path: str) -> str:
    """Return what two paths have in common that some file systems take for the same."""
    return unicodedata.normalize("NFC", path).casefold()


def _check_link(path: str, target: str) -> None:
    """Refuse a link that leads out of the folder.

    One that first goes up, no further than the folder, and then only down stays in it, also where it
    goes through other links: those stay in it, too.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    is_strange = target.startswith("/") or "\\" in target or _CONTROL.search(target)
    if not target or is_strange or ups > path.count("/") or ".." in parts[ups:]:
        raise ValueError(f"the link {path!r} leads out of the folder, or could")


def _tell(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{f'`{place}`: ' if place else ''}{first['msg'][:1].lower()}{first['msg'][1:]}"
