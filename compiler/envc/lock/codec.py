"""The lock as text: canonical JSON, an artefact a line; what is read back is checked to the last field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints, ValidationError

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.lock.model import Lock, LockFile
from envc.lock.package import PipPackage, SourcePackage, filename_of
from envc.lock.part import Part
from envc.lock.place import find_repeated_key, locate
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.source import Source, Span

__all__ = ["VERSION", "dumps", "loads", "refuse_contradictions"]

VERSION = 2
"""The version of the lock's schema that this envc writes; it reads the former one, too."""

_RESTORE = "restore the file from version control, or delete it and run `envc lock` again"
_BY_HAND = "a lock is not edited by hand: change the spec and run `envc lock` again"
_ABRIDGED = 20
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^/@\s]+/[^\s\x00-\x1f\x7f\"']+")
_REPOSITORY = re.compile(
    r"(?:https?://[^/@\s]+|ssh://(?:[A-Za-z0-9._-]+@)?[^/@\s]+|file://(?:localhost)?)/"
    r"[^\s\x00-\x1f\x7f\"']+"
)
_FILE_NAME = re.compile(r"(?!\.\.?$)[^/\s\x00-\x1f\x7f\"']+")


_Path: TypeAlias = tuple[str | int, ...]
_VariantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$")]


class _SingleFile(Lock):
    """What the file of a spec without a matrix holds."""

    version: Literal[1, 2] = 2


class _MatrixFile(Part):
    """What the file of a spec with a matrix holds."""

    version: Literal[1, 2] = 2
    variants: Annotated[dict[_VariantName, Lock], Field(min_length=1)]


def dumps(lock: Lock | LockFile) -> str:
    """Return a lock's text: the same for equal locks, ASCII, ending with a line end.

    Variants have a section each, by name; a lock of a spec without a matrix has no such sections.
    Sections are sorted by their keys. Every item of a list is one line, in which fields have the
    model's order (name and version first, where an eye looks), and those without a value are left
    out: a changed package is a changed line in a diff.
    """
    file = lock if isinstance(lock, LockFile) else LockFile.of(lock)
    sections = {
        name: one.model_dump(mode="json", exclude_none=True) for name, one in file.variants.items()
    }
    held = {"variants": sections} if file.has_matrix else sections[""]
    return _write({"version": VERSION, **held}, "") + "\n"


def loads(text: str, name: str) -> LockFile:
    """Return the lock that a text holds; `name` is how messages call the file.

    Raises:
        InputError: It is no JSON (E401), a key is there twice (E402), a field is missing, unknown
            or wrong (E403), a newer envc wrote it (E404), or a merge left both sides in it (E405).
    """
    source = Source(name=name, text=text)
    _refuse_merge_conflict(source)
    data = _parse(source)
    _refuse_other_version(source, data)
    _raise_version(data)
    try:
        lock = _validate(data)
    except ValidationError as error:
        raise InputError(_abridge(_fields(source, error))) from error
    if problems := _abridge(_contradictions(source, lock)):
        raise InputError(problems)
    return lock


def refuse_contradictions(source: Source, lock: LockFile) -> None:
    """Check that a lock is whole, whose single fields are right already.

    Raises:
        InputError: It has something twice, lacks something, or says two things of one (E403).
    """
    from envc.lock.coherence import contradictions

    found = (
        ((("variants", name, *path) if name else path), claim)
        for name, one in lock.variants.items()
        for path, claim in contradictions(one)
    )
    if problems := [_contradict(source, *one) for one in islice(found, _ABRIDGED)]:
        raise InputError(problems)


def _validate(data: dict[str, Any]) -> LockFile:
    if "variants" in data:
        return LockFile(variants=_MatrixFile.model_validate(data).variants)
    single = _SingleFile.model_validate(data)
    fields = {name: getattr(single, name) for name in Lock.model_fields}
    return LockFile.of(Lock.model_construct(**fields))


def _raise_version(data: dict[str, Any]) -> None:
    """Turn the former form into today's: then, tools were for the target's architecture only."""
    if data.get("version", 1) != 1:
        return
    sections = data.get("variants", {"": data})
    for section in _objects(sections):
        platforms = section.get("platforms")
        for name, platform in platforms.items() if isinstance(platforms, dict) else ():
            tools = platform.get("tools") if isinstance(platform, dict) else None
            if isinstance(tools, dict) and isinstance(tools.get("packages"), list):
                tools["packages"] = {name.partition("/")[2]: tools["packages"]}


