"""Records of the store, of which a test says only what it is about."""

from __future__ import annotations

import hashlib
from typing import Any

from envc.store.activity import Build, Run
from envc.store.catalogue import Entry
from envc.store.record import Draft, StoredFile

__all__ = ["NOW", "build_of", "draft_of", "entry_of", "run_of"]

NOW = 1_700_000_000.0


def draft_of(content: str = "a") -> Draft:
    """Return a spec and its lock whose digests depend on a text."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Draft(
        digest=f"sha256:{digest}",
        spec_id="sha256:" + "1" * 64,
        env_ids={"": {"linux/amd64": f"sha256:{digest}"}},
        files=(
            StoredFile(path="pets.envc", role="spec", sha256=digest, size_bytes=1),
            StoredFile(path="pets.lock", role="lock", sha256=digest, size_bytes=1),
            StoredFile(path="src/run", sha256=digest, size_bytes=1, mode=0o755),
            StoredFile(path="src/to", sha256=digest, size_bytes=0, link="run"),
        ),
    )


def entry_of(name: str = "pets", content: str = "a", **said: Any) -> Entry:
    """Return what registers a text under a name."""
    return Entry(**{"name": name, "draft": draft_of(content), "now": NOW, **said})


def build_of(**said: Any) -> Build:
    """Return a build that went well."""
    usual = {
        "env_id": "sha256:" + "a" * 64,
        "platform": "linux/amd64",
        "image": "envc:aaaa",
        "digest": "sha256:" + "d" * 64,
        "size_bytes": 1000,
        "spec": "/home/ana/pets.envc",
        "started": NOW,
        "duration_s": 2.5,
        "outcome": "built",
        "log": "/cache/logs/a.log",
    }
    return Build(**{**usual, **said})


def run_of(**said: Any) -> Run:
    """Return a run that went well."""
    usual = {
        "env_id": "sha256:" + "a" * 64,
        "platform": "linux/amd64",
        "image": "envc:aaaa",
        "digest": "sha256:" + "d" * 64,
        "spec": "/home/ana/pets.envc",
        "command": ("python", "-c", "print('é')"),
        "started": NOW,
        "duration_s": 0.5,
        "exit_code": 0,
    }
    return Run(**{**usual, **said})
