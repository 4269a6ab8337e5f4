"""An environment of Azure ML (the YAML of its CLI, version 2) as a spec."""

from __future__ import annotations

import posixpath

from envc.errors import InputError
from envc.interop.foreign_yaml import ForeignYaml, read_yaml
from envc.interop.gathered import Gathered, Load
from envc.interop.import_environment import gather as gather_environment
from envc.interop.import_environment import gather_part
from envc.source import Source
from envc.syntax.document import Data

__all__ = ["gather"]

_SILENT = frozenset({"$schema", "conda_file", "image", "build", "name", "os_type"})
_WHY = {
    "version": "versions are the store's, not the spec's",
    "tags": "say them as `labels`",
    "description": "say it as a comment",
    "inference_config": "say it as `serve`, `ports` and `healthcheck`",
}


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what an environment asks for: its image or its build, and its Conda file.

    https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment

    Raises:
        InputError: It is not YAML (E431).
    """
    file = read_yaml(source)
    data = file.data if isinstance(file.data, dict) else {}
    if isinstance(conda := data.get("conda_file"), dict):
        gather_part(file, ("conda_file",), load, gathered)
    elif isinstance(conda, str):
        _gather_conda_file(file, conda, load, gathered)
    if isinstance(name := data.get("name"), str) and name:
        gathered.put_name(name, file.span("name"))
    if isinstance(image := data.get("image"), str) and image:
        gathered.put(("base", "image"), image, file.span("image"))
    _gather_build(file, data.get("build", ""), gathered)
    if data.get("os_type", "linux") not in ("linux", "Linux"):
        gathered.leave_out("os_type", "envc makes images for Linux", file.span("os_type"))
    for key in data:
        if key not in _SILENT:
            why = _WHY.get(key, "a spec has no place for it")
            gathered.leave_out_key(key, _SILENT, file.key_span(key), why)


def _gather_conda_file(file: ForeignYaml, path: str, load: Load, gathered: Gathered) -> None:
    span = file.span("conda_file")
    try:
        source = load(posixpath.normpath(path))
        gather_environment(source, load, gathered)
    except InputError as error:
        gathered.leave_out(path, error.diagnostics[0].message, span)


def _gather_build(file: ForeignYaml, build: Data, gathered: Gathered) -> None:
    if not isinstance(build, dict):
        return
    folder = build.get("path", ".")
    dockerfile = build.get("dockerfile_path", "Dockerfile")
    if not isinstance(folder, str) or not isinstance(dockerfile, str):
        gathered.leave_out("build", "its paths are no texts", file.span("build"))
        return
    # The Dockerfile's path is relative to the context, the context's to the file.
    place = gathered.beside(posixpath.join(folder, dockerfile))
    context = gathered.beside(folder)
    gathered.put(
        ("base", "dockerfile"), place, file.span("build"), f"dockerfile_path: {dockerfile}"
    )
    gathered.put(("base", "context"), context, file.span("build"), f"path: {folder}")
    for key in build:
        if key not in {"path", "dockerfile_path"}:
            gathered.leave_out(
                f"build.{key}", "a spec has no place for it", file.key_span("build", key)
            )
