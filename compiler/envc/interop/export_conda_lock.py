"""A lock as conda-lock.yml, through conda-lock's own models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envc.canonical import digest
from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.interop.conda_lock_model import load_models
from envc.interop.subject import Exported, Subject, channel_name, needed_names
from envc.lock.package import CondaPackage, PipPackage
from envc.platform import PLATFORMS

__all__ = ["BASE_KEY", "NAME_KEY", "export"]

NAME_KEY, BASE_KEY = "envc-environment", "envc-base"
"""What our own import looks for: the environment's name, and the image that it starts from."""

_HEAD = """\
# Written by envc from its lock. Install it with:
#     conda-lock install -n YOURENV conda-lock.yml
# or
#     micromamba create -n YOURENV -f conda-lock.yml
"""


def export(subject: Subject) -> Exported:
    """Return the packages of all chosen platforms.

    Raises:
        InputError: A Conda package has no MD5, without which conda-lock takes none (E430).
    """
    import yaml

    models = load_models()
    _require_md5(subject)
    subdirs = [PLATFORMS[name].subdir for name in subject.platforms]
    locks = subject.locked
    named = [package.channel for lock in locks.values() for package in lock.conda]
    channels = dict.fromkeys([*subject.lock.intent.channels, *sorted(named)])
    content = digest(subject.lock.intent.model_dump(mode="json")).removeprefix("sha256:")
    metadata = models.LockMeta(
        content_hash=dict.fromkeys(subdirs, content),
        channels=[channel_name(url) for url in channels],
        platforms=subdirs,
        sources=[subject.spec],  # micromamba takes no file without one
        custom_metadata={NAME_KEY: subject.name, BASE_KEY: subject.lock.intent.base},
    )
    packages = sorted(_describe(subject), key=lambda one: (one.name, one.manager, one.platform))
    file = models.Lockfile(version=1, package=packages, metadata=metadata)
    text = yaml.safe_dump(file.dict_for_output(), sort_keys=False, width=4096, allow_unicode=True)
    return Exported(text=_HEAD + text, warnings=(*_list_local(subject), *_miss_pip(subject)))


def _describe(subject: Subject) -> Iterator[Any]:
    for name, lock in subject.locked.items():
        subdir = PLATFORMS[name].subdir
        yield from (_describe_conda(package, subdir) for package in lock.conda)
        yield from (_describe_wheel(one, subdir) for one in lock.distributions if _has_file(one))


def _has_file(package: PipPackage) -> bool:
    return package.url is not None and not package.is_commit


def _describe_conda(package: CondaPackage, subdir: str) -> Any:
    models = load_models()
    return models.LockedDependency(
        name=package.name,
        version=package.version,
        manager="conda",
        platform=subdir,
        dependencies=needed_names(package),
        url=package.url,
        hash=models.HashModel(md5=package.md5, sha256=package.sha256),
        category="main",
        optional=False,
    )


def _describe_wheel(package: PipPackage, subdir: str) -> Any:
    models = load_models()
    return models.LockedDependency(
        name=package.name,
        version=package.version,
        manager="pip",
        platform=subdir,
        dependencies={},
        url=package.url or "",
        hash=models.HashModel(sha256=package.sha256),
        category="main",
        optional=False,
    )


def _require_md5(subject: Subject) -> None:
    lacking = {
        package.name
        for lock in subject.locked.values()
        for package in lock.conda
        if package.md5 is None
    }
    problems = [
        Diagnostic(
            code="E430",
            message=f"the channel of `{name}` states no MD5 of it, and conda-lock takes no package "
            "without one",
            hint="export with `--format explicit`, which has its SHA-256",
        )
        for name in sorted(lacking)
    ]
    if problems:
        raise InputError(problems)


def _list_local(subject: Subject) -> tuple[Diagnostic, ...]:
    all_of_pip = [one for lock in subject.locked.values() for one in lock.distributions]
    kinds = (
        ("what lies beside the spec", {one.path for one in all_of_pip if one.path}),
        ("commits", {f"{one.name} @ {one.url}" for one in all_of_pip if one.is_commit}),
    )
    return tuple(
        Diagnostic(
            code="W430",
            message=f"`conda-lock` has no place for {what}: `{place}` is not in it",
            hint="put it on an index, or install it after the others",
        )
        for what, places in kinds
        for place in sorted(places)
    )


def _miss_pip(subject: Subject) -> Iterator[Diagnostic]:
    """Yield a warning where an installer would take another environment's pip for the wheels."""
    lacking = [
        name
        for name, lock in subject.locked.items()
        if any(one.url for one in lock.distributions)
        and all(package.name != "pip" for package in lock.conda)
    ]
    if lacking:
        yield Diagnostic(
            code="W430",
            message="`conda-lock install` installs wheels with the environment's own pip, and there "
            f"is none in the lock for {' and '.join(lacking)}",
            hint="add `pip` to the Conda packages, or install `--format requirements` by other means",
        )
