"""What each kind of value is called, and what JSON Schema can say of it: a table from rules to facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envc.spec import address, metadata
from envc.spec import field as rule

__all__ = ["KINDS", "PLURALS", "Kind"]

# YAML's own reading of a scalar: `python: 3.12` is a number to an editor, and text to envc.
_TEXT = ["string"]
_WORD = ["string", "boolean"]
_SCALAR = ["string", "number", "boolean"]

# Patterns are those of ECMA-262, as JSON Schema has them: without flags, and with an ASCII `\w`.
_CONTROL = rule.CONTROL.pattern.strip("[]")
_FILLED = r"(?!\s*$)"
_BELOW = r"(?![/~]|[A-Za-z]:[\\/]|(?:\./+)*\.\.(?:/|$))"
_PATH = rf"{_FILLED}{_BELOW}[^\\{_CONTROL}]*"
_ADDRESS = r"[Hh][Tt][Tt][Pp][Ss]?://[^/?#@ ]+(?:/[^?# ]*)?"
_LETTER = r"(?:[A-Za-z_]|[^\x00-\x7f])"
_IDENTIFIER = rf"{_LETTER}(?:[0-9]|{_LETTER})*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a rule of the model lets pass.

    Attributes:
        name: What one value is called, without an article; empty where it is called by its items.
        plural: What several are called.
        facts: Keywords of JSON Schema. They hold for all that the rule lets pass, and refuse most of
            what it refuses.
    """

    name: str = ""
    plural: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def _text(name: str, plural: str, pattern: str, types: list[str] = _TEXT, **more: Any) -> Kind:
    facts = {"type": types if types[1:] else types[0], "pattern": f"^(?:{pattern})$"} | more
    return Kind(name=name, plural=plural, facts=facts)


KINDS: Mapping[Callable[[Any], Any], Kind] = {
    rule.line: _text("text", "texts", rf"{_FILLED}[^{_CONTROL}]*", _SCALAR),
    rule.script: _text("script", "scripts", rf"{_FILLED}[^\x00]*", _SCALAR),
    rule.word: _text("word", "words", r"[^\x00]*", _SCALAR),
    rule.variable_name: _text("name", "names", rule.VARIABLE.pattern),
    rule.variable_value: _text("value", "values", r"[^\x00\r\n]*", _SCALAR),
    rule.environment_name: _text(
        "name",
        "names",
        rule.ENVIRONMENT.pattern,
        _SCALAR,
        maxLength=rule.ENVIRONMENT_MAX,
        minimum=0,
    ),
    rule.python_version: _text(
        "version",
        "versions",
        rule.PYTHON.pattern,
        ["string", "number"],
        minimum=3,
        exclusiveMaximum=4,
    ),
    rule.user: _text(
        "user",
        "users",
        rule.USER.pattern,
        ["string", "integer", "boolean"],
        minimum=0,
        maximum=10**10 - 1,
    ),
    rule.workdir: _text("absolute path", "absolute paths", rf"/[^{_CONTROL}]*"),
    rule.target_path: _text(
        "path in the image", "paths in the image", rf"{_FILLED}(?!~)[^{_CONTROL}]*", _SCALAR
    ),
    rule.relative_path: _text(
        "path relative to the spec", "paths relative to the spec", _PATH, _SCALAR
    ),
    rule.script_path: _text("path of a Python file", "paths of Python files", rf"{_PATH}\.py"),
    rule.wheel_path: _text("path of a wheel", "paths of wheels", rf"{_PATH}\.whl"),
    rule.module_name: _text(
        "name of a module", "names of modules", rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*", _WORD
    ),
    rule.shm_size: _text("size", "sizes", rule.SHM.pattern, ["string", "integer"], minimum=1),
    rule.gpus: _text(
        "`all` or a number", "numbers", rule.GPUS.pattern, ["string", "integer"], minimum=1
    ),
    address.image: _text(
        "image reference",
        "image references",
        r"[A-Za-z0-9\[][A-Za-z0-9._:/\[\]-]*(?:@sha256:[0-9a-f]{64})?",
        _SCALAR,
        minimum=0,
    ),
    address.channel: _text(
        "channel",
        "channels",
        rf"(?!nodefaults$)(?:{address.CHANNEL.pattern}|{_ADDRESS})",
        _SCALAR,
        minimum=0,
    ),
    address.index_url: _text("address", "addresses", _ADDRESS),
    address.secret_name: _text(
        "name of an environment variable",
        "names of environment variables",
        address.SECRET.pattern,
        _WORD,
    ),
    metadata.label_name: _text(
        "name", "names", rf"(?![Dd][Ee][Vv]\.[Ee][Nn][Vv][Cc](?:\.|$)){metadata.LABEL.pattern}"
    ),
    metadata.label_value: _text("value", "values", r"[^\x00\r\n]*", _SCALAR),
    metadata.port: _text(
        "port", "ports", metadata.PORT.pattern, ["string", "integer"], minimum=1, maximum=65535
    ),
    metadata.volume: _text("absolute path", "absolute paths", rf"/[^:{_CONTROL}]*"),
    metadata.duration: _text("duration", "durations", metadata.DURATION.pattern),
    metadata.no_healthcheck: Kind(
        name="`none`",
        plural="`none`",
        facts={"type": "string", "const": metadata.TEXT_FOR_NONE},
    ),
    metadata.retries: _text(
        "number", "numbers", metadata.RETRIES.pattern, ["string", "integer"], minimum=1
    ),
    metadata.stop_signal: _text("signal", "signals", metadata.SIGNAL.pattern),
    rule.non_empty: Kind(facts={"minItems": 1}),
    rule.program: Kind(),
}
"""Of every rule that the model uses after a value's type is known."""

PLURALS: Mapping[str, str] = {kind.name: kind.plural for kind in KINDS.values() if kind.name}
"""What several of a kind are called, by what one is called."""
