"""pixi.toml, or pyproject.toml with `[tool.pixi]`, as a spec: one of its environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from envc.frozen import frozen
from envc.interop.conda_spec import add_conda, add_platforms, platforms_of_selector, settle
from envc.interop.foreign_toml import find, read_toml
from envc.interop.gathered import Gathered, Load
from envc.interop.import_requirements import gather_line
from envc.interop.pixi_environment import DEFAULT, choose_environment
from envc.source import Source, Span

__all__ = ["gather"]

_CONDA_TABLES = ("dependencies", "host-dependencies", "build-dependencies")
_KNOWN = frozenset(
    {
        *_CONDA_TABLES,
        "workspace",
        "project",
        "pypi-dependencies",
        "pypi-options",
        "target",
        "activation",
        "system-requirements",
        "constraints",
    }
)
_PACKAGE_TABLES = frozenset(
    {*_CONDA_TABLES, "constraints", "pypi-dependencies", "pypi-options", "activation"}
)
_WORKSPACE = frozenset({"name", "channels", "platforms", "exclude-newer", "channel-priority"})
_ABOUT = frozenset(
    {"authors", "description", "documentation", "homepage", "license", "license-file", "readme"}
    | {"repository", "version", "requires-pixi", "preview"}
)
"""What says nothing about the environment."""
_VIRTUAL = {"libc": "__glibc", "linux": "__linux", "archspec": "__archspec"}


@frozen
class _Manifest:
    """A manifest, and where its tables stand: below `prefix` in a pyproject.toml."""

    source: Source
    data: Mapping[str, Any]
    prefix: str
    gathered: Gathered
    load: Load

    def find(self, table: str, key: str) -> Span | None:
        return find(self.source, f"{self.prefix}{table}", key)

    def top(self, key: str) -> Span | None:
        """Return where a table itself stands, as far as it has a header."""
        for number in range(1, self.source.line_count + 1):
            line = self.source.line(number).strip()
            if line.startswith((f"[{self.prefix}{key}]", f"[{self.prefix}{key}.")):
                return self.source.line_span(number)
        return None

    def table(self, key: str) -> Mapping[str, Any]:
        found = self.data.get(key, {})
        return found if isinstance(found, dict) else {}


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what an environment of a manifest asks for.

    https://pixi.sh/latest/reference/pixi_manifest/

    Raises:
        InputError: It is not TOML (E431).
        UsageError: It has no such environment (E001).
    """
    data = read_toml(source)
    own = data.get("tool", {}).get("pixi") if isinstance(data.get("tool"), dict) else None
    is_project = isinstance(own, dict)
    manifest = _Manifest(
        source=source,
        data=own if isinstance(own, dict) else data,
        prefix="tool.pixi." if is_project else "",
        gathered=gathered,
        load=load,
    )
    if is_project:
        _gather_project(source, data.get("project", {}), manifest)
    _gather_workspace(manifest)
    known = {DEFAULT, *manifest.table("environments")}
    name = choose_environment(source.name, known, gathered)
    features, has_default = _features(manifest, name)
    if has_default:
        _gather_packages(manifest, manifest.data, "", None)
        _gather_targets(manifest, manifest.data, "")
        _gather_requirements(manifest, manifest.data, "")
    for feature in features:
        _gather_feature(manifest, feature)
    _gather_rest(manifest, features)
    settle(gathered)


def _gather_project(source: Source, project: Any, manifest: _Manifest) -> None:
    """Take the standard part of a pyproject.toml: pixi installs the project's dependencies too."""
    if not isinstance(project, dict):
        return
    gathered = manifest.gathered
    if isinstance(name := project.get("name"), str):
        gathered.put_name(name, find(source, "project", "name"))
    if isinstance(version := project.get("requires-python"), str):
        add_conda(f"python {version}", find(source, "project", "requires-python"), gathered)
    span = find(source, "project", "dependencies")
    for text in _list("dependencies", project.get("dependencies"), span, gathered):
        gather_line(str(text), span, manifest.load, gathered)
    if project.get("optional-dependencies"):
        span = find(source, "project.optional-dependencies", "")
        gathered.leave_out("optional-dependencies", "only features of pixi ask for them", span)


def _gather_workspace(manifest: _Manifest) -> None:
    gathered = manifest.gathered
    key = "workspace" if "workspace" in manifest.data else "project"
    workspace = manifest.table(key)
    if isinstance(name := workspace.get("name"), str):
        gathered.put_name(name, manifest.find(key, "name"))
    span = manifest.find(key, "channels")
    for channel in _list("channels", workspace.get("channels"), span, gathered):
        named = channel.get("channel", "") if isinstance(channel, dict) else str(channel)
        gathered.add_channel(named, manifest.find(key, "channels"))
        if isinstance(channel, dict) and "priority" in channel:
            gathered.remark(
                f"the priority of the channel `{named}` is its place in the list",
                manifest.find(key, "channels"),
            )
    span = manifest.find(key, "platforms")
    platforms = _list("platforms", workspace.get("platforms"), span, gathered)
    add_platforms([(str(one), span) for one in platforms], gathered)
    for option in ("exclude-newer", "channel-priority"):
        if option in workspace:
            value = str(workspace[option])
            gathered.put((option,), value, manifest.find(key, option), f"{option} = {value}")
    for other in workspace:
        if other not in _WORKSPACE | _ABOUT:
            gathered.leave_out(
                f"{key}.{other}", "a spec has no place for it", manifest.find(key, other)
            )


