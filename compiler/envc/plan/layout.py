"""What the stages of an environment are made from: each platform's lock, its layers and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.frozen import frozen
from envc.lock.model import PlatformLock, Python
from envc.plan.layer import Layer, is_one_layer
from envc.plan.setting import Settings
from envc.platform import PLATFORMS, Platform

__all__ = ["Layout", "by_architecture", "python_tag"]

_FREE_THREADED = re.compile(r"_cp\d+t$")


@frozen
class Layout:
    """One platform of a build.

    Attributes:
        layers: In the order in which they lie on each other.
    """

    platform: Platform
    locked: PlatformLock
    layers: tuple[Layer, ...]
    settings: Settings

    @staticmethod
    def of(
        name: str, locked: PlatformLock, layers: tuple[Layer, ...], settings: Settings
    ) -> Layout:
        """Return the layout of a platform, by Docker's name of it."""
        return Layout(platform=PLATFORMS[name], locked=locked, layers=layers, settings=settings)

    @property
    def architecture(self) -> str:
        """Docker's name of it."""
        return self.platform.architecture

    @property
    def has_environment(self) -> bool:
        """Whether anything is installed: packages, or a virtual environment without any."""
        return bool(self.locked.conda) or self.locked.python is not None

    @property
    def base_python(self) -> Python | None:
        """The base's own Python, where the environment is a virtual one for it."""
        return None if self.locked.conda else self.locked.python

    @property
    def has_own_base(self) -> bool:
        """Whether the build itself makes what the environment lies on: it is no image as it is."""
        locked = self.locked
        is_built = locked.base.built is not None
        return is_built or bool(locked.system or locked.unresolved or self.settings.before)

    @property
    def has_account_layer(self) -> bool:
        """Whether a layer of the environment has the account and its folders; where there is no
        environment, steps make them."""
        return self.has_environment and bool(self.settings.folders)

    @property
    def is_one_layer(self) -> bool:
        """Whether the image has the environment as one layer, put together from `layers`."""
        return is_one_layer(self.locked, budget=self.settings.layer_budget)

    @property
    def python(self) -> str | None:
        """The tag of the environment's Python; see `python_tag`."""
        return python_tag(self.locked)

    @property
    def is_compiled_by_tools(self) -> bool:
        """Whether the tools' Python makes the byte code that the environment's reads."""
        return self.python is None or self.python == self.locked.tools.series

    def find(self, name: str) -> Layer | None:
        """Return the layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)


def by_architecture(layouts: Mapping[str, Layout]) -> dict[str, Layout]:
    """Return layouts by what BuildKit calls their architecture."""
    return {layout.architecture: layout for layout in layouts.values()}


def python_tag(locked: PlatformLock) -> str | None:
    """Return which byte code the environment's Python reads and where it looks for packages.

    It is the version's first two numbers; `t` follows where it has no global lock. None without Python.
    """
    if locked.python is None:
        return None
    record = next((package for package in locked.conda if package.name == "python"), None)
    is_free = record is not None and _FREE_THREADED.search(record.build) is not None
    return f"{locked.python.series}{'t' if is_free else ''}"
