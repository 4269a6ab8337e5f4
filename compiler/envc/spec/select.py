"""A spec with parts for one platform only becomes the spec of a platform, in which nothing is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from envc.spec.entry import Entry
from envc.spec.model import EnvSpec, Package, Source, Step, SystemPackage, Wheel
from envc.spec.selector import join_selector
from envc.syntax.document import Data, Document, Path

__all__ = [
    "Selectable",
    "for_platform",
    "forms",
    "has_selectors",
    "platforms_by_text",
    "select_spec",
]

Selectable: TypeAlias = str | Package | Wheel | Source | SystemPackage | Entry
"""An entry of a list that may be for one platform only, in the model or in the document."""

_ENTRIES: tuple[tuple[Path, str], ...] = (
    (("conda",), "package"),
    (("conda", "packages"), "package"),
    (("pip",), "package"),
    (("pip", "packages"), "package"),
    (("pip", "wheels"), "wheel"),
    (("pip", "sources"), "source"),
    (("system",), "package"),
    (("system", "packages"), "package"),
)
"""The lists of entries, in both shapes of their blocks, and the key of an entry's text."""
_STEPS: tuple[Path, ...] = (("before-packages",), ("steps",))
_VARIABLES: tuple[Path, ...] = (("variables",), ("build-variables",))

_Moves: TypeAlias = dict[Path, Path | None]
"""Where values go that do not stay where they are, with all below them; None where they vanish."""


def for_platform(spec: EnvSpec, document: Document, platform: str) -> tuple[EnvSpec, Document]:
    """Return what a spec says for one of its platforms, and the document that says just that.

    Entries and variables are plain texts then, and steps have no `on`: paths of the document are
    those of the spec returned. A spec without any selector gives the very same objects. What
    belongs to the spec as a whole, such as its platforms and its default base, is to be asked of
    the whole spec.
    """
    if not has_selectors(spec):
        return spec, document
    return select_spec(spec, platform), _select_document(document, platform)


def select_spec(spec: EnvSpec, platform: str) -> EnvSpec:
    """Return what a spec says for one of its platforms, where its places are not asked for."""
    if not has_selectors(spec):
        return spec
    pip = {
        "packages": _texts(spec.pip.packages, platform),
        "wheels": _texts(spec.pip.wheels, platform),
        "sources": _texts(spec.pip.sources, platform),
    }
    conda = {"packages": _texts(spec.conda.packages, platform)}
    system = {"packages": _texts(spec.system.packages, platform)}
    return spec.model_copy(
        update={
            "conda": spec.conda.model_copy(update=conda),
            "pip": spec.pip.model_copy(update=pip),
            "system": spec.system.model_copy(update=system),
            "variables": _values(spec.variables, platform),
            "build_variables": _values(spec.build_variables, platform),
            "before_packages": _steps(spec.before_packages, platform),
            "steps": _steps(spec.steps, platform),
        }
    )


def has_selectors(spec: EnvSpec) -> bool:
    """Say whether anything in a spec is for one platform only."""
    entries = (
        *spec.conda.packages,
        *spec.pip.packages,
        *spec.pip.wheels,
        *spec.pip.sources,
        *spec.system.packages,
    )
    values = (*spec.variables.values(), *spec.build_variables.values())
    return (
        not all(isinstance(entry, str) for entry in entries)
        or not all(isinstance(value, str) for value in values)
        or any(step.on is not None for step in (*spec.before_packages, *spec.steps))
    )


