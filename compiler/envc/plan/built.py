"""The stages that build wheels from their sources: pinned, like what builds them, and without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from envc.canonical import Json
from envc.lock.model import PlatformLock
from envc.lock.package import PipPackage, SourcePackage
from envc.plan.context import ContextFile
from envc.plan.fetch import Sources, fetch_private, private_packages
from envc.plan.inputs import Inputs
from envc.plan.instruction import Add, Copy, Instruction, Run, Stage
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.stage import (
    INTERPRETER,
    NEWEST,
    TREE,
    choose,
    mount_scripts,
    mount_stage,
    script,
)
from envc.plan.vendored import VENDOR

__all__ = [
    "BUILT",
    "PRIVATE_SOURCES",
    "build_list",
    "build_stages",
    "built_rows",
    "fetched",
    "source_files",
    "source_stages",
]

BUILT = "built"
"""The stage whose folder of the same name has the wheels that were built, and the list of them."""

PRIVATE_SOURCES = "sources-private"
"""What the stage and the list of what only credentials can fetch are called."""

_LIST = "sources"
_SOURCES = (
    "Sources and what builds them, each verified by its SHA-256; folders come with the context."
)
_PRIVATE = (
    "Sources of indexes that want credentials, which come as build secrets and leave no trace."
)
_BUILD = """\
Wheels from these sources, built by the environment's Python without a network. A compiler need not
give the same bytes twice: these are outside what two builds promise to have in common."""


def source_stages(
    layouts: Mapping[str, Layout],
    sources: Sources,
    listings: Listings,
    *,
    is_vendored: bool = False,
) -> tuple[Stage, ...]:
    """Return the stage `sources`, after those that fetch with credentials; none where all are wheels.

    Args:
        layouts: By architecture.
        is_vendored: Whether archives of commits come from a vendor folder, not with the context.
    """
    private: dict[str, tuple[Instruction, ...]] = {}
    fetching: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        locked = layout.locked
        if not locked.sources:
            continue
        wanted = private_packages(fetched(locked), sources.secrets)
        copies: tuple[Instruction, ...] = ()
        if wanted:
            listing = listings.path(architecture, PRIVATE_SOURCES)
            private[architecture] = (fetch_private(wanted, sources, listing),)
            copies = (Copy(stage=PRIVATE_SOURCES, source="/packages/", to="/"),)
        public = [one for one in fetched(locked) if one not in wanted]
        listed = Copy(source=listings.path(architecture, _LIST), to="/sources.json")
        local = (*_folders(locked), *_archives(locked, is_vendored=is_vendored))
        fetching[architecture] = (*_adds(public, sources), *copies, *local, listed)
    return (
        *choose(PRIVATE_SOURCES, dict.fromkeys(private, "tools"), private, _PRIVATE),
        *choose("sources", dict.fromkeys(fetching, "scratch"), fetching, _SOURCES),
    )


def build_stages(layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the stage `built`, on top of what the image starts from: compilers come from there."""
    runs: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        if not layout.locked.sources:
            continue
        program = layout.locked.base.interpreter or "python3"
        mounts = (*mount_scripts("build.py"), mount_stage("sources", "/", "/mnt/sources"))
        if layout.locked.conda:
            program = "/opt/env/bin/python"
            mounts = (*mounts, mount_stage(INTERPRETER, f"{TREE}/opt/env", "/opt/env"))
        runs[architecture] = (Run(words=script(program, "build.py"), mounts=mounts),)
    return choose(BUILT, dict.fromkeys(runs, "system"), runs, _BUILD)


def build_list(layout: Layout) -> dict[str, Json]:
    """Return what `build.py` has to know, as the context's list of it."""
    locked = layout.locked
    if not locked.sources:
        return {}
    files = {f"{one.name}=={one.version}": one.filename for one in locked.build}
    rows: list[Json] = [
        {
            "backend": one.backend,
            "backend_path": list(one.backend_path),
            "file": one.filename,
            "name": one.name,
            "version": one.version,
            "wheels": [files[name] for name in one.build],
            **({"subdirectory": one.subdirectory} if one.subdirectory else {}),
            **({"is_commit": True} if one.commit is not None else {}),
        }
        for one in locked.sources
    ]
    platform = f"{layout.platform.machine}-{NEWEST}"
    listing: Json = {
        "compile": layout.is_compiled_by_tools,
        "platform": platform,
        "python": layout.python,
        "sources": rows,
    }
    return {_LIST: listing}


def source_files(
    layouts: Mapping[str, Layout], inputs: Inputs, *, is_vendored: bool = False
) -> tuple[ContextFile, ...]:
    """Return the files of the context's source folders, and its archives of commits.

    Args:
        is_vendored: Whether these come from a vendor folder.
    """
    files: dict[str, ContextFile] = {}
    for layout in layouts.values():
        for source in layout.locked.sources:
            if source.commit is not None and not is_vendored:
                archive = inputs.archives[source.sha256]
                files[_folder(source)] = replace(archive, path=_folder(source))
            if source.path is not None:
                tree = inputs.trees[inputs.sources[source.path]]
                for file in tree.files:
                    path = f"{_folder(source)}/{file.path}"
                    files[path] = replace(file, path=path)
    return tuple(files.values())


def built_rows(locked: PlatformLock) -> list[Json]:
    """Return what an env id knows of what is built: the sources, and the wheels that build them."""
    digests = {f"{one.name}=={one.version}": one.sha256 for one in locked.build}
    return [
        [
            one.name,
            one.version,
            one.sha256,
            one.backend,
            list(one.backend_path),
            [digests[name] for name in one.build],
            *([one.subdirectory] if one.subdirectory else []),
        ]
        for one in locked.sources
    ]


def fetched(locked: PlatformLock) -> list[PipPackage]:
    """Return what is fetched to build: source distributions, then what builds."""
    return [*(one.artefact for one in locked.sources if one.url is not None), *locked.build]


def _adds(packages: list[PipPackage], sources: Sources) -> Iterator[Add]:
    for one in packages:
        url = sources.mirrors.to_mirror(one.url or "")
        yield Add(url=url, sha256=one.sha256, to=f"/{one.filename}")


def _folders(locked: PlatformLock) -> Iterator[Copy]:
    for one in locked.sources:
        if one.path is not None:
            yield Copy(source=f"{_folder(one)}/", to=f"/{one.filename}/")


def _archives(locked: PlatformLock, *, is_vendored: bool) -> Iterator[Copy]:
    """Yield what brings archives of commits: no address has them, so none can be added by it."""
    for one in locked.sources:
        if one.commit is None:
            continue
        if is_vendored:
            source = f"blobs/sha256/{one.sha256}"
            yield Copy(stage=VENDOR, source=source, to=f"/{one.filename}")
        else:
            yield Copy(source=_folder(one), to=f"/{one.filename}")


def _folder(source: SourcePackage) -> str:
    """Return where a folder or an archive lies in the context: platforms may have two of one name."""
    return f"sources/{source.filename}-{source.sha256[:8]}"
