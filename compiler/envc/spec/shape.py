"""What a place of a spec holds: how messages call it, its block, and what is said of another shape there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, get_args

from envc.diagnostics import Diagnostic
from envc.spec.model import EnvSpec, Part
from envc.spec.word import keys_of
from envc.syntax.document import Data, Document, Path

__all__ = ["are", "list_words", "name_of", "part_at", "quote", "wrong_shape"]

_SHAPES = {
    "string_type": "a text",
    "bool_type": "`true` or `false`",
    "literal_error": "a text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


_PACKAGES = "a list of packages or a mapping"
_PACKAGE = "a text or a mapping with `package`"
# By the names on the way; `*` is an item of a list.
_SHAPES_AT: dict[Path, str] = {
    ("channels", "*"): "a text or a mapping with `channel`",
    ("python",): "a version, or a mapping with `managed`",
    ("conda",): _PACKAGES,
    ("conda", "*"): _PACKAGE,
    ("conda", "packages", "*"): _PACKAGE,
    ("pip",): _PACKAGES,
    ("pip", "*"): _PACKAGE,
    ("pip", "packages", "*"): _PACKAGE,
    ("pip", "wheels", "*"): "a path or a mapping with `wheel`",
    ("pip", "sources", "*"): "a path or a mapping with `source`",
    ("pip", "find-links", "*"): "a mapping with `url` or `path`",
    ("system",): _PACKAGES,
    ("system", "*"): _PACKAGE,
    ("system", "packages", "*"): _PACKAGE,
    ("before-packages", "*", "run"): "a script or a mapping with `command`",
    ("steps", "*", "run"): "a script or a mapping with `command`",
    ("healthcheck",): "a mapping or `none`",
    ("healthcheck", "run"): "a script or a list of words",
    ("check", "run", "*"): "a text or a mapping with `command`",
}
_BY_PLATFORM = frozenset({"variables", "build-variables"})
_PAIRS = frozenset(
    {("variables",), ("build-variables",), ("labels",), ("virtual-packages",), ("distributions",)}
)


def wrong_shape(document: Document, path: Path, kind: str) -> Diagnostic:
    """Return E204 for a value of another shape than its place has; `kind` is pydantic's word for that."""
    value = document.data_at(path)
    pattern = tuple("*" if isinstance(step, int) else step for step in path)
    wanted = _SHAPES_AT.get(pattern, _SHAPES[kind])
    if len(path) == 2 and path[0] in _BY_PLATFORM and not isinstance(value, str):
        wanted = "a text or a mapping of platforms to texts"
    return Diagnostic.at(
        document.span(path),
        "E204",
        f"{name_of(path)} must be {wanted}, not {_describe(value)}",
        hint=_advise_on_shape(path, kind, value),
    )


def _advise_on_shape(path: Path, kind: str, value: Data | None) -> str:
    if path in _PAIRS and isinstance(value, list):
        pairs = [item.partition("=") for item in value if isinstance(item, str) and "=" in item]
        shown = [f"{name.strip()}: {quote(text.strip())}" for name, _, text in pairs]
        return f"write `{{{', '.join(shown)}}}`" if shown else "give every name a value"
    if kind == "tuple_type" and isinstance(value, str):
        words = [value]
        if path in {("command",), ("entrypoint",)}:
            words = _split_words(value.strip("[]"))
            return f"write its words as a list: [{', '.join(quote(word) for word in words)}]"
        inner = value.strip().removeprefix("[").removesuffix("]").strip()
        inner = quote(inner) if re.match(r"[*&!%@`|>?:-]", inner) else inner
        return f"write a list: [{inner}]" if inner else "write a list"
    if (
        isinstance(value, list)
        and len(value) == 1
        and (kind == "string_type" or _may_be_text(path))
    ):
        return f"write `{value[0]}` alone" if isinstance(value[0], str) else ""
    if path[-1:] == ("run",) and isinstance(value, list) and "check" not in path:
        return "write one script, or a `run` step for each command"
    if kind in {"model_type", "dict_type"} and isinstance(value, str):
        part = part_at(path)
        if (shown_as := _as_block(path, value)) is not None:
            return f"write `{shown_as}`"
        return (
            f"it holds {list_words(keys_of(part))}"
            if part is not EnvSpec
            else "give every name a value"
        )
    return ""


def _as_block(path: Path, text: str) -> str | None:
    """Return what a text that stands for a whole block was surely meant to be, as YAML."""
    words = text.split()
    match path:
        case ("base",) if len(words) == 1:
            return f"{{image: {quote(text)}}}"
        case ("conda" | "pip" | "system",) if words:
            return f"[{', '.join(quote(entry) for entry in _split_entries(text))}]"
        case ("steps" | "before-packages", _) if words[1:] and words[0].lower() == "run":
            return f"run: {' '.join(words[1:])}"
        case ("steps" | "before-packages", _, "copy") if len(words) == 2:
            return f"{{from: {words[0]}, to: {words[1]}}}"
    return None


def _split_entries(text: str) -> list[str]:
    """Return the packages of a text, as far as it is sure that there are several.

    >>> _split_entries("numpy >=1, <2, scipy"), _split_entries("git curl"), _split_entries("git 2")
    (['numpy >=1, <2', 'scipy'], ['git', 'curl'], ['git 2'])
    """
    lines = [line for line in re.split(r"\n|,\s*(?=[A-Za-z])", text.strip().strip("[]")) if line]
    words = [line.split() for line in lines]
    if all(re.fullmatch(r"[A-Za-z][\w.-]*", word) for own in words for word in own):
        return [word for own in words for word in own]
    return [" ".join(own) for own in words if own]


def _may_be_text(path: Path) -> bool:
    return path == ("python",) or isinstance(path[-1], int) or path[0] in _BY_PLATFORM


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text) or [text]
    except ValueError:
        return text.split() or [text]


def quote(word: str) -> str:
    """Return a text as YAML has it in a list or a mapping."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def name_of(path: Path) -> str:
    """Return how messages call what stands at a path."""
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return "a spec"
    return f"an entry of `{names[-1]}`" if isinstance(path[-1], int) else f"`{names[-1]}`"


def _describe(value: Data | None) -> str:
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return "a text"


def are(words: tuple[str, ...]) -> str:
    """Return `are` before several words, `is` before one."""
    return "are" if words[1:] else "is"


def list_words(words: tuple[str, ...]) -> str:
    """Return words as a sentence lists them, each in backticks; there is one at least."""
    quoted = [f"`{word}`" for word in words]
    return " and ".join((", ".join(quoted[:-1]), quoted[-1])) if quoted[1:] else quoted[0]


def part_at(path: Path) -> type[Part]:
    """Return the model of the block at a path; of a value in none, the whole spec's."""
    part: type[Part] = EnvSpec
    for step in path:
        if isinstance(step, int):
            # A list that stands for a block is one of its packages.
            packages = part.model_fields.get("packages")
            part = next(_parts_in(packages.annotation), part) if packages else part
            continue
        fields = {field.alias or name: field for name, field in part.model_fields.items()}
        if step in fields:
            part = next(_parts_in(fields[step].annotation), part)
    return part


def _parts_in(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts_in(argument)
