"""Where environments, builds and runs are recorded: records in, records out, in one SQLite file.

Registered content lies beside that file, each file once, by its digest. What a name stands for is
`reference`'s to say; what reaches the store from specs is put together in `envc.registering`.
"""

from __future__ import annotations

from envc.store.catalogue import Entry, Registered
from envc.store.record import Build, Draft, Environment, Run, StoredFile, Version
from envc.store.store import Store

__all__ = [
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
