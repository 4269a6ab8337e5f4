"""How an editor reads a spec: YAML by its own rules (YAML 1.2, core schema), where `3.12` is a number."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

__all__ = ["as_an_editor_reads", "read_scalar"]

# https://yaml.org/spec/1.2.2/#1032-tag-resolution
_CORE: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
)


def read_scalar(text: str) -> Any:
    """Return what a scalar without quotes is."""
    for form, convert in _CORE:
        if form.fullmatch(text):
            return convert(text)
    return text


def as_an_editor_reads(text: str) -> Any:
    """Return a YAML document as JSON data."""
    return _read(yaml.compose(text, Loader=yaml.SafeLoader))


def _read(node: yaml.Node | None) -> Any:
    match node:
        case yaml.MappingNode():
            return {key.value: _read(value) for key, value in node.value}
        case yaml.SequenceNode():
            return [_read(item) for item in node.value]
        case yaml.ScalarNode(style=None):
            return read_scalar(node.value)
        case yaml.ScalarNode():
            return node.value
    raise ValueError("no document")
