"""The layers of an environment that no package brings: the account below, and what ties it together."""

from __future__ import annotations

from collections.abc import Mapping

from envc.canonical import Json
from envc.plan.instruction import Copy, Instruction, Mount, Run, Stage
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.setting import PREFIX
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
    "ACCOUNT",
    "ASSEMBLY",
    "OUTLINE",
    "WHOLE",
    "account_copies",
    "account_stages",
    "assembly_list",
    "assembly_stages",
    "layer_copies",
    "outline_stages",
    "whole_stages",
]

ACCOUNT = "account"
"""What the stage and the list of the layer below the packages' are called."""

ASSEMBLY = "environment"
"""What the stage and the list of the layer above them are called."""

OUTLINE = "outline"
"""What the stage is called that has what these two want to know of a base that was changed."""

WHOLE = "whole"
"""What the stage is called that makes one layer of them all."""

_WHOLE = "All of the environment, put together: the spec wants fewer layers than it has parts."
_ALWAYS = ("base.py", "layer.py")
_BASE = "/mnt/system"
_OUTLINE = """\
What the next two stages look at of the base: where it is mounted as a whole, BuildKit reads all of it
first. Nothing of this stage is in the image."""
_ACCOUNT = "The account that the image runs as, with its folders: the environment's first layer."
_FOLDER = (
    "The folder in which commands start, where the base lacks it: the environment's first layer."
)
_COMMENT = "The environment's last layer: what ties the others together."


def outline_stages(layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the stage `outline`: what the two below want to know of a base that this build makes.

    None where the base is an image as it is: nothing need run on its platform, and BuildKit reads it once.
    """
    runs: dict[str, tuple[Instruction, ...]] = {
        architecture: (_draw(layout),)
        for architecture, layout in layouts.items()
        if layout.has_environment and layout.has_own_base
    }
    return choose(OUTLINE, dict.fromkeys(runs, "system"), runs, _OUTLINE)


def _draw(layout: Layout) -> Run:
    owner, base = layout.settings.account, layout.locked.base
    is_venv = layout.base_python is not None
    homes = (owner.home,) if owner.is_made else ()
    paths = ("/etc/group", "/etc/passwd", *homes, *layout.settings.folders, PREFIX)
    words = script(
        "/bin/sh",
        "outline.sh",
        (layout.python or "") if is_venv else "",
        (base.interpreter or "") if is_venv else "",
        *dict.fromkeys(paths),
    )
    return Run(words=words, mounts=mount_scripts("outline.sh"))


def _mount_base(layout: Layout) -> Mount:
    if layout.has_own_base:
        return mount_stage(OUTLINE, f"/envc/{OUTLINE}", _BASE)
    return mount_stage("system", "/", _BASE)


def account_stages(layouts: Mapping[str, Layout], listings: Listings) -> tuple[Stage, ...]:
    """Return the stage `account`; it only reads the base, so that it runs where the tools do."""
    runs: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        if layout.has_account_layer:
            mounts = (
                *mount_scripts("account.py", *_ALWAYS),
                mount_file(listings.path(architecture, ACCOUNT), "/mnt/account.json"),
                _mount_base(layout),
            )
            runs[architecture] = (Run(words=script("python3", "account.py"), mounts=mounts),)
    is_made = any(layouts[architecture].settings.account.is_made for architecture in runs)
    comment = _ACCOUNT if is_made else _FOLDER
    return choose(ACCOUNT, dict.fromkeys(runs, "tools"), runs, comment)


def assembly_stages(layouts: Mapping[str, Layout], listings: Listings) -> tuple[Stage, ...]:
    """Return the stage `environment`; it only reads the base, so that it runs where the tools do."""
    runs: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        if layout.has_environment:
            mounts = (
                *mount_scripts("assemble.py", *_ALWAYS),
                mount_file(listings.path(architecture, ASSEMBLY), "/mnt/environment.json"),
                _mount_base(layout),
                *(
                    mount_stage(layer.name, LAYER, f"/mnt/layers/{layer.name}")
                    for layer in layout.layers
                ),
            )
            runs[architecture] = (Run(words=script("python3", "assemble.py"), mounts=mounts),)
    return choose(ASSEMBLY, dict.fromkeys(runs, "tools"), runs, _COMMENT)


def assembly_list(layout: Layout) -> dict[str, Json]:
    """Return what both stages have to know, as the context's lists of it."""
    if not layout.has_environment:
        return {}
    settings, base = layout.settings, layout.locked.base
    owner = settings.account
    lists: dict[str, Json] = {}
    if layout.has_account_layer:
        lists[ACCOUNT] = {
            "folders": list(settings.folders),
            "gid": owner.gid,
            "home": owner.home if owner.is_made else None,
            "name": owner.name if owner.is_made else None,
            "uid": owner.uid,
        }
    python: Json = None
    if layout.base_python is not None:
        python = {
            "interpreter": base.interpreter,
            "series": layout.python,
            "version": layout.base_python.version,
        }
    lists[ASSEMBLY] = {
        "has_conda": bool(layout.locked.conda),
        "layers": [layer.name for layer in layout.layers],
        "python": python,
        "user": None if owner.is_made else owner.user.partition(":")[0],
    }
    return lists


def whole_stages(layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the stage `whole`; none where each layer goes into the image by itself."""
    copies = {
        architecture: (*_account_copies(layout), *_copies(layout))
        for architecture, layout in layouts.items()
        if layout.is_one_layer
    }
    return choose(WHOLE, dict.fromkeys(copies, "scratch"), copies, _WHOLE)


def account_copies(layout: Layout) -> tuple[Instruction, ...]:
    """Return what brings the account into a platform's image, below the packages, as a layer."""
    return () if layout.is_one_layer else _account_copies(layout)


def layer_copies(layout: Layout) -> tuple[Instruction, ...]:
    """Return what brings the environment into a platform's image, a layer each."""
    if not layout.has_environment:
        return ()
    if layout.is_one_layer:
        return (Copy(stage=WHOLE, source="/", to="/", link=True),)
    return _copies(layout)


def _account_copies(layout: Layout) -> tuple[Copy, ...]:
    return (_copy(ACCOUNT),) if layout.has_account_layer else ()


def _copies(layout: Layout) -> tuple[Copy, ...]:
    return tuple(_copy(name) for name in (*(layer.name for layer in layout.layers), ASSEMBLY))


def _copy(stage: str) -> Copy:
    return Copy(stage=stage, source=f"{TREE}/", to="/", link=True)
