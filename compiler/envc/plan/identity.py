"""The env id: one digest over everything that is in an image's layers and in its config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from envc.canonical import Json, digest
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.plan.account import Account
from envc.plan.built import built_rows
from envc.plan.context import ContextFile
from envc.plan.label import CONTRACT
from envc.plan.layer import BUILT_LAYER, Layer, is_one_layer
from envc.plan.setting import MARKS, PREFIX, Settings
from envc.plan.step import CopyAction, RunAction, StepAction

__all__ = ["USUAL_PYTHON", "env_id", "identity_tree", "index_id", "locked_part"]

USUAL_PYTHON = "/usr/local/bin/python3"
"""Where Python's own images have it."""


def identity_tree(
    platform: str,
    locked: PlatformLock,
    layers: Iterable[Layer],
    settings: Settings,
    *,
    created: int,
    templates: Sequence[Json] = (),
    recipe: Json = None,
) -> dict[str, Json]:
    """Return what an env id is made of, by name: JSON data, the same on every machine.

    Not in it: the environment's name, registries, mirrors, credentials, `check`, `runtime`, `serve`,
    `train`.

    Args:
        layers: The environment's, in the order in which they lie on each other.
        created: The image's time of creation, in s since 1970.
        templates: Path and digest of each of the user's templates that shapes the image.
        recipe: What the base is built from; None where it is an image.
    """
    return {
        "contract": CONTRACT,
        "platform": platform,
        "prefix": PREFIX,
        "created": created,
        **locked_part(locked, layers),
        "user": _user(settings.account),
        **_unusual(locked, settings),
        **({"recipe": recipe} if recipe is not None else {}),
        **({"templates": list(templates)} if templates else {}),
        "steps": [_step(action) for action in settings.steps],
        "config": {
            "variables": [list(pair) for pair in settings.variables],
            "user": settings.account.user,
            "workdir": settings.workdir,
            "entrypoint": _words(settings.entrypoint),
            "command": _words(settings.command),
            **_metadata(settings),
        },
    }


def locked_part(locked: PlatformLock, layers: Iterable[Layer]) -> dict[str, Json]:
    """Return what a lock alone decides of an env id, by name.

    Args:
        layers: As for `identity_tree`.
    """
    return {
        "base": locked.base.digest,
        "python": locked.python.model_dump() if locked.python is not None else None,
        "tools": {
            "image": locked.tools.digest,
            "python": locked.tools.python,
            "packages": {
                architecture: [package.sha256 for package in packages]
                for architecture, packages in locked.tools.packages.items()
            },
        },
        "layers": [
            [layer.kind, *map(_artefact, layer.packages)]
            for layer in layers
            if layer.name != BUILT_LAYER
        ],
        **_system(locked),
        **_base_python(locked),
        **({"built": built_rows(locked)} if locked.sources else {}),
    }


def env_id(tree: dict[str, Json]) -> str:
    """Return the env id of an identity tree: `sha256:` and 64 hex digits."""
    return digest(tree)


def index_id(env_ids: Mapping[str, str]) -> str:
    """Return the id of an index over the images of several platforms, given theirs by platform."""
    return digest({"contract": CONTRACT, "platforms": dict(env_ids)})


def _artefact(package: CondaPackage | PipPackage) -> list[Json]:
    if isinstance(package, CondaPackage):
        # The addresses are in the image: conda-meta has them.
        return [package.channel, package.url, package.sha256]
    return [package.filename, package.sha256]


def _system(locked: PlatformLock) -> dict[str, Json]:
    """Return the Debian packages; an image without any keeps its id."""
    said: dict[str, Json] = {
        "system": [[package.filename, package.sha256] for package in locked.system],
        "unresolved": list(locked.unresolved),
    }
    return {key: value for key, value in said.items() if value}


def _base_python(locked: PlatformLock) -> dict[str, Json]:
    """Return where the base's Python is, to which the environment links: a base may have several.

    Where the lock does not know, the build looks where programs usually are, and finds that of
    Python's own images first: these have one id, whoever locked.
    """
    found = locked.base.interpreter
    if locked.conda or locked.python is None or found in {None, USUAL_PYTHON}:
        return {}
    return {"base_python": found}


def _user(account: Account) -> list[Json] | None:
    return [account.uid, account.gid, account.home] if account.is_made else None


def _unusual(locked: PlatformLock, settings: Settings) -> dict[str, Json]:
    """Return what few specs say: an image without it keeps its id."""
    said: dict[str, Json] = {
        "before": [_step(action) for action in settings.before],
        "before_variables": _told_before(settings),
        "interpreter": settings.interpreter,
        "cuda": settings.cuda,
        "whole": is_one_layer(locked, budget=settings.layer_budget),
    }
    return {key: value for key, value in said.items() if value}


def _told_before(settings: Settings) -> list[Json]:
    """Return what the config does not tell: the steps before the environment is there see of its
    own variables only those that the spec sets, perhaps to the very same value."""
    if not any(isinstance(action, RunAction) for action in settings.before):
        return []
    return [[name, value] for name, value in settings.own_variables if (name, value) in MARKS]


def _metadata(settings: Settings) -> dict[str, Json]:
    """Return what is set of the image's metadata: an image without any keeps its id."""
    probe = settings.healthcheck
    said: dict[str, Json] = {
        "labels": [list(pair) for pair in settings.labels],
        "ports": list(settings.ports),
        "volumes": list(settings.volumes),
        "healthcheck": asdict(probe) | {"words": list(probe.words)} if probe is not None else None,
        "stopsignal": settings.stopsignal,
    }
    return {key: value for key, value in said.items() if value}


def _words(words: tuple[str, ...] | None) -> list[Json] | None:
    return list(words) if words is not None else None


def _step(action: StepAction) -> dict[str, Json]:
    match action:
        case RunAction():
            run: dict[str, Json] = {"run": action.script, "network": action.network}
            if action.variables:
                run["variables"] = [list(pair) for pair in action.variables]
            return run
        case CopyAction():
            copied: dict[str, Json] = {"copy": [_file(file) for file in action.files]}
            if action.owner is not None or action.mode is not None:
                # Folders above what is copied are not concerned.
                copied |= {"at": action.place, "owner": action.owner, "mode": action.mode}
            return copied


def _file(file: ContextFile) -> list[Json]:
    return [file.path, f"{file.mode:o}", file.sha256, file.link]
