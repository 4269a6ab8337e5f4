"""The words of the language: those that wait for a later stage, and those of other tools."""

from __future__ import annotations

from collections.abc import Mapping

from envc.spec.model import (
    Base,
    Check,
    Conda,
    CopyStep,
    EnvSpec,
    Healthcheck,
    Index,
    Part,
    Pip,
    RunStep,
    Runtime,
    Serve,
    Step,
)

__all__ = ["FUTURE", "SYNONYMS", "keys_of"]

FUTURE: Mapping[type[Part], frozenset[str]] = {
    EnvSpec: frozenset(
        {"constraints", "cuda", "exclude-newer", "extends", "include", "interpreter"}
        | {"matrix", "param", "params", "registry", "secrets", "train", "virtual-packages"}
    ),
    Base: frozenset({"context", "dockerfile", "registry", "target"}),
    Conda: frozenset({"channels", "constraints", "exclude-newer", "priority", "virtual-packages"}),
    Index: frozenset({"packages", "priority"}),
    Pip: frozenset({"constraints", "exclude-newer", "find-links", "prereleases", "sdists"}),
    CopyStep: frozenset({"chmod", "chown", "exclude", "include", "mode", "owner"}),
    RunStep: frozenset({"cache", "mount", "secret", "secrets", "shell", "user", "workdir"}),
    Step: frozenset({"before", "download", "env", "on", "variables"}),
    Healthcheck: frozenset({"start-interval"}),
    Check: frozenset({"size", "version"}),
    Runtime: frozenset(
        {"cpus", "devices", "init", "memory", "mounts", "network", "ports", "ulimits"}
        | {"user", "variables", "volumes"}
    ),
    Serve: frozenset({"health", "port", "replicas", "secrets", "variables", "workers"}),
}
"""What the language will say one day, with `-` for `_`: an error of its own, never an unknown key."""

SYNONYMS: Mapping[type[Part], Mapping[str, str]] = {
    EnvSpec: {
        "apt": "system",
        "cmd": "command",
        "dependencies": "conda",
        "docker": "base",
        "env": "variables",
        "environment-variables": "variables",
        "expose": "ports",
        "health-check": "healthcheck",
        "from": "base",
        "image": "base",
        "indexes": "pip",
        "label": "labels",
        "name": "environment",
        "packages": "conda` or `pip",
        "port": "ports",
        "requirements": "pip",
        "run": "steps",
        "copy": "steps",
        "stop-signal": "stopsignal",
        "volume": "volumes",
        "wheels": "pip",
    },
    Pip: {"extra-index-url": "indexes", "index": "indexes", "index-url": "indexes"},
    Index: {"address": "url", "credentials": "secret", "password": "secret", "token": "secret"},
    CopyStep: {"dest": "to", "destination": "to", "source": "from", "src": "from", "target": "to"},
    RunStep: {"script": "command"},
    Healthcheck: {
        "cmd": "run",
        "command": "run",
        "start-period": "start",
        "test": "run",
    },
    Check: {"imports": "import", "commands": "run", "command": "run"},
    Runtime: {"gpu": "gpus", "shm-size": "shm"},
    Serve: {"script": "entry"},
}
"""What other tools call a key, with `-` for `_`, and the key of this language."""


def keys_of(part: type[Part]) -> tuple[str, ...]:
    """Return the keys that a part may have, as they are written, in the model's order."""
    return tuple(field.alias or name for name, field in part.model_fields.items())
