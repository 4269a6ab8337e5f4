"""What the build's tools stage needs: the installers' own wheels, as requirements with exact pins."""

from __future__ import annotations

from envc.resolve.base import Requirement

__all__ = ["tools_requirements"]

# The versions that the layers are known to be reproducible with: a new one may change every layer
# and so every env id. Raise them on purpose, with a build that proves it.
_UV = "uv==0.13.8"
_RATTLER = "py-rattler==0.28.0"


def tools_requirements(*, with_conda: bool) -> tuple[Requirement, ...]:
    """Return what installs wheels, and Conda packages too where there are some.

    They are resolved by any PipSolver, for the tools image's Python and glibc, like everything
    else: py-rattler's own dependencies are pinned with it.

    >>> [requirement.text for requirement in tools_requirements(with_conda=False)]
    ['uv==0.13.8']
    """
    names = (_UV, _RATTLER) if with_conda else (_UV,)
    return tuple(Requirement(text=name) for name in names)
