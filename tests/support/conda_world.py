"""Small Conda worlds of metadata only, in which every solver must pin the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envc.resolve.base import ChannelPriority

__all__ = ["WORLDS", "World", "record", "write"]

Record = dict[str, Any]
SUBDIRS = ("linux-64", "linux-aarch64", "noarch")


def record(
    name: str,
    version: str,
    build: str = "0",
    *,
    depends: Sequence[str] = (),
    constrains: Sequence[str] = (),
    subdir: str = "linux-64",
    number: int = 0,
    suffix: str = ".conda",
    timestamp: int | None = 1_700_000_000_000,
) -> Record:
    """Return a package's record, as repodata has it, with checksums of its file name."""
    fn = f"{name}-{version}-{build}{suffix}"
    noarch = {"noarch": "python"} if subdir == "noarch" else {}
    return {
        "build": build,
        "build_number": number,
        "constrains": list(constrains),
        "depends": list(depends),
        "fn": fn,
        "md5": hashlib.md5(fn.encode()).hexdigest(),
        "name": name,
        "sha256": hashlib.sha256(fn.encode()).hexdigest(),
        "size": len(fn),
        "subdir": subdir,
        "version": version,
        **({"timestamp": timestamp} if timestamp is not None else {}),
        **noarch,
    }


def write(folder: Path, channels: Mapping[str, Sequence[Record]]) -> None:
    """Write channels into a folder, one below it each."""
    for channel, records in channels.items():
        for subdir in SUBDIRS:
            here = [item for item in records if item["subdir"] == subdir]
            packages = {item["fn"]: _without_fn(item) for item in here}
            content = {
                "info": {"subdir": subdir},
                "packages": {fn: r for fn, r in packages.items() if not fn.endswith(".conda")},
                "packages.conda": {fn: r for fn, r in packages.items() if fn.endswith(".conda")},
                "repodata_version": 1,
            }
            path = folder / channel / subdir / "repodata.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(content))


