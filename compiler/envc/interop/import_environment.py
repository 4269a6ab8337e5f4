"""environment.yml of conda, mamba and conda-lock as a spec."""

from __future__ import annotations

import re

from envc.interop.conda_spec import add_conda, add_platforms, platforms_of_selector, settle
from envc.interop.foreign_yaml import ForeignYaml, read_yaml
from envc.interop.gathered import Gathered, Load
from envc.interop.import_repo2docker import remark_beside
from envc.interop.import_requirements import gather_line
from envc.source import Source
from envc.syntax.document import Data, Path

__all__ = ["gather", "gather_part"]

_SELECTOR = re.compile(r"\[([^\]]+)\]")
_SEL = re.compile(r"sel\(([^)]*)\)")
_PLATFORM = re.compile(r"^#[ \t]*platform:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
"""How our own exports, and those of conda-lock, say what their builds are for."""
_KEYS = frozenset({"name", "channels", "dependencies", "variables", "platforms", "prefix"})


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what an environment file asks for.

    Without channels they are conda's own, `defaults`. Where the prefix is, is no concern of images.

    Raises:
        InputError: It is not YAML (E431).
    """
    file = read_yaml(source)
    gather_part(file, (), load, gathered)
    told = _PLATFORM.search(source.text)
    if told is not None and isinstance(file.data, dict) and "platforms" not in file.data:
        add_platforms([(told[1], source.span(*told.span(1)))], gathered)
    remark_beside(("apt.txt", "postBuild", "start"), load, gathered)


def gather_part(file: ForeignYaml, path: Path, load: Load, gathered: Gathered) -> None:
    """Take what an environment that stands somewhere in a file asks for."""
    data = file.data
    for key in path:
        data = data[key] if isinstance(data, dict) and isinstance(key, str) else {}
    if not isinstance(data, dict):
        gathered.leave_out(str(data), "it is no environment", file.span(*path))
        return
    if isinstance(name := data.get("name"), str) and name:
        gathered.put_name(name, file.span(*path, "name"))
    _gather_channels(file, path, data.get("channels", ""), gathered)
    platforms = data.get("platforms", [])
    if isinstance(platforms, list) and platforms:
        named = [(str(one), file.span(*path, "platforms", at)) for at, one in enumerate(platforms)]
        add_platforms(named, gathered)
    _gather_dependencies(file, path, data.get("dependencies", ""), load, gathered)
    _gather_variables(file, path, data.get("variables", ""), gathered)
    for key in data:
        if key not in _KEYS:
            gathered.leave_out_key(key, _KEYS, file.key_span(*path, key))
    settle(gathered)


def _gather_channels(file: ForeignYaml, path: Path, channels: Data, gathered: Gathered) -> None:
    listed = [channels] if isinstance(channels, str) and channels else channels
    names = [str(one) for one in listed] if isinstance(listed, list) else []
    for number, name in enumerate(names):
        if name != "nodefaults":
            gathered.add_channel(name, file.span(*path, "channels", number))
    if isinstance(listed, dict):
        gathered.leave_out("channels", "it is no list", file.span(*path, "channels"))
    if not names:
        gathered.add(("channels",), "defaults", None)


def _gather_dependencies(
    file: ForeignYaml, path: Path, dependencies: Data, load: Load, gathered: Gathered
) -> None:
    if not isinstance(dependencies, list):
        if dependencies:
            gathered.leave_out("dependencies", "it is no list", file.span(*path, "dependencies"))
        return
    for number, entry in enumerate(dependencies):
        here = (*path, "dependencies", number)
        if isinstance(entry, str):
            _gather_package(file, here, entry, gathered)
        elif isinstance(entry, dict):
            for key, value in entry.items():
                _gather_group(file, (*here, key), key, value, load, gathered)
        else:
            gathered.leave_out(str(entry), "it is no package", file.span(*here))


def _gather_package(file: ForeignYaml, path: Path, text: str, gathered: Gathered) -> None:
    span = file.span(*path)
    if not text:
        return
    found = _SELECTOR.match(file.comment(*path))
    on = platforms_of_selector(found[1]) if found is not None else None
    if found is not None and on is None:
        gathered.remark(f"`{text}` loses its selector `[{found[1]}]`: envc does not know it", span)
    add_conda(text, span, gathered, on=on)


def _gather_group(
    file: ForeignYaml, path: Path, key: str, value: Data, load: Load, gathered: Gathered
) -> None:
    span = file.span(*path)
    if key == "pip" and isinstance(value, list):
        for number, line in enumerate(value):
            if isinstance(line, str):
                gather_line(line, file.span(*path, number), load, gathered)
            else:
                gathered.leave_out(str(line), "it is no requirement", file.span(*path, number))
    elif key == "pip":
        if value:
            gathered.leave_out(f"pip: {value}", "it is no list", span)
    elif (selector := _SEL.fullmatch(key)) is not None and isinstance(value, str):
        on = platforms_of_selector(selector[1])
        if on is None:
            gathered.leave_out(f"{key}: {value}", "envc does not know the selector", span)
        else:
            add_conda(value, span, gathered, on=on)
    else:
        hint = f"name a package and its version in one text, such as `{key}={value}`"
        is_package = isinstance(value, str) and value
        why = "envc knows no such group of packages"
        gathered.leave_out(key, why, span, hint if is_package else "")


def _gather_variables(file: ForeignYaml, path: Path, variables: Data, gathered: Gathered) -> None:
    if not isinstance(variables, dict):
        return
    for name, value in variables.items():
        span = file.span(*path, "variables", name)
        if isinstance(value, str):
            gathered.put(("variables", name), value, span, f"{name}: {value}")
        else:
            gathered.leave_out(name, "a variable is a text", span)
