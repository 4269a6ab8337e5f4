"""A spec becomes its intent: the part of it that a lock answers."""

from __future__ import annotations

import posixpath

from envc.lock.model import Intent
from envc.spec.debian import normal_debian
from envc.spec.defaults import (
    base_text,
    channels,
    conda_constraints,
    distributions,
    exclude_newer,
    find_links,
    indexes,
    pip_constraints,
    pip_overrides,
    sdists,
    snapshot,
    virtual_packages,
    wants_pip,
)
from envc.spec.matchspec import normal_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_requirement
from envc.spec.select import forms

__all__ = ["intent"]


def intent(spec: EnvSpec) -> Intent:
    """Return the intent of a spec; equal intents have equal locks, as far as the world stands still.

    What is never asked for is left out: channels without Conda packages, indexes without pip's.
    """
    asks_conda = bool(spec.conda.packages)
    asks_pip = wants_pip(spec)
    is_disabled = asks_conda and spec.channel_priority == "disabled"
    return Intent(
        base=base_text(spec),
        python=spec.python,
        channels=channels(spec) if asks_conda else (),
        conda=forms(spec, spec.conda.packages, normal_matchspec),
        indexes=tuple(index.url for index in indexes(spec)) if asks_pip else (),
        pip=forms(spec, spec.pip.packages, normal_requirement),
        wheels=forms(spec, spec.pip.wheels, posixpath.normpath),
        channel_priority="disabled" if is_disabled else None,
        virtual_packages=_stated(spec, asks_conda=asks_conda, asks_pip=asks_pip),
        exclude_newer=exclude_newer(spec) if asks_conda or asks_pip else None,
        conda_constraints=conda_constraints(spec) if asks_conda else (),
        distributions=distributions(spec) if asks_conda else {},
        find_links=tuple(place.url or place.path or "" for place in find_links(spec))
        if asks_pip
        else (),
        pip_constraints=pip_constraints(spec) if asks_pip else (),
        pip_overrides=pip_overrides(spec) if asks_pip else (),
        system=forms(spec, spec.system.packages, normal_debian),
        snapshot=snapshot(spec) if spec.system.packages else None,
        sources=forms(spec, spec.pip.sources, posixpath.normpath),
        sdists=sdists(spec) if asks_pip else (),
    )


def _stated(spec: EnvSpec, *, asks_conda: bool, asks_pip: bool) -> dict[str, str]:
    """Return the virtual packages that somebody looks at: wheels know the C library only."""
    return {
        name: version
        for name, version in virtual_packages(spec).items()
        if asks_conda or (asks_pip and name == "__glibc")
    }