def _without_fn(item: Record) -> Record:
    return {key: value for key, value in item.items() if key != "fn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Channels, requirements and what must be pinned.

    Attributes:
        channels: Records by channel, the highest priority first.
        pins: `channel/subdir/file`, sorted by package; None where the requirements conflict.
        virtual: Virtual packages beyond `__glibc` 2.36.
        channel_priority: As in a request.
        constraints: As in a request.
    """

    channels: Mapping[str, Sequence[Record]]
    requirements: tuple[str, ...]
    pins: tuple[str, ...] | None
    virtual: Mapping[str, str] | None = None
    channel_priority: ChannelPriority = "strict"
    constraints: tuple[str, ...] = ()


_CUDA = (
    record("torch", "2.4", "cpu_0"),
    record("torch", "2.4", "cuda_0", number=1, depends=["__cuda >=12"]),
)

WORLDS: Mapping[str, World] = {
    "a backtrack": World(
        channels={
            "main": (
                record("app", "2.0", depends=["lib >=2"]),
                record("app", "1.0", depends=["lib >=1"]),
                record("lib", "2.0", depends=["base >=2"]),
                record("lib", "1.5", depends=["base"]),
                record("base", "2.0"),
                record("base", "1.0"),
            )
        },
        requirements=("app", "base <2"),
        pins=(
            "main/linux-64/app-1.0-0.conda",
            "main/linux-64/base-1.0-0.conda",
            "main/linux-64/lib-1.5-0.conda",
        ),
    ),
    "a build string": World(
        channels={
            "main": (
                record("torch", "2.4", "cpu_0", number=3),
                record("torch", "2.4", "cuda_0"),
                record("torch", "2.5", "cpu_0"),
            )
        },
        requirements=("torch 2.4.* cuda*",),
        pins=("main/linux-64/torch-2.4-cuda_0.conda",),
    ),
    "the highest build number": World(
        channels={"main": (record("lib", "1.0", "h_1", number=1), record("lib", "1.0", "h_9"))},
        requirements=("lib",),
        pins=("main/linux-64/lib-1.0-h_1.conda",),
    ),
    "a virtual package that is there": World(
        channels={"main": _CUDA},
        requirements=("torch",),
        virtual={"__cuda": "12.4"},
        pins=("main/linux-64/torch-2.4-cuda_0.conda",),
    ),
    "a virtual package that is not there": World(
        channels={"main": _CUDA},
        requirements=("torch",),
        pins=("main/linux-64/torch-2.4-cpu_0.conda",),
    ),
    "a virtual package that is too old": World(
        channels={"main": _CUDA},
        requirements=("torch * cuda*",),
        virtual={"__cuda": "11.8"},
        pins=None,
    ),
    "a C library that is too new": World(
        channels={
            "main": (
                record("lib", "2.0", depends=["__glibc >=2.40,<3.0.a0"]),
                record("lib", "1.0", depends=["__glibc >=2.17,<3.0.a0"]),
            )
        },
        requirements=("lib",),
        pins=("main/linux-64/lib-1.0-0.conda",),
    ),
    "a machine": World(
        channels={
            "main": (
                record("lib", "1.0", "v3", number=9, depends=["__archspec 1 x86_64_v3"]),
                record("lib", "1.0", "v1", depends=["__archspec 1 x86_64", "__unix", "__linux"]),
            )
        },
        requirements=("lib",),
        pins=("main/linux-64/lib-1.0-v1.conda",),
    ),
    "noarch and a platform's": World(
        channels={
            "main": (
                record("python", "3.12.1"),
                record("tool", "1.0", "pyh0_0", depends=["python >=3.9"], subdir="noarch"),
                record("ext", "1.0", "py312_0", depends=["python >=3.12,<3.13.0a0"]),
                record("other", "1.0", subdir="linux-aarch64"),
            )
        },
        requirements=("tool", "ext"),
        pins=(
            "main/linux-64/ext-1.0-py312_0.conda",
            "main/linux-64/python-3.12.1-0.conda",
            "main/noarch/tool-1.0-pyh0_0.conda",
        ),
    ),
    "the old archive format": World(
        channels={"main": (record("lib", "1.0", suffix=".tar.bz2"),)},
        requirements=("lib",),
        pins=("main/linux-64/lib-1.0-0.tar.bz2",),
    ),
    "strict priority of an older version": World(
        channels={
            "first": (record("lib", "1.0"),),
            "second": (record("lib", "2.0"), record("only", "1.0", depends=["lib"])),
        },
        requirements=("only",),
        pins=("first/linux-64/lib-1.0-0.conda", "second/linux-64/only-1.0-0.conda"),
    ),
    "strict priority against a requirement": World(
        channels={"first": (record("lib", "1.0"),), "second": (record("lib", "2.0"),)},
        requirements=("lib >=2",),
        pins=None,
    ),
    "strict priority against a dependency": World(
        channels={
            "first": (record("lib", "1.0"),),
            "second": (record("lib", "2.0"), record("only", "1.0", depends=["lib >=2"])),
        },
        requirements=("only",),
        pins=None,
    ),
    "strict priority against a build string": World(
        channels={
            "first": (record("lib", "1.0", "cpu_0"),),
            "second": (record("lib", "1.0", "cuda_0"),),
        },
        requirements=("lib 1.0 cuda*",),
        pins=None,
    ),
    "two requirements of one name": World(
        channels={
            "main": (
                record("lib", "1.0", "a_0"),
                record("lib", "2.0", "a_0"),
                record("lib", "2.0", "b_0", number=1),
                record("lib", "3.0", "a_0"),
            )
        },
        requirements=("lib <3", "lib 1.*|2.*|3.*", "lib * a*"),
        pins=("main/linux-64/lib-2.0-a_0.conda",),
    ),
    "a pre-release": World(
        channels={"main": (record("lib", "1.0"), record("lib", "2.0a1"), record("lib", "2.0rc1"))},
        requirements=("lib <2",),
        pins=("main/linux-64/lib-2.0rc1-0.conda",),
    ),
    "a constraint of what is not asked for": World(
        channels={
            "main": (
                record("lib", "2.0", constrains=["base >=3"]),
                record("lib", "1.0"),
                record("base", "2.0"),
            )
        },
        requirements=("lib", "base"),
        pins=("main/linux-64/base-2.0-0.conda", "main/linux-64/lib-1.0-0.conda"),
    ),
    "a name with an underscore": World(
        channels={
            "main": (
                record("_lib_mutex", "0.1", "main"),
                record("lib.x", "1.0", depends=["_lib_mutex * main"]),
            )
        },
        requirements=("Lib.x",),
        pins=("main/linux-64/_lib_mutex-0.1-main.conda", "main/linux-64/lib.x-1.0-0.conda"),
    ),
    "a newer machine": World(
        channels={
            "main": (
                record("lib", "1.0", "v3", number=9, depends=["__archspec 1 x86_64_v3"]),
                record("lib", "1.0", "v1", depends=["__archspec 1 x86_64"]),
            )
        },
        requirements=("lib",),
        virtual={"__archspec": "x86_64_v3"},
        pins=("main/linux-64/lib-1.0-v3.conda",),
    ),
    "an older C library and a newer kernel": World(
        channels={
            "main": (
                record("lib", "2.0", depends=["__glibc >=2.36"]),
                record("lib", "1.0", depends=["__glibc >=2.17", "__linux >=6"]),
            )
        },
        requirements=("lib",),
        virtual={"__glibc": "2.28", "__linux": "6.1"},
        pins=("main/linux-64/lib-1.0-0.conda",),
    ),
    "no priority and a newer version in the second channel": World(
        channels={
            "first": (record("lib", "1.0"),),
            "second": (record("lib", "2.0"), record("only", "1.0", depends=["lib"])),
        },
        requirements=("only",),
        channel_priority="disabled",
        pins=("second/linux-64/lib-2.0-0.conda", "second/linux-64/only-1.0-0.conda"),
    ),
    "no priority and a requirement of the second channel": World(
        channels={"first": (record("lib", "1.0"),), "second": (record("lib", "2.0"),)},
        requirements=("lib >=2",),
        channel_priority="disabled",
        pins=("second/linux-64/lib-2.0-0.conda",),
    ),
    "no priority and nothing that fits anywhere": World(
        channels={"first": (record("lib", "1.0"),), "second": (record("lib", "2.0"),)},
        requirements=("lib >=3",),
        channel_priority="disabled",
        pins=None,
    ),
    "a constraint of the spec": World(
        channels={
            "main": (
                record("app", "1.0", depends=["lib"]),
                record("lib", "1.0"),
                record("lib", "2.0"),
            )
        },
        requirements=("app", "lib"),
        constraints=("lib <2",),
        pins=("main/linux-64/app-1.0-0.conda", "main/linux-64/lib-1.0-0.conda"),
    ),
    "a constraint of the spec that leaves nothing": World(
        channels={"main": (record("lib", "1.0"),)},
        requirements=("lib",),
        constraints=("lib >=2",),
        pins=None,
    ),
    "a conflict": World(
        channels={
            "main": (
                record("a", "1.0", depends=["lib >=2"]),
                record("b", "1.0", depends=["lib <2"]),
                record("lib", "1.0"),
                record("lib", "2.0"),
            )
        },
        requirements=("a", "b"),
        pins=None,
    ),
    "a version that is not there": World(
        channels={"main": (record("lib", "1.0"),)},
        requirements=("lib >=9",),
        pins=None,
    ),
}
