"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import envc

# Run as programs of their own: rattler must never be loaded in this process.
WORKERS = {
    "envc.__main__",
    "envc.resolve.conda.channels",
    "envc.resolve.conda.conda_lock_worker",
    "envc.resolve.conda.rattler_worker",
}
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(envc.__path__, "envc.")
    if module.name not in WORKERS
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    result = doctest.testmod(import_module(name))

    assert result.failed == 0
