"""A spec that is locked in small worlds of distributions, each behind a mirror of PyPI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from support.index import Dist, IndexServer
from support.workspace import EnvcMain, Ran

__all__ = ["DIGEST", "NEW", "OLD", "UV", "ZOO", "Zoo"]

DIGEST = f"sha256:{'a' * 64}"
ZOO = f"""\
environment zoo
base image "python:3.12-slim-bookworm@{DIGEST}"
python 3.12
pip {{ app }}
"""
UV = Dist(name="uv", version="0.13.8")
OLD: Sequence[Dist] = (UV, Dist(name="app", version="1.0"), Dist(name="lib", version="1.0"))
NEW: Sequence[Dist] = (*OLD, Dist(name="app", version="2.0"), Dist(name="lib", version="2.0"))


class Zoo:
    """A spec in the working folder, and the world that it is locked in."""

    def __init__(self, folder: Path, envc: EnvcMain) -> None:
        self.spec, self.lock = folder / "zoo.envc", folder / "zoo.lock"
        self._envc = envc
        self.spec.write_text(ZOO)

    def locked_in(self, dists: Sequence[Dist], *words: str) -> tuple[Ran, list[str]]:
        """Lock it in a world of these distributions; return what happened and who was asked."""
        with IndexServer(dists) as index:
            mirror = f"https://pypi.org={index.url.removesuffix('/simple')}"
            ran = self._envc("lock", "--mirror", mirror, "zoo.envc", *words)
            return ran, index.requests

    def change(self, old: str, new: str) -> None:
        text = self.spec.read_text()
        assert old in text
        self.spec.write_text(text.replace(old, new))

    @property
    def pins(self) -> list[str]:
        platform = json.loads(self.lock.read_text())["platforms"]["linux/amd64"]
        return [f"{one['name']} {one['version']}" for one in platform["pip"]]
