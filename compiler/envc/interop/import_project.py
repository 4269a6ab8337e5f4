"""pyproject.toml with a standard `[project]` table, as a spec: what the project needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from envc.interop.foreign_toml import find, read_toml
from envc.interop.gathered import Gathered, Load
from envc.interop.import_requirements import gather_line
from envc.source import Source

__all__ = ["gather"]

_PYTHON = re.compile(
    r"={2,3}\s*(?P<release>3\.[0-9]+\.[0-9]+)|==\s*(?P<series>3\.[0-9]+)\.\*"
    r"|~=\s*(?P<since>3\.[0-9]+)\.0"
)
_RESOLVING = (
    *("index", "index-url", "extra-index-url", "find-links", "sources"),
    *("constraint-dependencies", "override-dependencies", "exclude-newer"),
)
"""Settings of uv that decide which packages are taken."""


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what a project asks for: its dependencies, and the Python that it names exactly.

    https://packaging.python.org/en/latest/specifications/pyproject-toml/

    Raises:
        InputError: It is not TOML (E431).
    """
    data = read_toml(source)
    project = _table(data, "project")
    if isinstance(name := project.get("name"), str):
        gathered.put_name(name, find(source, "project", "name"))
    _gather_python(project, source, gathered)
    _gather_dependencies(project, source, load, gathered)
    _tell_groups(data, project, source, gathered)
    _tell_settings(data, source, gathered)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _gather_python(project: Mapping[str, Any], source: Source, gathered: Gathered) -> None:
    if "requires-python" not in project:
        return
    asked, span = str(project["requires-python"]), find(source, "project", "requires-python")
    named = _PYTHON.fullmatch(asked.strip())
    if named is not None:
        (version,) = filter(None, named.groups())
        gathered.put(("python",), version, span, asked)
        return
    why = "a spec names one series, or takes its base's"
    hint = "say which Python the environment is to have, as in `python 3.12`"
    gathered.leave_out(f"requires-python = {asked}", why, span, hint)


def _gather_dependencies(
    project: Mapping[str, Any], source: Source, load: Load, gathered: Gathered
) -> None:
    asked, span = project.get("dependencies", []), find(source, "project", "dependencies")
    if not isinstance(asked, list):
        gathered.leave_out("dependencies", "it is no list", span)
        return
    for text in asked:
        gather_line(str(text), span, load, gathered)
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        why = "only the project's own build knows them"
        gathered.leave_out("dependencies", why, find(source, "project", "dynamic"))


def _tell_groups(
    data: Mapping[str, Any], project: Mapping[str, Any], source: Source, gathered: Gathered
) -> None:
    """Note the dependencies that one has to ask for."""
    why = "name what the environment needs of it"
    for name in _table(project, "optional-dependencies"):
        span = find(source, "project.optional-dependencies", name)
        gathered.leave_out(f"optional-dependencies.{name}", why, span)
    for name in _table(data, "dependency-groups"):
        span = find(source, "dependency-groups", name)
        gathered.leave_out(f"dependency-groups.{name}", why, span)


def _tell_settings(data: Mapping[str, Any], source: Source, gathered: Gathered) -> None:
    """Note what uv would take into account: without it, other packages may be taken."""
    settings = _table(_table(data, "tool"), "uv")
    for key in _RESOLVING:
        if key in settings:
            gathered.leave_out(
                f"tool.uv.{key}", "it is uv's own", find(source, "tool.uv", key),
                hint="say it in the block `pip`; `envc explain pip` lists what there is",
            )  # fmt: skip