def _gather_packages(
    manifest: _Manifest, data: Mapping[str, Any], above: str, on: frozenset[str] | None
) -> None:
    gathered = manifest.gathered
    for table in _CONDA_TABLES:
        for name, wanted in _pairs(data.get(table)):
            span = manifest.find(f"{above}{table}", name)
            for text in _matchspecs(name, wanted, span, gathered):
                add_conda(text, span, gathered, on=on)
    for name, wanted in _pairs(data.get("constraints")):
        span = manifest.find(f"{above}constraints", name)
        for text in _matchspecs(name, wanted, span, gathered):
            gathered.add(("conda", "constraints"), text, span)
    for name, wanted in _pairs(data.get("pypi-dependencies")):
        span = manifest.find(f"{above}pypi-dependencies", name)
        _gather_pypi(name, wanted, span, manifest, on)
    _gather_activation(manifest, data.get("activation"), above)
    _gather_pypi_options(manifest, data.get("pypi-options"), f"{above}pypi-options")


def _list(name: str, value: Any, span: Span | None, gathered: Gathered) -> list[Any]:
    """Return a list; of anything else nothing, and a remark."""
    if value is not None and not isinstance(value, list):
        gathered.leave_out(name, "it is no list", span)
    return value if isinstance(value, list) else []


