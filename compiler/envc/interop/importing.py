"""The formats that a spec can be imported from, by name, and which of them a file has."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Source

if TYPE_CHECKING:
    from envc.interop.gathered import Gathered, Load

__all__ = ["IMPORTS", "ImportFormat", "detect", "explain_foreign"]


@frozen
class ImportFormat:
    """A format to import from.

    Attributes:
        summary: What the help says of it.
        module: The module of this package whose `gather` reads it; loaded when it is needed.
        has_environments: Whether a file may hold several, of which one is imported.
    """

    summary: str
    module: str
    has_environments: bool = False

    def load(self) -> Callable[[Source, Load, Gathered], None]:
        """Return what reads it."""
        found: Callable[[Source, Load, Gathered], None] = import_module(self.module).gather
        return found


IMPORTS = {
    "environment": ImportFormat(
        summary="environment.yml of conda, mamba, conda-lock",
        module="envc.interop.import_environment",
    ),
    "requirements": ImportFormat(
        summary="requirements.txt, with pip's options",
        module="envc.interop.import_requirements",
    ),
    "repo2docker": ImportFormat(
        summary="apt.txt or runtime.txt of repo2docker and Binder",
        module="envc.interop.import_repo2docker",
    ),
    "azureml": ImportFormat(
        summary="an environment of Azure ML",
        module="envc.interop.import_azureml",
    ),
    "conda-lock": ImportFormat(
        summary="conda-lock.yml, with its lock",
        module="envc.interop.import_conda_lock",
    ),
    "pylock": ImportFormat(
        summary="pylock.toml, with its lock",
        module="envc.interop.import_pylock",
    ),
    "pixi-lock": ImportFormat(
        summary="pixi.lock, with its lock",
        module="envc.interop.import_pixi_lock",
        has_environments=True,
    ),
    "explicit": ImportFormat(
        summary="an @EXPLICIT list of Conda packages, with its lock",
        module="envc.interop.import_explicit",
    ),
    "pixi": ImportFormat(
        summary="pixi.toml, or pyproject.toml with tool.pixi",
        module="envc.interop.import_pixi",
        has_environments=True,
    ),
    "project": ImportFormat(
        summary="pyproject.toml: the dependencies of its [project]",
        module="envc.interop.import_project",
    ),
}

_YAML_KEY = re.compile(r"^(\$?[A-Za-z_][A-Za-z0-9_-]*)[ \t]*:", re.MULTILINE)
_PIXI = re.compile(r"^\s*\[(?:tool\.pixi\b|workspace\]|project\])", re.MULTILINE)
_PROJECT = re.compile(r"^\s*\[project\]", re.MULTILINE)
_AZUREML = frozenset(
    {"$schema", "name", "version", "description", "tags", "properties", "os_type"}
    | {"conda_file", "build", "path", "dockerfile_path", "image", "inference_config"}
    | {"channels", "dependencies", "variables"}  # of a Conda file that stands in it
)
_REQUIREMENTS = (".txt", ".in", ".pip")
# What a spec says in either form, and no file of another tool.
_OWN = re.compile(
    r"^(?:environment[ \t]+[\w\"]|(?:extends|include)[ \t]+\""
    r"|(?:environment|extends|include|base|python|conda|pip|steps)[ \t]*:)",
    re.MULTILINE,
)
_NAME = re.compile(r"^name:[ \t]*['\"]?([^'\"\n#]+)", re.MULTILINE)
_REPO2DOCKER = ("apt.txt", "runtime.txt")
_POETRY = re.compile(r"^\s*\[tool\.poetry\b", re.MULTILINE)
_THEN = "writes a file that envc imports"
_POETRY_EXPORT = f"`poetry export -o requirements.txt` {_THEN}"
_SETUP = (
    'write a spec with `source "."` in the pip block: it installs the folder and what that requires'
)
_PIPENV = f"`pipenv requirements > requirements.txt` {_THEN}"
_WAYS = {
    "dockerfile": 'write a spec that builds on it: `base dockerfile "{name}"`',
    "pdm.lock": f"`pdm export -o requirements.txt` {_THEN}",
    "pipfile": _PIPENV,
    "pipfile.lock": _PIPENV,
    "poetry.lock": _POETRY_EXPORT,
    "setup.cfg": _SETUP,
    "setup.py": _SETUP,
    "uv.lock": f"`uv export --format pylock.toml -o pylock.toml` {_THEN}",
}
"""What helps with files that have no format of ours, by name."""


def detect(source: Source) -> str:
    """Return the name of the format that a file has, by its name and what it holds.

    Raises:
        InputError: It has none that envc imports (E432).
    """
    name = posixpath.basename(source.name.replace("\\", "/")).lower()
    found = None
    if name.endswith((".yml", ".yaml")):
        found = _detect_yaml(set(_YAML_KEY.findall(source.text)))
    elif name == "pixi.lock":
        found = "pixi-lock"
    elif name.endswith(".toml"):
        is_lock = re.search(r"^lock-version\s*=", source.text, re.MULTILINE) is not None
        is_manifest = name == "pixi.toml" or _PIXI.search(source.text) is not None
        found = "project" if _PROJECT.search(source.text) and name == "pyproject.toml" else None
        found = "pixi" if is_manifest and _is_pixi(name, source.text) else found
        found = "pylock" if is_lock else found
    elif name in _REPO2DOCKER:
        found = "repo2docker"
    elif name.endswith(_REQUIREMENTS):
        is_explicit = re.search(r"^@EXPLICIT\s*$", source.text, re.MULTILINE) is not None
        found = "explicit" if is_explicit else "requirements"
    if found is None:
        message = f"`{source.name}` has no format that envc imports"
        raise InputError([Diagnostic(code="E432", message=message, hint=_advise(name, source))])
    return found


def _advise(name: str, source: Source) -> str:
    """Return the way from a file without a format of ours to a spec."""
    if name in _WAYS:
        return _WAYS[name].format(name=source.name)
    if name == "pyproject.toml" and _POETRY.search(source.text):
        return _POETRY_EXPORT
    listed = ", ".join(f"`{one}`" for one in IMPORTS)
    return f"say which it is with `--format`: {listed}"


def explain_foreign(source: Source) -> Diagnostic | None:
    """Return what to do with a file of another tool that was taken for a spec; None where it is none.

    A text that has any of the words that are specs' alone is a spec, right or wrong.
    """
    if _OWN.search(source.text):
        return None
    try:
        found = detect(source)
    except InputError:
        return None
    from envc.interop.gathered import name_like

    named = _NAME.search(source.text) if found in {"environment", "azureml"} else None
    name = name_like(named[1] if named is not None else posixpath.splitext(source.name)[0])
    return Diagnostic(
        code="E158",
        message=f"`{source.name}` is no spec, but a file of another tool: {IMPORTS[found].summary}",
        hint=f"make a spec of it: `envc import {source.name} -o {name}.envc`",
    )


def _detect_yaml(keys: set[str]) -> str | None:
    if {"version", "metadata", "package"} <= keys:
        return "conda-lock"
    if keys & {"conda_file", "build", "image"} and keys <= _AZUREML:
        return "azureml"
    return "environment" if "dependencies" in keys else None


def _is_pixi(name: str, text: str) -> bool:
    return name != "pyproject.toml" or "[tool.pixi" in text
