"""A document becomes a spec, or all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from envc.compose import WORDS
from envc.compose.explain import explain
from envc.diagnostics import Diagnostic, Label, suggest
from envc.errors import InputError
from envc.spec.check import check
from envc.spec.consequence import without_consequences
from envc.spec.field import FieldError
from envc.spec.model import EnvSpec, Part
from envc.spec.shape import are, list_words, name_of, part_at, quote, wrong_shape
from envc.spec.word import FUTURE, SECRETS, SYNONYMS, keys_of
from envc.syntax.document import Data, Document, Draft, Path

__all__ = ["load", "load_draft"]

_SURELY = 0.8
_OF_ENTRIES = frozenset({"before-packages", "channels", "steps"})
"""Lists of blocks: where a key of one belongs, nobody can say."""
_SECRET = frozenset({"E213", "E214"})
"""What reports a secret, and shows where it stands."""


def load(document: Document, *, vouched: Container[str] = ()) -> EnvSpec:
    """Return the spec that a document says.

    Args:
        vouched: Conda requirements, in normal form, that a lock was made from: rattler is not
            asked about them, and not imported when it is asked about none.

    Raises:
        InputError: The spec is wrong (E2xx); it holds all problems, in the order of their places.
    """
    spec, problems = _load(document, vouched)
    if problems or spec is None:
        raise InputError(problems)
    return spec


def load_draft(draft: Draft, *, vouched: Container[str] = ()) -> EnvSpec:
    """Return the spec that a text says, where there is nothing wrong with it.

    Args:
        draft: What was read of the text.
        vouched: As for `load`.

    Raises:
        InputError: The syntax (E1xx) or the meaning (E2xx) is wrong: all problems, in the order of
            their places, but for those that only a mistake in the syntax has made.
    """
    spec, problems = _load(draft.document, vouched)
    problems = explain(draft.document, problems)
    if draft.problems:
        found = [*draft.problems, *without_consequences(draft, problems)]
        problems = sorted(found, key=partial(_place, draft.document))
    if problems or spec is None:
        raise InputError(problems)
    return spec


def _load(document: Document, vouched: Container[str]) -> tuple[EnvSpec | None, list[Diagnostic]]:
    names = _misspelt_keys(document)
    problems = [_unknown_key(document, (key,)) for key in names]
    document = document.rename(names) if names else document
    spec: EnvSpec | None = None
    try:
        # By alias only: `source` is an attribute of the model and no key of the language.
        spec = EnvSpec.model_validate(_as_written(document), by_alias=True, by_name=False)
        spec = _with_moved_paths(spec, document)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        misspelt = {
            _meant_loc(document, detail["loc"]) for detail in details if _is_unknown(detail)
        }
        problems.extend(
            _to_diagnostic(document, detail)
            for detail in details
            if detail["loc"] not in misspelt and not _is_moot(detail, details)
        )
    problems.extend(check(document, vouched=vouched))
    return spec, sorted(problems, key=partial(_place, document))


def _as_written(document: Document) -> dict[str, Data]:
    """Return the data with each path as its own file has it, so that it is judged as it is written."""
    if not any(_is_moved(document, path) for path in document.origins):
        return document.data

    def data(node: Data, path: Path) -> Data:
        match node:
            case dict():
                return {key: data(item, (*path, key)) for key, item in node.items()}
            case list():
                return [data(item, (*path, number)) for number, item in enumerate(node)]
        return document.origins[path].text if path in document.origins else node

    return {key: data(value, (key,)) for key, value in document.data.items()}


def _is_moved(document: Document, path: Path) -> bool:
    return document.origins[path].text != document.data_at(path)


def _with_moved_paths(spec: EnvSpec, document: Document) -> EnvSpec:
    """Return a spec with each path relative to the spec's folder."""
    for path in document.origins:
        moved = document.data_at(path)
        if isinstance(moved, str) and _is_moved(document, path):
            spec = _replace_at(spec, path, moved)
    return spec


def _replace_at(node: Any, path: Path, value: str) -> Any:
    """Return a part of a spec with another value at a path, which may end in a plain text's key."""
    if not path or isinstance(node, str):
        return value
    step, *rest = path
    if isinstance(node, tuple):
        items = list(node)
        items[int(step)] = _replace_at(items[int(step)], tuple(rest), value)
        return tuple(items)
    fields = type(node).model_fields.items()
    name = next(name for name, field in fields if step in (field.alias, name))
    return node.model_copy(update={name: _replace_at(getattr(node, name), tuple(rest), value)})


def _misspelt_keys(document: Document) -> dict[str, str]:
    """Return the keys of the top level that are surely misspelt, and what they were meant to be.

    What they hold is then checked as what it was meant to be.
    """
    found: dict[str, str] = {}
    keys = keys_of(EnvSpec)
    for key in document.data:
        is_known = key in keys or _plain(key) in FUTURE[EnvSpec] or _plain(key) in SYNONYMS[EnvSpec]
        meant = [] if is_known else get_close_matches(key.casefold(), keys, n=1, cutoff=_SURELY)
        if meant and meant[0] not in document.data and meant[0] not in found.values():
            found[key] = meant[0]
    return found


def _place(document: Document, diagnostic: Diagnostic) -> tuple[tuple[int, int], str]:
    return document.order(diagnostic), diagnostic.code


def _to_diagnostic(document: Document, detail: ErrorDetails) -> Diagnostic:
    path, is_key = _find_path(document, detail["loc"])
    match detail["type"]:
        case "value_error":
            return _from_field_error(document, path, detail["ctx"]["error"], is_key=is_key)
        case "extra_forbidden":
            return _unknown_key(document, path)
        case "missing":
            return _missing_key(document, path, str(detail["loc"][-1]))
        case kind:
            return wrong_shape(document, path, kind)


