"""What `envc env` says and writes of the environments that ship with envc."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc import curated
from envc.cli.console import Console

if TYPE_CHECKING:
    from envc.machine import Machine
    from envc.store.naming import Reference

__all__ = ["get_curated", "list_curated", "show_curated"]


def list_curated(console: Console, *, as_json: bool) -> int:
    """Print a line for each: its name, and what it is for."""
    known = curated.curated()
    if as_json:
        data = [{"name": name, "description": text} for name, text in known.items()]
        console.print_json({"environments": data})
        return 0
    width = max(map(len, known))
    for name, text in known.items():
        console.print(f"{name:{width}}  {text}")
    return 0


def show_curated(reference: Reference, machine: Machine, console: Console, *, as_json: bool) -> int:
    """Print what is known of one: what it is for, its ids, its files.

    Raises:
        UsageError: There is none of this name (E740), or a version is asked for (E746).
    """
    from envc import pipeline
    from envc.cli.summary import format_size
    from envc.store.naming import curated_name

    name = curated_name(reference)
    spec = curated.spec(name)
    identity = pipeline.identify(spec, machine)
    [own] = identity.variants.values()
    described = _describe(name)
    if as_json:
        ids = {"spec_id": identity.spec_id, "env_ids": dict(own.env_ids)}
        console.print_json(described | ids)
        return 0
    rows = [
        ("description", described["description"]),
        ("spec id", identity.spec_id),
        *own.env_ids.items(),
        *((file["path"], format_size(file["size_bytes"])) for file in described["files"]),
    ]
    width = max(len(key) for key, _ in rows)
    console.print(name)
    for key, value in rows:
        console.print(f"  {key:{width}}  {value}")
    return 0


def get_curated(
    reference: Reference, folder: Path | None, console: Console, *, as_json: bool
) -> int:
    """Write the spec, the lock and the files of one into a folder, by default one of its name.

    Raises:
        UsageError: There is none of this name (E740), a version is asked for (E746), or something
            would be overwritten (E743).
        ToolError: The folder cannot be written (E553).
    """
    from envc import pipeline
    from envc.store.naming import curated_name

    name = curated_name(reference)
    place = folder if folder is not None else Path(curated.folder(name).name)
    spec = pipeline.copy_curated(name, place)
    if as_json:
        console.print_json({**_describe(name), "folder": str(place), "spec": str(spec)})
    else:
        console.print(str(spec))
    return 0


def _describe(name: str) -> dict[str, Any]:
    """Return what `--json` says of one."""
    root = curated.folder(name)
    files = (*curated.own_files(name), *curated.files(name))
    return {
        "name": name,
        "description": curated.curated()[name],
        "files": [
            {"path": path.as_posix(), "size_bytes": (root / path).stat().st_size} for path in files
        ],
    }
