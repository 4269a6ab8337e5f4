"""What a process that builds calls its own: folders, which outlive it only if it is killed.

The next one takes away what those that were killed have left.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envc.files import open_cache
from envc.mark import is_abandoned, own_mark

__all__ = ["workplace"]


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """Give a folder that is gone in the end; take away what killed processes have left beside it.

    Raises:
        ToolError: It cannot be made (E553).
    """
    open_cache(parent)
    for left in parent.iterdir():
        if is_abandoned(left.name):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"at-{own_mark()}-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)