def _objects(value: Any) -> list[dict[str, Any]]:
    return (
        [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []
    )


def _write(value: Any, indent: str) -> str:
    inner = indent + "  "
    match value:
        case dict():
            filled = sorted((key, item) for key, item in value.items() if item not in ([], {}))
            lines = [f"{inner}{json.dumps(key)}: {_write(item, inner)}" for key, item in filled]
            return _enclose("{", lines, "}", indent)
        case list():
            return _enclose("[", [inner + _write_line(item) for item in value], "]", indent)
        case _:
            return json.dumps(value)


def _write_line(value: Any) -> str:
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if item != []}
    return json.dumps(value)


def _enclose(start: str, lines: list[str], end: str, indent: str) -> str:
    return "\n".join([start, ",\n".join(lines), indent + end]) if lines else start + end


class _RepeatedKeyError(Exception):
    """An object has a key twice."""


def _pairs_to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise _RepeatedKeyError
    return data


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)  # JSON has no NaN and no Infinity (RFC 8259, section 6)


def _parse(source: Source) -> dict[str, Any]:
    try:
        data = json.loads(
            source.text, object_pairs_hook=_pairs_to_dict, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        ends_early = error.pos >= len(source.text.rstrip()) or "Unterminated" in error.msg
        message = "the lock ends too early" if ends_early else "the lock is not JSON"
        raise _refuse(source.span(error.pos, error.pos + 1), "E401", message, _RESTORE) from error
    except _RepeatedKeyError as error:
        span = source.span(*find_repeated_key(source.text))
        message = f"the lock has the key `{span.text[1:-1]}` twice in one place"
        raise _refuse(span, "E402", message, _BY_HAND) from error
    except (ValueError, RecursionError) as error:
        raise _refuse(source.span(0, 1), "E401", "the lock is not JSON", _RESTORE) from error
    if not isinstance(data, dict):
        raise _refuse(source.span(0, 1), "E401", "the lock is not a JSON object", _RESTORE)
    return data


def _refuse_merge_conflict(source: Source) -> None:
    if not any(mark in source.text for mark in ("<<<<<<<", ">>>>>>>")):
        return
    found = islice(_CONFLICT.finditer(source.text), _ABRIDGED)
    labels = tuple(Label(span=source.span(*match.span())) for match in found)
    if not labels:
        return
    raise InputError(
        [
            Diagnostic(
                code="E405",
                message="the lock holds both sides of a merge",
                labels=labels,
                hint="merge the spec, take either side of the lock, and run `envc lock` again",
            )
        ]
    )


def _refuse_other_version(source: Source, data: dict[str, Any]) -> None:
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version <= VERSION:
        return
    raise _refuse(
        source.span(*locate(source.text, ("version",))),
        "E404",
        f"the lock has version {version}; this envc reads version {VERSION}",
        "upgrade envc, or run `envc lock` again with this one",
    )


def _fields(source: Source, error: ValidationError) -> Iterator[Diagnostic]:
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        path = problem["loc"]
        path = path[:-1] if path[-1:] == ("[key]",) else path
        place = _spell(path)
        match problem["type"]:
            case "missing":
                message = f"the lock lacks `{place}`"
            case "extra_forbidden":
                message = f"the lock has an unknown field `{place}`"
            case _:
                text = problem["msg"]
                message = f"the lock's `{place}` is wrong: {text[:1].lower()}{text[1:]}"
        yield Diagnostic.at(source.span(*locate(source.text, path)), "E403", message, hint=_BY_HAND)


def _contradictions(source: Source, lock: LockFile) -> Iterator[Diagnostic]:
    """Yield what no single field shows: such a lock was never written by envc."""
    for name, one in lock.variants.items():
        section: _Path = ("variants", name) if name else ()
        for path, claim in _judge(one, section):
            if claim:
                yield _contradict(source, path, claim)


def _contradict(source: Source, path: _Path, claim: str) -> Diagnostic:
    message = f"the lock's `{_spell(path)}` is wrong: {claim}"
    span = source.span(*locate(source.text, path))
    return Diagnostic.at(span, "E403", message, hint=_BY_HAND)


def _judge(lock: Lock, section: _Path) -> Iterator[tuple[_Path, str]]:
    """Yield by its path what is wrong with each thing: an empty string where nothing is."""
    for name, platform in lock.platforms.items():
        path = (*section, "platforms", name)
        known = ", ".join(f"`{known}`" for known in PLATFORMS)
        yield path, "" if name in PLATFORMS else f"envc knows {known}"
        yield (*path, "base", "image"), _judge_image(platform.base.image)
        yield (*path, "tools", "image"), _judge_image(platform.tools.image)
        for number, package in enumerate(platform.conda):
            yield (*path, "conda", number, "url"), _judge_url(package.url)
        for number, archive in enumerate(platform.system):
            yield (*path, "system", number, "url"), _judge_url(archive.url)
        for number, wheel in enumerate(platform.pip):
            yield (*path, "pip", number), _judge_wheel(wheel)
        for number, source in enumerate(platform.sources):
            yield (*path, "sources", number), _judge_source(source, platform.build)
        for number, wheel in enumerate(platform.build):
            yield (*path, "build", number), _judge_wheel(wheel)
        for architecture, wheels in platform.tools.packages.items():
            for number, wheel in enumerate(wheels):
                place = (*path, "tools", "packages", architecture, number)
                yield place, _judge_wheel(wheel)


def _judge_wheel(wheel: PipPackage) -> str:
    if (wheel.url is None) == (wheel.path is None):
        return "a wheel has a `url` or a `path`, and never both"
    return _judge_url(wheel.url) if wheel.url is not None else ""


def _judge_source(source: SourcePackage, build: Iterable[PipPackage]) -> str:
    kinds = {"sdist": source.url, "folder": source.path, "git": source.repository}
    given = [kind for kind, place in kinds.items() if place is not None]
    if given != [source.kind] or (source.commit is None) == (source.kind == "git"):
        return (
            "an `sdist` has a `url`, a `folder` has a `path`, `git` has a `repository` and a "
            "`commit`, and none has another's"
        )
    if wrong := _judge_repository(source):
        return wrong
    known = {f"{wheel.name}=={wheel.version}" for wheel in build}
    if lost := sorted(set(source.build) - known):
        return f"`{lost[0]}` is not among the wheels of `build`"
    return _judge_url(source.url) if source.url is not None else ""


def _judge_repository(source: SourcePackage) -> str:
    """Return what is wrong with where a commit is from, or an empty string."""
    if source.repository is None:
        return "only a commit has a `subdirectory`" if source.subdirectory else ""
    if not _REPOSITORY.fullmatch(source.repository):
        is_private = "@" in source.repository
        return "a lock holds no credentials" if is_private else "it is not that of a repository"
    folder = source.subdirectory
    is_below = folder is None or not {"", ".", ".."} & {*folder.split("/")}
    return "" if is_below else "its `subdirectory` is not below its top"


def _judge_image(image: str) -> str:
    try:
        reference = ImageReference.parse(image)
    except ValueError as error:
        return str(error)
    return "the digest is a field of its own" if reference.digest is not None else ""


def _judge_url(url: str) -> str:
    """Return what is wrong with an address, or an empty string: it must fit into a Dockerfile."""
    if _ADDRESS.fullmatch(url):
        return "" if _names_file(url) else "it is not the address of a file"
    if not url.startswith(("http://", "https://")):
        return "only `http` and `https` addresses can be fetched"
    return "a lock holds no credentials" if "@" in url else "it is not an address"


def _names_file(url: str) -> bool:
    try:
        return _FILE_NAME.fullmatch(filename_of(url)) is not None
    except ValueError:  # of a host in brackets that is no IPv6 address
        return False


def _spell(path: _Path) -> str:
    """Return a path as jq writes it, such as `platforms["linux/amd64"].pip[0].url`."""
    text = ""
    for step in path:
        match step:
            case str() if step.isidentifier():
                text += f".{step}" if text else step
            case str():
                text += f"[{json.dumps(step)}]"
            case _:
                text += f"[{step}]"
    return text


def _refuse(span: Span, code: str, message: str, hint: str) -> InputError:
    return InputError([Diagnostic.at(span, code, message, hint=hint)])


def _abridge(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the first of many problems: a damaged lock is not repaired line by line."""
    return list(islice(problems, _ABRIDGED))