def platforms_by_text(
    spec: EnvSpec, entries: Iterable[Selectable], normal: Callable[[str], str]
) -> dict[str, frozenset[str]]:
    """Return for which platforms each text of a list is, in normal form; sorted by text."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        text, on = (entry, None) if isinstance(entry, str) else (entry.text, entry.on)
        own = frozenset(spec.platforms if on is None else {on})
        found[normal(text)] = found.get(normal(text), frozenset()) | own
    return dict(sorted(found.items()))


def forms(
    spec: EnvSpec, entries: Iterable[Selectable], normal: Callable[[str], str]
) -> tuple[str, ...]:
    """Return the normal forms of a list's entries, each once, sorted; with selectors where needed.

    What is for all of the spec's platforms has none, however that is said: `numpy>=1`, but
    `numpy>=1 on linux/amd64`.
    """
    found = platforms_by_text(spec, entries, normal)
    return tuple(
        sorted(
            join_selector(text, platform)
            for text, own in found.items()
            for platform in ([None] if own >= set(spec.platforms) else own)
        )
    )


def _texts(entries: Iterable[Selectable], platform: str) -> tuple[str, ...]:
    return tuple(
        entry if isinstance(entry, str) else entry.text
        for entry in entries
        if isinstance(entry, str) or entry.on in {None, platform}
    )


def _values(variables: Mapping[str, str | Mapping[Any, str]], platform: str) -> dict[str, str]:
    chosen = (
        (name, value if isinstance(value, str) else value.get(platform))
        for name, value in variables.items()
    )
    return {name: value for name, value in chosen if value is not None}


def _steps(steps: Iterable[Step], platform: str) -> tuple[Step, ...]:
    return tuple(
        step.model_copy(update={"on": None}) for step in steps if step.on in {None, platform}
    )


def _select_document(document: Document, platform: str) -> Document:
    data, moves = document.data, _Moves()
    for path, key in _ENTRIES:
        if isinstance(items := document.data_at(path), list):
            entries, moved = _select_entries(items, path, key, platform)
            data, moves = _put(data, path, entries), moves | moved
    for path in _STEPS:
        if isinstance(items := document.data_at(path), list):
            steps, moved = _select_steps(items, path, platform)
            data, moves = _put(data, path, steps), moves | moved
    for path in _VARIABLES:
        if isinstance(variables := document.data_at(path), dict):
            values, moved = _select_values(variables, path, platform)
            data, moves = _put(data, path, values), moves | moved
    return replace(
        document,
        data=data,
        spans=_move(document.spans, moves),
        key_spans=_select_keys(document, data, moves),
        origins=_move(document.origins, moves),
    )


def _select_entries(
    items: list[Data], path: Path, key: str, platform: str
) -> tuple[list[Data], _Moves]:
    chosen: list[Data] = []
    moves = _Moves()
    for index, item in enumerate(items):
        old, new = (*path, index), (*path, len(chosen))
        if not isinstance(item, dict):
            moves[old] = new
            chosen.append(item)
            continue
        moves[old] = None
        if item.get("on", platform) == platform:
            moves[*old, key] = new
            chosen.append(item[key])
    return chosen, moves


def _select_steps(items: list[Data], path: Path, platform: str) -> tuple[list[Data], _Moves]:
    chosen: list[Data] = []
    moves = _Moves()
    for index, item in enumerate(items):
        old, new = (*path, index), (*path, len(chosen))
        if not isinstance(item, dict) or item.get("on", platform) != platform:
            moves[old] = None
            continue
        moves[old], moves[*old, "on"] = new, None
        chosen.append({word: value for word, value in item.items() if word != "on"})
    return chosen, moves


def _select_values(
    variables: dict[str, Data], path: Path, platform: str
) -> tuple[dict[str, Data], _Moves]:
    chosen: dict[str, Data] = {}
    moves = _Moves()
    for name, value in variables.items():
        if not isinstance(value, dict):
            chosen[name] = value
            continue
        moves[*path, name] = None
        if platform in value:
            moves[*path, name, platform] = (*path, name)
            chosen[name] = value[platform]
    return chosen, moves


def _put(data: dict[str, Data], path: Path, value: Data) -> dict[str, Data]:
    """Return the same data with another value at a path that is there."""
    first, rest = str(path[0]), path[1:]
    inner = data[first]
    return {**data, first: _put(inner, rest, value) if rest and isinstance(inner, dict) else value}


def _move(found: Mapping[Path, Any], moves: _Moves) -> dict[Path, Any]:
    places = ((_find(path, moves), value) for path, value in found.items())
    return {path: value for path, value in places if path is not None}


def _find(path: Path, moves: _Moves) -> Path | None:
    """Return where the value at a path goes; None where it vanishes."""
    for length in range(len(path), 0, -1):
        if path[:length] in moves:
            target = moves[path[:length]]
            return (*target, *path[length:]) if target is not None else None
    return path


def _select_keys(document: Document, data: dict[str, Data], moves: _Moves) -> dict[Path, Any]:
    """Return where keys stand: a variable's name, which goes where its value for a platform goes."""
    keys = {path: span for path, span in document.key_spans.items() if _keeps_key(path, moves)}
    names = [
        (*path, name)
        for path in _VARIABLES
        if isinstance(variables := data.get(str(path[0])), dict)
        for name in variables
    ]
    own = {path: document.key_spans[path] for path in names if path in document.key_spans}
    return _move(keys, moves) | own


def _keeps_key(path: Path, moves: _Moves) -> bool:
    """Say whether a value still has a key where it goes, and still has that one."""
    target = _find(path, moves)
    return target is not None and len(target) == len(path)
