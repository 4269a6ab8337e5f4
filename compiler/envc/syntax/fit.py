"""A spec as plain data in; whether each value has a shape that the language knows, out.

What its values mean does not matter, nor whether anything is missing: a file that others include, and
one whose parameters have no values yet, have a shape too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.syntax.document import Data
from envc.syntax.form import (
    NO,
    YES,
    Entries,
    Fields,
    Form,
    Groups,
    Listed,
    Option,
    Pairs,
    Param,
    Phrase,
    Source,
    Step,
    Steps,
    Strings,
    Text,
    Value,
    Values,
    with_keys,
)
from envc.syntax.words import STATEMENTS

__all__ = ["fits"]

_NAME = re.compile(r"[^\s=\"'\[\]{},#$]+")
_STEPS = {word: form for word, form in STATEMENTS.items() if isinstance(form, Step)}


def fits(data: Data) -> bool:
    """Return whether data can be written in both forms of the language.

    >>> fits({"environment": "pets"}), fits({"environment": ["pets"]})
    (True, False)
    """
    if not isinstance(data, dict):
        return False
    rest = {key: value for key, value in data.items() if key != "steps"}
    return _fit_steps(data.get("steps", []), _STEPS) and _fit_fields(rest, STATEMENTS)


def _fit_fields(data: Data, words: Mapping[str, Form]) -> bool:
    forms = with_keys(words)
    return isinstance(data, dict) and all(
        key in forms and _fits(value, forms[key][1]) for key, value in data.items()
    )


def _fits(data: Data, form: Form) -> bool:
    match form:
        case Value():
            return isinstance(data, str) or (form.may_be_array and _is_texts(data))
        case Text():
            is_one = isinstance(data, dict) and len(data) == 1
            return isinstance(data, str) or (is_one and _fit_fields(data, form.words))
        case Values() if form.part and isinstance(data, list):
            return all(_fit_value(item, form.part) for item in data)
        case Values() | Strings():
            return _is_texts(data)
        case Fields():
            is_word = bool(form.instead) and isinstance(data, str)
            return is_word or _fit_fields(data, form.words)
        case _:
            return _fits_apart(data, form)


def _fit_value(item: Data, part: str) -> bool:
    """Return whether an item of a list is a text, or a mapping of one to its part, with a secret."""
    if isinstance(item, str):
        return True
    is_whole = isinstance(item, dict) and part in item and item.keys() <= {part, "secret"}
    return is_whole and _is_texts(list(_values(item)))


def _fits_apart(data: Data, form: Form) -> bool:
    match form:
        case Pairs():
            return _fit_names(data) and all(
                isinstance(value, str) or (form.has_platforms and _is_by_platform(value))
                for value in _values(data)
            )
        case Groups():
            return isinstance(data, dict) and all(
                _fit_names(group) and _is_texts(list(_values(group))) for group in data.values()
            )
        case Param():
            return _fit_names(data) and all(
                isinstance(value, str) or _is_required(value) for value in _values(data)
            )
        case Entries():
            return _fit_entries(data, form)
        case Listed():
            return isinstance(data, list) and all(_fit_phrase(item, form.phrase) for item in data)
        case Steps():
            return _fit_steps(data, form.words)
        case _:
            return False


def _fit_steps(data: Data, words: Mapping[str, Step]) -> bool:
    return isinstance(data, list) and all(_fit_step(step, words) for step in data)


def _fit_step(step: Data, words: Mapping[str, Step]) -> bool:
    if not isinstance(step, dict):
        return False
    actions = [word for word in step if word != "on"]
    if len(actions) != 1 or actions[0] not in words:
        return False
    return isinstance(step.get("on", ""), str) and _fit_phrase(
        step[actions[0]], words[actions[0]].phrase
    )


def _fit_phrase(data: Data, phrase: Phrase) -> bool:
    if isinstance(data, str):
        return len(phrase.names) == 1
    if not isinstance(data, dict):
        return False
    options = {name: option for name, option in phrase.options.items() if name != "on"}
    heads = [data.get(name) for name in phrase.names]
    return all(isinstance(head, str) for head in heads) and all(
        key in phrase.names or (key in options and _fit_option(value, options[key]))
        for key, value in data.items()
    )


def _fit_option(data: Data, option: Option) -> bool:
    match option.kind:
        case "array":
            return _is_texts(data)
        case "flag":
            return isinstance(data, str) and (data.lower() in YES | NO or data.startswith("${{"))
        case _:
            return isinstance(data, str)


def _fit_entries(data: Data, form: Entries) -> bool:
    if isinstance(data, list):
        return all(_fit_entry(item, "package") for item in data)
    if not isinstance(data, dict):
        return False
    sources = {source.key: source for source in form.sources.values()}
    return all(
        _fit_source(value, sources[key]) if key in sources else _fit_packages(key, value)
        for key, value in data.items()
    )


def _fit_packages(key: str, data: Data) -> bool:
    is_list = key == "packages" and isinstance(data, list)
    return is_list and all(_fit_entry(item, "package") for item in data)


def _fit_source(data: Data, source: Source) -> bool:
    if source.is_single:
        return isinstance(data, str)
    if not isinstance(data, list):
        return False
    if source.names:
        return all(_fit_address(item, source) for item in data)
    return all(_fit_entry(item, source.part) for item in data)


def _fit_address(item: Data, source: Source) -> bool:
    if not isinstance(item, dict) or not _is_texts(list(item.values())):
        return False
    names = [key for key in item if key in source.names]
    return len(names) == 1 and item.keys() <= {names[0], "secret"}


def _fit_entry(item: Data, part: str) -> bool:
    """Return whether an item is a text, or a mapping of one to its part and perhaps a platform."""
    if isinstance(item, str):
        return True
    is_whole = isinstance(item, dict) and part in item and item.keys() <= {part, "on"}
    return is_whole and _is_texts(list(_values(item)))


def _fit_names(data: Data) -> bool:
    """Return whether data is a mapping whose keys can be written without quotes."""
    return isinstance(data, dict) and all(_NAME.fullmatch(name) for name in data)


def _is_by_platform(data: Data) -> bool:
    return isinstance(data, dict) and bool(data) and _is_texts(list(data.values()))


def _is_required(data: Data) -> bool:
    required = data.get("required") if isinstance(data, dict) and len(data) == 1 else None
    return isinstance(required, str) and required.lower() in YES


def _is_texts(data: Data) -> bool:
    return isinstance(data, list) and all(isinstance(item, str) for item in data)


def _values(data: Data) -> list[Data]:
    return list(data.values()) if isinstance(data, dict) else []
