"""What an instruction takes from elsewhere: from a stage, from an image, or from the build's context."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias

from envc.dockerfile.mount import HELD_KINDS, Held, MountError, read_held
from envc.dockerfile.text import Instruction, Word, read_json
from envc.frozen import frozen
from envc.source import Span

__all__ = ["Tell", "Use", "adds_remotely", "find_held", "find_uses"]

Tell: TypeAlias = Callable[[str, Span, str, str], None]
"""Takes a problem: its code, its place, a message and a hint."""

_REMOTE = re.compile(r"""["']?(?:[a-z+]+://|git@|github\.com/|[\w.-]+@[\w.-]+:)""", re.IGNORECASE)
_WILD = re.compile(r"[$*?\[\\'\"]")
_MOUNT = "--mount="
_HEREDOC = re.compile(r"\d*<<-?[^<]+$")
_CONTEXT_MOUNT = "bind"


@frozen
class Use:
    """Something that is taken from elsewhere.

    Attributes:
        source: The stage or the image, as it is written; None for the context.
        start: Where `source` stands; for the context, where it has to be named.
        end: Where that ends.
        form: How the context has to be named there: as an option, as a part of a mount, or as the
            folder before a path.
        paths: What of the context is taken: paths relative to it. One that is empty is all of it.
    """

    source: str | None
    start: int
    end: int
    form: Literal["option", "mount", "folder"] = "option"
    paths: tuple[str, ...] = ()


def find_uses(instruction: Instruction, tell: Tell) -> Iterator[Use]:
    """Yield what an instruction takes; what cannot be taken over is told (E388)."""
    match instruction.name:
        case "COPY":
            yield from _of_copy(instruction, tell)
        case "ADD":
            yield from _of_add(instruction, tell)
        case "RUN":
            for flag in instruction.flags:
                if flag.text.startswith(_MOUNT):
                    yield from _of_mount(flag, instruction, tell)
        case "ONBUILD":
            message = "the base's Dockerfile has `ONBUILD`, which would go off in envc's own build"
            tell("E388", instruction.span, message, "write what it does as steps of the spec")


def adds_remotely(instruction: Instruction) -> bool:
    """Say whether an instruction fetches from an address."""
    sources = _sources(instruction.arguments) if instruction.name == "ADD" else []
    return any(_REMOTE.match(text) for text in sources)


def find_held(instruction: Instruction, tell: Tell) -> Iterator[Held]:
    """Yield what an instruction needs of whoever builds; what cannot be told of it is told (E388)."""
    for flag in instruction.flags if instruction.name == "RUN" else ():
        value = flag.text.removeprefix(_MOUNT)
        if value == flag.text or '"' in value:
            continue
        try:
            held = read_held(_fields(value), instruction.span)
        except MountError as error:
            tell("E388", instruction.span, error.message, error.hint)
            continue
        if held is not None:
            yield held


def _of_copy(instruction: Instruction, tell: Tell) -> Iterator[Use]:
    for flag in instruction.flags:
        if flag.text.startswith("--from="):
            value = flag.text.removeprefix("--from=")
            yield from _named(value, flag.end - len(value), flag.end, instruction, tell)
            return
    sources = _sources(instruction.arguments)
    if sources:
        place = instruction.name_end
        yield Use(source=None, start=place, end=place, paths=tuple(map(_path, sources)))


def _of_add(instruction: Instruction, tell: Tell) -> Iterator[Use]:
    arguments = instruction.arguments
    if read_json(arguments) is not None:
        local = [text for text in _sources(arguments) if not _REMOTE.match(text)]
        if local:
            message = "an `ADD` of local files in the form of JSON cannot be taken over"
            tell("E388", instruction.span, message, "write it without brackets, or use `COPY`")
        return
    for word in arguments[:-1]:
        if _REMOTE.match(word.text) or _HEREDOC.match(word.text):
            continue
        if word.text.lstrip("\"'").startswith("$"):
            message = f"`{word.text}` may be an address or a local file"
            tell("E388", instruction.span, message, "write out how it begins")
            continue
        if ".." in re.split(r"[/\"']", word.text):
            message = f"`{word.text}` leaves the context"
            tell("E388", instruction.span, message, "name what lies in the context by its path")
            continue
        start = word.start + (word.text[0] in "\"'")
        yield Use(source=None, start=start, end=start, form="folder", paths=(_path(word.text),))


def _of_mount(flag: Word, instruction: Instruction, tell: Tell) -> Iterator[Use]:
    value = flag.text.removeprefix(_MOUNT)
    if '"' in value:
        message = "a mount with quotes cannot be taken over"
        tell("E388", instruction.span, message, "write its fields without them")
        return
    options = _fields(value)
    kind = options.get("type", _CONTEXT_MOUNT)
    if "$" in kind:
        message = f"a mount's `type={kind}` depends on a variable"
        tell("E388", instruction.span, message, "write out its `type`")
        return
    if kind in HELD_KINDS:
        return
    if "from" in options:
        start = flag.end - len(value) + value.index(f"from={options['from']}") + len("from=")
        end = start + len(options["from"])
        yield from _named(options["from"], start, end, instruction, tell)
    elif kind == _CONTEXT_MOUNT:
        path = options.get("source", options.get("src", ""))
        yield Use(source=None, start=flag.end, end=flag.end, form="mount", paths=(_path(path),))


def _fields(value: str) -> dict[str, str]:
    """Return the fields of a mount; one without a value has the empty one."""
    fields = [field.partition("=") for field in value.split(",")]
    return {key.strip().lower(): text for key, _, text in fields}


def _named(value: str, start: int, end: int, instruction: Instruction, tell: Tell) -> Iterator[Use]:
    if "$" in value:
        message = f"BuildKit knows no variables in `{value}`"
        hint = "give the image a stage of its own: `FROM IMAGE AS NAME`"
        tell("E386", instruction.span, message, hint)
        return
    yield Use(source=value, start=start, end=end)


def _sources(arguments: Sequence[Word]) -> list[str]:
    """Return what is copied, without here-documents and without the place it goes to."""
    words = read_json(arguments)
    if words is not None:
        return words[:-1]
    return [word.text for word in arguments[:-1] if not _HEREDOC.match(word.text)]


def _path(text: str) -> str:
    """Return the part of a path that is sure: nothing where it begins with what is not.

    >>> _path("./src/app/*.py"), _path("/conf"), _path("."), _path("$WHERE/x")
    ('src/app', 'conf', '', '')
    """
    parts: list[str] = []
    for part in text.strip("\"'").split("/"):
        if _WILD.search(part) or part == "..":
            break
        if part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
