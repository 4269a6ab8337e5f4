"""The last layer of an environment: what no package brings, and what depends on the base."""

from __future__ import annotations

from collections.abc import Mapping

from envc.canonical import Json
from envc.plan.instruction import Copy, Instruction, Run, Stage
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.stage import (
    LAYER,
    TREE,
    choose,
    mount_file,
    mount_scripts,
    mount_stage,
    script,
)

__all__ = [
    "ASSEMBLY",
    "WHOLE",
    "assembly_list",
    "assembly_stages",
    "layer_copies",
    "whole_stages",
]

ASSEMBLY = "environment"
"""What its stage and its list are called."""

WHOLE = "whole"
"""What the stage is called that makes one layer of them all."""

_WHOLE = "All of the environment, put together: the spec wants fewer layers than it has parts."
_COMMENT = """\
The environment's last layer: what ties the others together, and the account that the image runs as."""


def assembly_stages(layouts: Mapping[str, Layout], listings: Listings) -> tuple[Stage, ...]:
    """Return the stage `environment`; it only reads the base, so that it runs where the tools do."""
    runs: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        if layout.has_environment:
            mounts = (
                *mount_scripts("assemble.py", "layer.py"),
                mount_file(listings.path(architecture, ASSEMBLY), "/mnt/environment.json"),
                mount_stage("system", "/", "/mnt/system"),
                *(
                    mount_stage(layer.name, LAYER, f"/mnt/layers/{layer.name}")
                    for layer in layout.layers
                ),
            )
            runs[architecture] = (Run(words=script("python3", "assemble.py"), mounts=mounts),)
    return choose(ASSEMBLY, dict.fromkeys(runs, "tools"), runs, _COMMENT)


def assembly_list(layout: Layout) -> dict[str, Json]:
    """Return what the stage has to know, as the context's list of it."""
    if not layout.has_environment:
        return {}
    settings, base = layout.settings, layout.locked.base
    owner = settings.account
    made: Json = {"uid": owner.uid, "gid": owner.gid, "name": owner.name, "home": owner.home}
    found: Json = {"name": owner.user.partition(":")[0]}
    python: Json = None
    if layout.locked.python is not None and not layout.locked.conda:
        python = {
            "interpreter": base.interpreter,
            "series": layout.python,
            "version": layout.locked.python.version,
        }
    return {
        ASSEMBLY: {
            "folders": [settings.workdir, *settings.volumes],
            "has_conda": bool(layout.locked.conda),
            "layers": [layer.name for layer in layout.layers],
            "python": python,
            "user": made if owner.is_made else found,
        }
    }


def whole_stages(layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the stage `whole`; none where each layer goes into the image by itself."""
    copies = {
        architecture: _copies(layout)
        for architecture, layout in layouts.items()
        if layout.is_one_layer
    }
    return choose(WHOLE, dict.fromkeys(copies, "scratch"), copies, _WHOLE)


def layer_copies(layout: Layout) -> tuple[Instruction, ...]:
    """Return what brings the environment into a platform's image, a layer each."""
    if not layout.has_environment:
        return ()
    if layout.is_one_layer:
        return (Copy(stage=WHOLE, source="/", to="/", link=True),)
    return _copies(layout)


def _copies(layout: Layout) -> tuple[Copy, ...]:
    names = (*(layer.name for layer in layout.layers), ASSEMBLY)
    return tuple(Copy(stage=name, source=f"{TREE}/", to="/", link=True) for name in names)
