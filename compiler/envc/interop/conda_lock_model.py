"""conda-lock's own models of its file."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

__all__ = ["load_models"]


def load_models() -> Any:
    """Return the module of conda-lock's models: they have no types, and load slowly.

    What conda-lock brings of conda tells that it is old, which is nobody's concern here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return import_module("conda_lock.lockfile.v1.models")