def _is_unknown(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"


def _is_moot(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Return whether an entry lacks its package because it is another block, as conda has `pip:`."""
    return detail["type"] == "missing" and any(
        _is_unknown(other)
        and other["loc"][:-1] == detail["loc"][:-1]
        and other["loc"][-1] in set(keys_of(EnvSpec)) - {"environment"}
        for other in details
        if len(other["loc"]) > 1
    )


def _meant_loc(document: Document, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return where the key that an unknown one was meant to be would stand.

    That it is missing as well is not said.
    """
    path, _ = _find_path(document, loc)
    if _as_package(document, path):
        return (*loc[:-1], "package")
    return (*loc[:-1], _meant_key(str(path[-1]), part_at(path[:-1])))


def _as_package(document: Document, path: Path) -> str:
    """Return the package that a key and its value surely are, as other tools write it; or nothing.

    That is `numpy: ">=1.26"`, where a list has entries.
    """
    key, value, owner = str(path[-1]), document.data_at(path), part_at(path[:-1])
    is_place = not {"package", "packages"}.isdisjoint(owner.model_fields)
    if not is_place or not isinstance(value, str) or _meant_key(key, owner):
        return ""
    if re.match(r"\d", value):
        return f"{key} =={value}"
    return f"{key} {value}".removesuffix(" *") if re.match(r"[<>=!~*]", value) else ""


def _meant_key(key: str, owner: type[Part]) -> str:
    """Return the key that an unknown one was most likely meant to be, or an empty string."""
    synonym = SYNONYMS.get(owner, {}).get(_plain(key))
    words = (*keys_of(owner), *(WORDS if owner is EnvSpec else ()))
    return synonym or suggest(_plain(key), words)


def _blocks_with(key: str) -> list[str]:
    """Return the blocks that have a key which other tools do not have at the top level."""
    if key in SYNONYMS[EnvSpec]:
        return []
    blocks = (block for block in keys_of(EnvSpec) if block not in _OF_ENTRIES)
    return [
        block
        for block in blocks
        if (part := part_at((block,))) is not EnvSpec and key in keys_of(part)
    ]


def _plain(key: str) -> str:
    return key.replace("_", "-").lower()


def _find_path(document: Document, loc: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Return the path of what pydantic's `loc` means, and whether its key is meant.

    The two differ where a short form stands for a block (`conda: [numpy]`), and in mappings, where
    pydantic adds `[key]`. Steps that lead nowhere are left out.
    """
    path: Path = ()
    for step in loc:
        if document.data_at((*path, step)) is not None:
            path = (*path, step)
    return path, loc[-1:] == ("[key]",)


def _from_field_error(
    document: Document, path: Path, error: Exception, *, is_key: bool
) -> Diagnostic:
    if not isinstance(error, FieldError):
        raise error
    if is_key:
        span = document.key_span(path)
    elif error.part is not None:
        span = document.part(path, *error.part)
    else:
        span = document.span(path)
    return Diagnostic(
        code=error.code,
        message=error.message,
        labels=(Label(span=span, is_secret=error.code in _SECRET),),
        hint=error.hint,
    )


def _unknown_key(document: Document, path: Path) -> Diagnostic:
    key, owner = str(path[-1]), part_at(path[:-1])
    span = document.key_span(path)
    if instead := SECRETS.get(owner, {}).get(_plain(key)):
        message = f"`{key}` would hold a secret, and a spec holds none"
        return Diagnostic.at(span, "E213", message, hint=instead)
    if _plain(key) in FUTURE.get(owner, ()):
        return Diagnostic.at(
            span,
            "E202",
            f"`{key}` is not supported yet",
            hint="remove it: envc never ignores what a spec says",
        )
    keys = (*keys_of(owner), *(WORDS if owner is EnvSpec else ()))
    meant = _meant_key(key, owner)
    hint = f"did you mean `{meant}`?" if meant else f"there {are(keys)} {list_words(keys)}"
    if owner is EnvSpec and meant == "steps":
        hint = "a step is a `run` or a `copy` (in YAML `steps: [{run: make install}]`)"
    elif owner is EnvSpec and (blocks := _blocks_with(_plain(key))):
        hint = f"write it in {' or '.join(f'`{block}`' for block in blocks)}"
    elif owner is EnvSpec and not meant:
        hint = "`envc explain` lists all that a spec may say"
    if entry := _as_package(document, path):
        is_alone = document.data_at(path[:-1]) == {key: document.data_at(path)}
        shown = entry if is_alone else f"package: {entry}"
        is_entry = "package" in owner.model_fields
        hint = f"write `{shown}`" if is_entry else f"write `packages: [{quote(entry)}]`"
    if owner is not EnvSpec and (outer := meant or _plain(key)) in set(keys_of(EnvSpec)) - set(
        keys
    ):
        hint = f"write `{outer}` beside the blocks, not in {name_of(path[:-1])}"
    where = f" in {name_of(path[:-1])}" if len(path) > 1 else ""
    return Diagnostic.at(span, "E201", f"unknown key `{key}`{where}", hint=hint)


def _missing_key(document: Document, path: Path, key: str) -> Diagnostic:
    if not path:
        message, span = f"the spec has no `{key}`", document.span(()).within(0, 0)
    else:
        message, span = f"{name_of(path)} has no `{key}`", document.key_span(path)
    examples = {"environment": ", such as `environment pets` (in YAML `environment: pets`)"}
    return Diagnostic.at(span, "E203", message, hint=f"add `{key}`{examples.get(key, '')}")
