"""The real engine and the real registries that engine tests use, as the environment names them."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from envc.engine.docker import Engine
from envc.errors import ToolError

_NEEDED = (
    "ENVC_TEST_REGISTRY",
    "ENVC_TEST_AUTH_REGISTRY",
    "ENVC_TEST_BASE",
    "ENVC_TEST_PYTHON_BASE",
)
_LISTINGS = 10


@dataclass(frozen=True, kw_only=True)
class EngineWorld:
    """What engine tests use.

    Attributes:
        base: A Debian image without Python, in `registry`.
        python_base: The same with Python.
        auth_registry: Wants the user `envc` with the password `envc-secret`.
    """

    engine: Engine
    environment: Mapping[str, str]
    registry: str
    auth_registry: str
    base: str
    python_base: str

    @contextmanager
    def name(self) -> Iterator[str]:
        """Give a name for an image, which is gone afterwards."""
        name = f"envc-test-{uuid.uuid4().hex[:12]}:1"
        try:
            yield name
        finally:
            self.engine.untag(name)


def list_images(repository: str = "", *, show: str = "{{.Repository}}:{{.Tag}}") -> list[str]:
    """Return the images that the engine has, as `docker image ls` shows them.

    It fails where one goes while it looks, as those of other tests may at any time.
    """
    command = ["docker", "image", "ls", "--format", show, *filter(None, [repository])]
    for _ in range(_LISTINGS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.split()
    raise AssertionError(done.stderr)


def open_engine_world() -> EngineWorld:
    """Return the world; without an engine, skip, or fail where `ENVC_REQUIRE_ENGINE` is 1."""
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        _give_up(f"{', '.join(missing)} must name a registry and images in it")
    try:
        engine = Engine.connect(os.environ)
    except ToolError as error:
        _give_up(f"there is no engine: {error}")
    return EngineWorld(
        engine=engine,
        environment=dict(os.environ),
        registry=os.environ["ENVC_TEST_REGISTRY"],
        auth_registry=os.environ["ENVC_TEST_AUTH_REGISTRY"],
        base=os.environ["ENVC_TEST_BASE"],
        python_base=os.environ["ENVC_TEST_PYTHON_BASE"],
    )


def _give_up(reason: str) -> None:
    if os.environ.get("ENVC_REQUIRE_ENGINE") == "1":
        pytest.fail(reason)
    pytest.skip(f"{reason} (README says how to get them)")
