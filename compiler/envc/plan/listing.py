"""The context's lists of what stages install: one for all platforms where these agree, else one each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envc.canonical import Json, readable_json
from envc.frozen import frozen
from envc.plan.context import ContextFile

__all__ = ["Listings"]


@frozen
class Listings:
    """Lists, by architecture and by name."""

    content: Mapping[str, Mapping[str, Json]]

    def path(self, architecture: str, name: str) -> str:
        """Return where a list lies in the context."""
        own = self.content[architecture][name]
        others = [lists[name] for lists in self.content.values() if name in lists]
        folder = "layers" if all(other == own for other in others) else f"layers/{architecture}"
        return f"{folder}/{name}.json"

    def files(self) -> tuple[ContextFile, ...]:
        """Return all of them, sorted by path."""
        texts = dict(self._write())
        return tuple(ContextFile.of(path, texts[path].encode()) for path in sorted(texts))

    def _write(self) -> Iterator[tuple[str, str]]:
        for architecture, lists in self.content.items():
            for name, data in lists.items():
                yield self.path(architecture, name), readable_json(data)
