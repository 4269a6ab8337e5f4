"""What each kind of value is called, and what JSON Schema can say of it: a table from rules to facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from envc.compose.param import VARIANT
from envc.compose.reference import NAME
from envc.frozen import frozen
from envc.spec import (
    address,
    argument,
    copying,
    debian,
    metadata,
    moment,
    package,
    path,
    running,
    solve,
    written,
)
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


@frozen
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
    path.workdir: _text("absolute path", "absolute paths", rf"/[^{_CONTROL}]*"),
    path.target_path: _text(
        "path in the image", "paths in the image", rf"{_FILLED}(?!~)[^{_CONTROL}]*", _SCALAR
    ),
    path.relative_path: _text(
        "path relative to the spec", "paths relative to the spec", _PATH, _SCALAR
    ),
    path.script_path: _text("path of a Python file", "paths of Python files", rf"{_PATH}\.py"),
    path.wheel_path: _text("path of a wheel", "paths of wheels", rf"{_PATH}\.whl"),
    path.interpreter: _text(
        "absolute path of a program",
        "absolute paths of programs",
        rf"/(?:[^{_CONTROL}]*[^/{_CONTROL}])?",
    ),
    path.dockerfile: _text(
        "path relative to the spec, or text of a Dockerfile",
        "paths or texts of Dockerfiles",
        rf"(?:{_PATH}|{_FILLED}[^\x00]*\n[^\x00]*)",
        _SCALAR,
    ),
    path.mount_source: _text(
        "path, or name of a volume",
        "paths, or names of volumes",
        rf"(?:/[^{_CONTROL}]*|{path.VOLUME.pattern}|(?=\.{{0,2}}$|.*/){_PATH})",
        _SCALAR,
    ),
    path.mount_target: _text("absolute path", "absolute paths", rf"(?!/*$)/[^{_CONTROL}]*"),
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
    address.links_url: _text("address", "addresses", _ADDRESS),
    address.registry: _text("host", "hosts", address.REGISTRY.pattern, _SCALAR, minimum=0),
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
    metadata.library: _text("name of a library", "names of libraries", metadata.LIBRARY.pattern),
    metadata.no_healthcheck: Kind(
        name="`none`",
        plural="`none`",
        facts={"type": "string", "const": metadata.TEXT_FOR_NONE},
    ),
    metadata.retries: _text(
        "number", "numbers", metadata.RETRIES.pattern, ["string", "integer"], minimum=1
    ),
    metadata.stop_signal: _text("signal", "signals", metadata.SIGNAL.pattern),
    metadata.port_number: _text(
        "number",
        "numbers",
        r"[1-9][0-9]{0,4}(?:/(?:tcp|udp|sctp))?",
        ["string", "integer"],
        minimum=1,
        maximum=65535,
    ),
    rule.workers: _text(
        "number", "numbers", rule.WORKERS.pattern, ["string", "integer"], minimum=1, maximum=9999
    ),
    rule.layers: _text(
        "number", "numbers", rule.LAYERS.pattern, ["string", "integer"], minimum=1, maximum=100
    ),
    rule.stage_name: _text("name of a stage", "names of stages", rule.STAGE.pattern, _WORD),
    rule.unmanaged: Kind(facts={"enum": [False, "false", "no"]}),
    moment.moment: _text("date or time", "dates or times", moment.MOMENT.pattern),
    solve.cuda: _text(
        "version or `none`", "versions", solve.CUDA.pattern, ["string", "number"], minimum=1
    ),
    solve.virtual_package: _text("name", "names", solve.VIRTUAL_PACKAGE.pattern),
    solve.virtual_version: _text(
        "version", "versions", solve.VIRTUAL_VERSION.pattern, _SCALAR, minimum=0
    ),
    solve.conda_package: _text(
        "name of a Conda package",
        "names of Conda packages",
        solve.CONDA_PACKAGE.pattern,
        _SCALAR,
        minimum=0,
    ),
    solve.distribution: _text(
        "name of a distribution",
        "names of distributions",
        solve.DISTRIBUTION.pattern,
        _SCALAR,
        minimum=0,
    ),
    debian.debian_package: _text(
        "Debian package", "Debian packages", debian.DEBIAN.pattern, _SCALAR, minimum=0
    ),
    copying.owner: _text(
        "user",
        "users",
        rule.USER.pattern,
        ["string", "integer", "boolean"],
        minimum=0,
        maximum=10**10 - 1,
    ),
    copying.mode: _text(
        "mode", "modes", copying.MODE.pattern, ["string", "integer"], minimum=0, maximum=7777
    ),
    copying.ignore_pattern: _text(
        "pattern", "patterns", rf"(?!\s*$){copying.IGNORE.pattern}", _SCALAR
    ),
    argument.argument: _text(
        "argument",
        "arguments",
        rf"(?:{'|'.join(argument.ARGUMENTS)})(?:=[^{_CONTROL}]*)?",
    ),
    written.parameter_name: _text("name", "names", NAME.pattern),
    written.variant_name: _text("name", "names", VARIANT.pattern),
    written.is_required: Kind(facts={"enum": [True, "true", "yes"]}),
    package.shortest: Kind(),
    package.shortest_channel: Kind(),
    running.plain_command: Kind(),
    rule.filled: Kind(facts={"minProperties": 1}),
    rule.non_empty: Kind(facts={"minItems": 1}),
    rule.program: Kind(),
}
"""Of every rule that the model uses after a value's type is known."""

PLURALS: Mapping[str, str] = {kind.name: kind.plural for kind in KINDS.values() if kind.name}
"""What several of a kind are called, by what one is called."""
