"""Where environments, builds and runs are recorded: records in, records out, in one SQLite file.

Registered content lies beside that file, each file once, by its digest. What a name stands for is for
`naming` to say; what is registered is put together from specs in `envc.pipeline.registering`.

Names are imported when they are used: to record a build takes a few ms, and little of all this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envc.store.activity import Build, Run
    from envc.store.catalogue import Entry, Registered
    from envc.store.record import Draft, Environment, StoredFile, Version
    from envc.store.store import Store

__all__ = [
    "Anonymous",
    "Build",
    "Draft",
    "Entry",
    "Environment",
    "Registered",
    "Run",
    "Store",
    "StoredFile",
    "Version",
]

_MODULES = {
    "Anonymous": "record",
    "Build": "activity",
    "Draft": "record",
    "Entry": "catalogue",
    "Environment": "record",
    "Registered": "catalogue",
    "Run": "activity",
    "Store": "store",
    "StoredFile": "record",
    "Version": "record",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
