"""The curated environments that ship with envc: their names, what they are for, and where they lie.

Each is a folder of this one, `NAME/` with `NAME.envc`, its lock, and what it copies. They are read-only:
who wants another one starts from a copy, with `envc init --from envc/NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError

__all__ = ["PREFIX", "curated", "files", "folder", "is_curated", "own_files", "spec"]

PREFIX = "envc/"
"""What the names of curated environments begin with, and no other name may."""

_FOLDER = Path(__file__).parent
_LEFT_OUT = "__pycache__"


def curated() -> Mapping[str, str]:
    """Return what each curated environment is for, by its name with the prefix, sorted by name.

    It is what the first line of its spec says.

    >>> curated()["envc/minimal"]
    'Python and nothing else: where an environment of your own can begin.'
    """
    specs = sorted(_FOLDER.glob("*/*.envc"))
    return MappingProxyType({f"{PREFIX}{path.stem}": _read_summary(path) for path in specs})


def is_curated(name: str) -> bool:
    """Say whether a name is one that only a curated environment can have.

    >>> is_curated("envc/mine"), is_curated("team/envc")
    (True, False)
    """
    return name.startswith(PREFIX)


def folder(name: str) -> Path:
    """Return the folder of a curated environment, such as `envc/minimal`; nothing in it may be changed.

    Raises:
        UsageError: There is none of this name (E740).
    """
    known = curated()
    if name in known:
        return _FOLDER / name.removeprefix(PREFIX)
    # By what differs: that both begin with the prefix does not make two names alike.
    meant = suggest(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known])
    listed = ", ".join(f"`{one}`" for one in known)
    raise UsageError(
        [
            Diagnostic(
                code="E740",
                message=f"there is no curated environment `{name}`",
                hint=f"did you mean `{PREFIX}{meant}`?" if meant else f"there are {listed}",
            )
        ]
    )


def spec(name: str) -> Path:
    """Return the spec of a curated environment; its lock lies beside it.

    Raises:
        UsageError: There is none of this name (E740).
    """
    return folder(name) / own_files(name)[0]


def own_files(name: str) -> tuple[Path, Path]:
    """Return the spec and the lock of a curated environment, as paths relative to its folder.

    Raises:
        UsageError: There is none of this name (E740).
    """
    stem = folder(name).name
    return Path(f"{stem}.envc"), Path(f"{stem}.lock")


def files(name: str) -> tuple[Path, ...]:
    """Return what a curated environment copies into its image: paths relative to its folder, sorted.

    Raises:
        UsageError: There is none of this name (E740).
    """
    root = folder(name)
    own = own_files(name)
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return tuple(sorted(path for path in paths if path not in own and _LEFT_OUT not in path.parts))


def _read_summary(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return lines.readline().removeprefix("#").strip()
