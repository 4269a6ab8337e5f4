"""What an env id is the digest of becomes a tree of nodes that people can read: named, and with places."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envc.canonical import Json
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.plan.about import About
from envc.plan.layer import BUILT_LAYER, Layer
from envc.plan.node import Node, Place
from envc.plan.step import CopyAction, RunAction, StepAction
from envc.reference import ImageReference

__all__ = ["root_node"]

_ENVC = Place(origin="envc")
_SHORT = 12


def root_node(tree: Mapping[str, Json], about: About) -> Node:
    """Return the nodes of an identity's tree, or of a part of it; the digest of the whole is its env id."""
    children = tuple(_build(key, value, about) for key, value in tree.items())
    return Node(name="", value=tree, children=children)


def _build(key: str, value: Any, about: About) -> Node:
    builder = _BUILDERS.get(key)
    if builder is not None:
        return builder(key, value, about)
    return _leaf(key, value, about.spec(key))


def _leaf(key: str, value: Json, places: tuple[Place, ...], text: str | None = None) -> Node:
    return Node(name=key, value=value, text=_say(value) if text is None else text, places=places)


def _say(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {_say(one)}" for name, one in value.items())
        case list() | tuple():
            return " ".join(map(_say, value))
        case _:
            return str(value)


def _own(key: str, value: Any, _about: About) -> Node:
    return _leaf(key, value, (_ENVC,))


def _platform(key: str, value: Any, about: About) -> Node:
    listed = about.document.data_at(("platforms",)) if about.document is not None else None
    number = listed.index(value) if isinstance(listed, list) and value in listed else 0
    return _leaf(key, value, about.spec("platforms", number))


def _created(key: str, value: Any, about: About) -> Node:
    times = ((one.timestamp or 0) // 1000 for one in about.locked.conda)
    newest = next((number for number, time in enumerate(times) if time == value), None)
    places = about.places.at("conda", newest) if newest is not None else (_ENVC,)
    return _leaf(key, value, places, f"{value} s since 1970")


def _base(key: str, value: Any, about: About) -> Node:
    asked = about.spec("base", "image")
    if about.document is not None and ("base", "dockerfile") in about.document.spans:
        asked = about.spec("base", "dockerfile")
    text = _call_image(about.locked.base.image, value)
    return _leaf(key, value, (*asked, *about.places.at("base", "digest")), text)


def _python(key: str, value: Any, about: About) -> Node:
    python = about.locked.python
    by = {"base": "of the base", "conda": "of Conda"}
    text = f"{python.version} {by[python.origin]}" if python is not None else "none"
    return _leaf(key, value, (*about.spec("python"), *about.places.at("python")), text)


def _base_python(key: str, value: Any, about: About) -> Node:
    return _leaf(key, value, about.places.at("base", "interpreter"))


def _tools(key: str, value: Any, about: About) -> Node:
    tools = about.locked.tools
    packages = tuple(
        Node(
            name=architecture,
            value=value["packages"][architecture],
            text=_count(len(wheels), "wheel"),
            places=about.places.at("tools", "packages", architecture),
            children=tuple(
                _leaf(
                    wheel.name,
                    sha256,
                    about.places.at("tools", "packages", architecture, number),
                    wheel.version,
                )
                for number, (wheel, sha256) in enumerate(
                    zip(wheels, value["packages"][architecture], strict=True)
                )
            ),
        )
        for architecture, wheels in tools.packages.items()
    )
    image = _call_image(tools.image, tools.digest)
    children = (
        _leaf("image", value["image"], about.places.at("tools", "digest"), image),
        _leaf("python", value["python"], about.places.at("tools", "python")),
        Node(
            name="packages",
            value=value["packages"],
            places=about.places.at("tools", "packages"),
            children=packages,
        ),
    )
    return Node(name=key, value=value, text="what installs", children=children)


def _layers(key: str, value: Any, about: About) -> Node:
    layers = [layer for layer in about.layers if layer.name != BUILT_LAYER]
    children = tuple(_layer(layer, own, about) for layer, own in zip(layers, value, strict=True))
    is_asked = about.document is not None and ("layers",) in about.document.spans
    return Node(
        name=key,
        value=value,
        text=_count(len(layers), "layer"),
        places=about.spec("layers") if is_asked else (),
        children=children,
    )


def _whole(key: str, value: Any, about: About) -> Node:
    return _leaf(key, value, about.spec("layers"), "all of it is one layer")


def _layer(layer: Layer, value: Any, about: About) -> Node:
    numbers = _numbers(layer.kind, about.locked)
    _, *artefacts = value
    children = tuple(
        Node(
            name=package.name,
            value=own,
            text=_version(package),
            places=(
                *about.asked(layer.kind, package.name),
                *about.places.at(layer.kind, numbers[package.name]),
            ),
        )
        for package, own in zip(layer.packages, artefacts, strict=True)
    )
    text = _count(len(children), "package")
    return Node(name=layer.name, value=value, text=text, children=children)


def _numbers(kind: str, locked: PlatformLock) -> dict[str, int]:
    packages: Sequence[CondaPackage | PipPackage] = locked.conda if kind == "conda" else locked.pip
    return {package.name: number for number, package in enumerate(packages)}


def _version(package: CondaPackage | PipPackage) -> str:
    if isinstance(package, CondaPackage):
        return f"{package.version} {package.build}"
    return package.version


def _system(key: str, value: Any, about: About) -> Node:
    children = tuple(
        _leaf(
            package.name,
            own,
            (*about.asked("system", package.name), *about.places.at("system", number)),
            package.version,
        )
        for number, (package, own) in enumerate(zip(about.locked.system, value, strict=True))
    )
    text = _count(len(children), "Debian package")
    return Node(name=key, value=value, text=text, children=children)


def _unresolved(key: str, value: Any, about: About) -> Node:
    children = tuple(
        _leaf(
            name,
            name,
            (*about.asked("system", name), *about.places.at("unresolved", number)),
            "whatever the archive has when it is built",
        )
        for number, name in enumerate(value)
    )
    return Node(name=key, value=value, text="not pinned", children=children)


def _built(key: str, value: Any, about: About) -> Node:
    """Return the sources that are built with the image."""
    children = tuple(
        _leaf(
            source.name,
            own,
            (*about.asked("pip", source.name), *about.places.at("sources", number)),
            f"{source.version}, built by {source.backend}",
        )
        for number, (source, own) in enumerate(zip(about.locked.sources, value, strict=True))
    )
    return Node(
        name=key, value=value, text=_count(len(children), "source"), children=tuple(children)
    )


def _recipe(key: str, value: Any, about: About) -> Node:
    """Return the Dockerfile that the base is built with."""
    written = about.spec("base", "dockerfile")
    images = tuple(
        _leaf(
            name, [name, digest], about.places.at("base", "built", "images", name), _short(digest)
        )
        for name, digest in value["images"]
    )
    files = tuple(_file(own, about.files) for own in value["files"])
    children = (
        _leaf("dockerfile", value["dockerfile"], written, _short(value["dockerfile"])),
        Node(name="images", value=value["images"], children=images),
        _leaf("stage", value["stage"], about.spec("base", "target")),
        Node(name="files", value=value["files"], text=_count(len(files), "file"), children=files),
    )
    return Node(name=key, value=value, text="the base", children=children)


def _templates(key: str, value: Any, about: About) -> Node:
    children = tuple(
        _leaf(
            path,
            [path, sha256],
            (Place(origin="template", file=posixpath.join(about.templates, path)),),
            _short(sha256),
        )
        for path, sha256 in value
    )
    return Node(name=key, value=value, text=_count(len(children), "template"), children=children)


def _steps(key: str, value: Any, about: About) -> Node:
    actions = about.steps.get(key, ())
    children = tuple(
        _step(str(number), own, action)
        for number, (own, action) in enumerate(zip(value, actions, strict=True), start=1)
    )
    return Node(
        name=key,
        value=value,
        text=_count(len(children), "step"),
        places=about.spec({"before": "before-packages"}.get(key, key)),
        children=children,
        is_sequence=True,
    )


def _step(name: str, value: Any, action: StepAction) -> Node:
    places: tuple[Place, ...] = ()
    if action.origin is not None:
        at = action.origin.position
        file = action.origin.source.name
        places = (Place(origin="spec", file=file, line=at.line, column=at.column),)
    match action:
        case RunAction():
            network = "run (network) " if action.network else "run "
            return _leaf(name, value, places, network + action.script)
        case CopyAction():
            origins = {file.path: file.origin_path or "" for file in action.files}
            files = tuple(_file(own, origins) for own in value["copy"])
            return Node(name=name, value=value, text=action.what, places=places, children=files)


def _file(value: Any, origins: Mapping[str, str]) -> Node:
    path, mode, sha256, link = value
    text = f"-> {link}" if link is not None else f"{mode} {_short(sha256)}"
    origin = origins.get(path)
    places = (Place(origin="file", file=origin),) if origin else ()
    return _leaf(path, value, places, text)


def _config(key: str, value: dict[str, Any], about: About) -> Node:
    children = tuple(_setting(name, own, about) for name, own in value.items())
    return Node(name=key, value=value, text="what the image says of itself", children=children)


def _setting(name: str, value: Any, about: About) -> Node:
    if name in {"variables", "labels"}:
        return _pairs(name, value, about)
    if name == "entrypoint":
        is_own = about.document is not None and ("entrypoint",) in about.document.spans
        return _leaf(name, value, about.spec("entrypoint") if is_own or not value else (_ENVC,))
    return _leaf(name, value, about.spec(name))


def _pairs(key: str, value: Any, about: About) -> Node:
    """Return named texts; of those that the spec does not have, envc itself is the author."""
    spans = about.document.spans if about.document is not None else {}
    children = tuple(
        _leaf(
            name,
            [name, text],
            about.spec(key, name) if (key, name) in spans else (_ENVC,),
            text,
        )
        for name, text in value
    )
    return Node(name=key, value=value, places=about.spec(key), children=children)


def _before_variables(key: str, value: Any, about: About) -> Node:
    children = tuple(
        _leaf(name, [name, text], about.spec("variables", name), text) for name, text in value
    )
    return Node(name=key, value=value, text="seen before the packages", children=children)


def _call_image(image: str, digest: str) -> str:
    """Return an image's name as people write it, and the beginning of its digest."""
    return f"{ImageReference.parse(image).familiar}@{_short(digest)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_SHORT]


_BUILDERS: Mapping[str, Callable[[str, Any, About], Node]] = {
    "contract": _own,
    "prefix": _own,
    "platform": _platform,
    "created": _created,
    "base": _base,
    "python": _python,
    "base_python": _base_python,
    "tools": _tools,
    "layers": _layers,
    "whole": _whole,
    "system": _system,
    "unresolved": _unresolved,
    "built": _built,
    "recipe": _recipe,
    "templates": _templates,
    "before": _steps,
    "steps": _steps,
    "before_variables": _before_variables,
    "config": _config,
}
