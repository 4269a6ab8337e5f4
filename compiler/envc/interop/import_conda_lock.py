"""conda-lock.yml as a spec, and as what its lock holds."""

from __future__ import annotations

from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.interop.adopted import Adopted
from envc.interop.adoption import (
    ask_for,
    digests_of,
    platform_of,
    take_conda,
    take_distribution,
)
from envc.interop.export_conda_lock import BASE_KEY, NAME_KEY
from envc.interop.gathered import Gathered, Load
from envc.source import Source
from envc.spec.requirement import normal_name

__all__ = ["gather", "load_texts"]

_PYPI = "https://pypi.org/simple"


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take the packages that a plain `conda-lock install` installs: those of the category `main`.

    Raises:
        InputError: It is damaged, or of another version (E431).
    """
    data = load_texts(source)
    packages, metadata = data.get("package"), data.get("metadata")
    if data.get("version") != "1" or not isinstance(packages, list):
        raise InputError([_explain(source, "it is no conda-lock.yml of version 1")])
    adopted = Adopted()
    gathered.adopted = adopted
    needed: dict[str, set[str]] = {}
    for package in packages:
        if not isinstance(package, dict) or not _is_wanted(package, gathered):
            continue
        platform = platform_of(str(package.get("platform")), gathered)
        if platform is not None:
            _take(package, platform, adopted, needed)
    _gather_metadata(metadata if isinstance(metadata, dict) else {}, gathered)
    ask_for(adopted, gathered, needed=needed)


def load_texts(source: Source) -> dict[str, Any]:
    """Return a big YAML file whose values are all texts: without their places, which costs much.

    Raises:
        InputError: It is not YAML, or no mapping (E431).
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        data = yaml.load(source.text, Loader=loader)  # noqa: S506  # it makes texts only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError([_explain(source, "it is not YAML")]) from error
    if not isinstance(data, dict):
        raise InputError([_explain(source, "it is no mapping")])
    return data


def _explain(source: Source, why: str) -> Diagnostic:
    return Diagnostic(
        code="E431",
        message=f"`{source.name}` cannot be read: {why}",
        hint="check the file with the tool that it is for",
    )


def _is_wanted(package: dict[str, Any], gathered: Gathered) -> bool:
    category = package.get("category", "main")
    if category == "main":
        return True
    message = f"packages of the category `{category}` are left out: a spec has no such thing"
    if all(remark.message != message for remark in gathered.remarks):
        gathered.remark(message)
    return False


def _take(
    package: dict[str, Any], platform: str, adopted: Adopted, needed: dict[str, set[str]]
) -> None:
    digests, url = digests_of(package.get("hash")), str(package.get("url", ""))
    depends = package.get("dependencies")
    names = depends if isinstance(depends, dict) else {}
    if package.get("manager") == "pip":
        name, version = normal_name(str(package.get("name"))), str(package.get("version"))
        needed.setdefault(platform, set()).update(normal_name(str(one)) for one in names)
        sha256 = digests.get("sha256")
        take_distribution(name, version, url, platform, adopted, sha256=sha256, index=_PYPI)
        return
    take_conda(
        url,
        platform,
        adopted,
        sha256=digests.get("sha256"),
        md5=digests.get("md5"),
        depends=[f"{name} {version}".strip() for name, version in names.items()],
    )


def _gather_metadata(metadata: dict[str, Any], gathered: Gathered) -> None:
    for channel in metadata.get("channels") or []:
        name = str(channel.get("url", "")) if isinstance(channel, dict) else str(channel)
        if name:
            gathered.add_channel(name, None)
    custom = metadata.get("custom_metadata")
    if not isinstance(custom, dict):
        return
    if NAME_KEY in custom:
        gathered.put_name(str(custom[NAME_KEY]), None)
    if BASE_KEY in custom:
        gathered.put(("base", "image"), str(custom[BASE_KEY]), None)
