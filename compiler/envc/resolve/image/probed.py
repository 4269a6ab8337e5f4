"""What images said of themselves when they were looked into, kept by the digest of their bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from envc.files import write_if_changed
from envc.frozen import frozen
from envc.platform import Platform
from envc.resolve.image.facts import PROBE, Facts, read_probe

__all__ = ["Probes"]


@frozen
class Probes:
    """Answers of images: a digest names bytes, so that what they say stays true.

    Attributes:
        folder: Where they are kept, a file for each; made when it is needed.
    """

    folder: Path

    def recall(self, digest: str, platform: Platform) -> Facts | None:
        """Return what an image said; None where it was never asked, or not by this probe."""
        try:
            kept = json.loads(self._place(digest, platform).read_text("utf-8"))
            output, triggers = kept["output"], tuple(kept["triggers"])
            is_whole = all(isinstance(text, str) for text in (output, *triggers))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return read_probe(output, triggers) if is_whole else None

    def keep(self, digest: str, platform: Platform, output: str, triggers: tuple[str, ...]) -> None:
        """Keep what the probe printed in an image that sets off these instructions."""
        content = json.dumps({"output": output, "triggers": triggers}).encode()
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            write_if_changed(self._place(digest, platform), content)

    def _place(self, digest: str, platform: Platform) -> Path:
        asked = json.dumps([digest, platform.name, PROBE])
        return self.folder / f"{hashlib.sha256(asked.encode()).hexdigest()}.json"
