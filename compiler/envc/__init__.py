"""The environment compiler: a spec goes in; a lock, a Dockerfile, an identity and an image come out.

`envc.pipeline` is the public Python API. Nothing is imported here, so that `import envc` costs
nothing and every verb loads only what it needs.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