def _pairs(table: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        yield from table.items()


def _matchspecs(name: str, wanted: Any, span: Span | None, gathered: Gathered) -> Iterator[str]:
    """Yield the MatchSpec of a dependency, or note why there is none."""
    if isinstance(wanted, str):
        yield _join(name, wanted)
        return
    if not isinstance(wanted, dict):
        gathered.leave_out(name, "it is no requirement", span)
        return
    if {"path", "git", "url"} & wanted.keys():
        gathered.leave_out(name, "envc takes Conda packages from channels only", span)
        return
    channel = f"{wanted['channel']}::" if "channel" in wanted else ""
    version, build = str(wanted.get("version", "*")), str(wanted.get("build", ""))
    subdir = f"[subdir={wanted['subdir']}]" if "subdir" in wanted else ""
    text = f"{channel}{_join(name, version)}" if not build else f"{channel}{name} {version} {build}"
    for key in wanted.keys() - {"channel", "version", "build", "subdir"}:
        gathered.remark(f"`{name}` loses its `{key}`: a spec has no place for it", span)
    yield f"{text}{subdir}"


def _join(name: str, version: str) -> str:
    return name if version.strip() in {"*", ""} else f"{name} {version.strip()}"


def _gather_pypi(
    name: str, wanted: Any, span: Span | None, manifest: _Manifest, on: frozenset[str] | None
) -> None:
    gathered = manifest.gathered
    table = {"version": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(table, dict):
        gathered.leave_out(name, "it is no requirement", span)
        return
    extras = f"[{','.join(map(str, table['extras']))}]" if table.get("extras") else ""
    marker = f" ; {table['env-markers']}" if "env-markers" in table else ""
    if "path" in table:
        _gather_pypi_path(table, span, manifest)
        return
    if "git" in table:
        ref = next((f"@{table[key]}" for key in ("rev", "tag", "branch") if key in table), "")
        below = f"#subdirectory={table['subdirectory']}" if "subdirectory" in table else ""
        text = f"{name}{extras} @ git+{table['git']}{ref}{below}{marker}"
    elif "url" in table:
        text = f"{name}{extras} @ {table['url']}{marker}"
    else:
        version = str(table.get("version", "*")).strip()
        text = f"{name}{extras}{'' if version == '*' else f' {version}'}{marker}"
    if "index" in table:
        gathered.add_extra_index(str(table["index"]), span)
    if on is None or len(on) > 1:
        gathered.add(("pip", "packages"), text, span)
    elif not on:
        gathered.leave_out(text, "it is for other platforms than Linux", span)
    else:
        gathered.add(("pip", "packages"), {"package": text, "on": next(iter(on))}, span, text)


def _gather_pypi_path(table: Mapping[str, Any], span: Span | None, manifest: _Manifest) -> None:
    gathered, path = manifest.gathered, str(table["path"])
    if path.endswith(".whl"):
        gathered.add(("pip", "wheels"), gathered.beside(path), span, path)
        return
    if table.get("editable"):
        gathered.remark(f"`{path}` is installed as it is when it is built, not editable", span)
    gathered.add(("pip", "sources"), gathered.beside(path), span, path)


def _gather_pypi_options(manifest: _Manifest, options: Any, table: str) -> None:
    gathered = manifest.gathered
    for key, value in _pairs(options):
        span = manifest.find(table, key)
        if key == "index-url":
            gathered.add_index(str(value), span)
        elif key == "extra-index-urls" and isinstance(value, list):
            for url in value:
                gathered.add_extra_index(str(url), span)
        elif key == "find-links" and isinstance(value, list):
            for place in value:
                found = place.get("url") or place.get("path") if isinstance(place, dict) else place
                gathered.add_find_links(str(found), span)
        elif key == "dependency-overrides":
            for name, wanted in _pairs(value):
                gathered.add(("pip", "overrides"), _join(name, str(wanted)), span)
        else:
            gathered.leave_out(f"pypi-options.{key}", "a spec has no place for it", span)


def _gather_activation(manifest: _Manifest, activation: Any, above: str) -> None:
    gathered = manifest.gathered
    for key, value in _pairs(activation):
        if key == "env" and isinstance(value, dict):
            for name, text in value.items():
                span = manifest.find(f"{above}activation.env", name)
                gathered.put(("variables", name), str(text), span, f"{name} = {text}")
        else:
            why = "an image is not activated: say what it does as `variables` or as a step"
            gathered.leave_out(f"activation.{key}", why, manifest.find(f"{above}activation", key))


def _gather_targets(manifest: _Manifest, data: Mapping[str, Any], above: str) -> None:
    gathered = manifest.gathered
    for selector, target in _pairs(data.get("target")):
        name = f"{above}target.{selector}"
        on = platforms_of_selector(selector)
        span = manifest.top(name)
        if on is None or not on:
            gathered.leave_out(name, "it is for other platforms than Linux", span)
        elif isinstance(target, dict):
            _gather_packages(manifest, target, f"{name}.", on)
            for key in sorted(target.keys() - _PACKAGE_TABLES):
                gathered.leave_out(f"{name}.{key}", "a spec has no place for it", span)


def _features(manifest: _Manifest, environment: str) -> tuple[list[str], bool]:
    """Return the features that an environment names, and whether it has the one without a name."""
    said = manifest.table("environments").get(environment, [])
    named = said.get("features", []) if isinstance(said, dict) else said
    known = manifest.table("feature")
    features = [one for one in map(str, named) if one in known] if isinstance(named, list) else []
    return features, not (isinstance(said, dict) and said.get("no-default-feature") is True)


def _gather_feature(manifest: _Manifest, feature: str) -> None:
    data, above = manifest.table("feature")[feature], f"feature.{feature}."
    if not isinstance(data, dict):
        return
    span = manifest.find(above[:-1], "channels")
    for channel in _list("channels", data.get("channels"), span, manifest.gathered):
        name = channel.get("channel", "") if isinstance(channel, dict) else str(channel)
        manifest.gathered.add(("channels",), name, manifest.find(above[:-1], "channels"))
    _gather_packages(manifest, data, above, None)
    _gather_targets(manifest, data, above)
    _gather_requirements(manifest, data, above)
    known = {*_PACKAGE_TABLES, "channels", "target", "system-requirements"}
    for key in sorted(data.keys() - known):
        span = manifest.top(f"{above}{key}")
        manifest.gathered.leave_out(f"{above}{key}", "a spec has no place for it", span)


def _gather_requirements(manifest: _Manifest, data: Mapping[str, Any], above: str) -> None:
    gathered = manifest.gathered
    for key, value in _pairs(data.get("system-requirements")):
        span = manifest.find(f"{above}system-requirements", key)
        version = value.get("version", "") if isinstance(value, dict) else value
        if key == "cuda":
            gathered.put(("cuda",), str(version), span, f"cuda = {version}")
        elif key in _VIRTUAL:
            gathered.put(
                ("virtual-packages", _VIRTUAL[key]), str(version), span, f"{key} = {version}"
            )
        else:
            gathered.leave_out(f"system-requirements.{key}", "it is no matter of Linux", span)


def _gather_rest(manifest: _Manifest, features: list[str]) -> None:
    why = {
        "tasks": "a spec has no tasks: `envc run` takes a command",
        "feature": "the environment that is imported does not have it",
        "package": "envc builds no Conda packages",
    }
    taken = {"feature": set(features), "environments": set(manifest.table("environments"))}
    for key, value in manifest.data.items():
        left = sorted(set(value) - taken.get(key, set())) if isinstance(value, dict) else [value]
        if key in _KNOWN or not left:
            continue
        shown = ", ".join(map(str, left))
        reason = why.get(key, "a spec has no place for it")
        manifest.gathered.leave_out(f"{key}: {shown}", reason, manifest.top(key))
