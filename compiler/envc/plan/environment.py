"""The stages that install: each layer of `/opt/env` is laid out by one, as a tree of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from envc.canonical import Json
from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.plan.artefact import Artefacts
from envc.plan.built import BUILT, PRIVATE_SOURCES, build_list, fetched
from envc.plan.fetch import (
    Sources,
    private_list,
    private_name,
    private_packages,
    private_stages,
    tool_wheel_stages,
)
from envc.plan.instruction import Instruction, Mount, Run, Stage, User
from envc.plan.layer import BUILT_LAYER, Kind, Layer
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.stage import (
    BUILD_PLATFORM,
    INTERPRETER,
    LAYER,
    NEWEST,
    choose,
    mount_file,
    mount_scripts,
    mount_stage,
    script,
)
from envc.platform import PLATFORMS
from envc.reference import ImageReference

__all__ = ["base_stages", "built_layer_stages", "layer_lists", "layer_stages", "tools_stages"]

_BASE = "Where the image starts. Steps run as root, whoever the base's own user is."
_FILES = "/mnt/files"
_LISTING = "/mnt/layer.json"
_COMPILER = "bytecode.py"
_ENDING = ("layer.py", _COMPILER)
_ANY_MACHINE = next(iter(PLATFORMS.values()))

_TOOLS = "The installers, for the machine that builds. Nothing of this stage is in the image."
_SERIES = """\
The tools' Python is of another series than the environment's, which therefore makes the byte code:
this runs on the platform that the image is for."""
_BUILT = "What was built from its source: a layer of its own."
_LAYERS = {
    "conda": "Conda packages, laid out on the machine that builds: a layer of the environment each.",
    "pip": "Wheels, laid out on the machine that builds: a layer of the environment each.",
}


@frozen
class _Shown:
    """What the stages that install see of the artefacts."""

    artefacts: Artefacts
    sources: Sources
    listings: Listings

    def layer(self, architecture: str, layer: Layer) -> tuple[Mount, ...]:
        """Return the mounts of a layer's artefacts, and of the list of them."""
        return self._packages(architecture, layer.name, layer.kind, layer.packages, (layer,))

    def interpreter(self, architecture: str, layout: Layout) -> tuple[Mount, ...]:
        """Return the mounts of Conda's Python and of what it needs, and of the list of them."""
        needed = _python_and_what_it_needs(layout)
        layers = [layer for layer in layout.layers if set(needed) & set(layer.packages)]
        return self._packages(architecture, INTERPRETER, "conda", needed, layers)

    def _packages(
        self,
        architecture: str,
        listing: str,
        kind: Kind,
        packages: Sequence[CondaPackage | PipPackage],
        layers: Sequence[Layer],
    ) -> tuple[Mount, ...]:
        private = [
            private_name(layer.name)
            for layer in layers
            if private_packages(layer.packages, self.sources.secrets)
        ]
        return (
            mount_file(self.listings.path(architecture, listing), _LISTING),
            *self.artefacts.mounts(architecture, kind, packages, _FILES),
            *(mount_stage(name, "/packages", f"{_FILES}/{name}") for name in private),
        )


def base_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage `base`: the image that everything starts from, by digest."""
    references: dict[str, str] = {
        PLATFORMS[name].architecture: _pinned(locked.base.image, locked.base.digest)
        for name, locked in platforms.items()
    }
    own = dict.fromkeys(references, (User(user="0"),))
    tags = dict.fromkeys(_tagged(locked.base.image) for locked in platforms.values())
    return choose("base", references, own, _BASE + "".join(tags))


def tools_stages(layouts: Mapping[str, Layout], sources: Sources) -> tuple[Stage, ...]:
    """Return the stage `tools`, in which everything is installed, after those that bring its wheels.

    Platforms whose tools differ have a stage each.
    """
    wanted = {name: one.locked for name, one in layouts.items() if one.locked.tools.packages}
    if not wanted:
        return ()
    first, *others = wanted.values()
    if all(other.tools == first.tools for other in others):
        wheels = "tool-wheels"
        return (
            *tool_wheel_stages(wheels, first, sources.mirrors),
            _tools_stage("tools", first, wheels, tuple(wanted), _TOOLS),
        )
    stages: list[Stage] = []
    for name, locked in wanted.items():
        wheels = f"tool-wheels-{name}"
        comment = _TOOLS if locked is first else ""
        stages += tool_wheel_stages(wheels, locked, sources.mirrors)
        stages.append(_tools_stage(f"tools-{name}", locked, wheels, (name,), comment))
    return *stages, Stage(name="tools", base="tools-${TARGETARCH}")


def layer_stages(
    layouts: Mapping[str, Layout], artefacts: Artefacts, sources: Sources, listings: Listings
) -> tuple[Stage, ...]:
    """Return a stage for each layer, called as it is, each after those that fetch for it."""
    shown = _Shown(artefacts=artefacts, sources=sources, listings=listings)
    names = list(_order(layouts.values()))
    stages = [*artefacts.stages["conda"], *artefacts.stages["pip"]]
    for name, _ in names:
        stages += private_stages(name, layouts, sources, listings)
    stages += _interpreter_stages(layouts, shown)
    seen: set[str] = set()
    for name, kind in names:
        comment = _LAYERS[kind] if kind not in seen else ""
        seen.add(kind)
        stages += _install_stages(name, layouts, shown.layer, comment)
    return tuple(stages)


def built_layer_stages(layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the stage of the layer with what was built from its source; none where nothing was.

    The wheels' names are known only then: `build.py` has written the list of them.
    """
    if not any(layout.locked.sources for layout in layouts.values()):
        return ()
    mounts = (
        mount_stage(BUILT, f"/{BUILT}/layer.json", _LISTING),
        mount_stage(BUILT, f"/{BUILT}", f"{_FILES}/{BUILT}"),
    )
    return _install_stages(BUILT_LAYER, layouts, lambda _architecture, _layer: mounts, _BUILT)


def layer_lists(layouts: Mapping[str, Layout], sources: Sources) -> dict[str, dict[str, Json]]:
    """Return what each layer's stage has to know, by architecture and by the list's name."""
    lists: dict[str, dict[str, Json]] = {}
    for architecture, layout in layouts.items():
        own: dict[str, Json] = {}
        for layer in layout.layers:
            if layer.name == BUILT_LAYER:
                continue
            own[layer.name] = _list_layer(layout, layer)
            if private := private_packages(layer.packages, sources.secrets):
                own[private_name(layer.name)] = private_list(private, sources)
        if _needs_interpreter(layout):
            needed = _python_and_what_it_needs(layout)
            own[INTERPRETER] = _list_conda(layout, needed, is_compiled=False)
        if wanted := private_packages(fetched(layout.locked), sources.secrets):
            own[PRIVATE_SOURCES] = private_list(wanted, sources)
        lists[architecture] = own | build_list(layout)
    return lists


def _pinned(image: str, digest: str) -> str:
    """Return the reference as people write it, with its digest: `python:3.12-slim@sha256:...`.

    Without the tag where linters cannot read both: hadolint takes the port of a host without a dot
    for one. Then `_tagged` tells it.
    """
    reference = ImageReference.parse(f"{image}@{digest}")
    return (replace(reference, tag=None) if _has_bare_host(reference) else reference).familiar


def _tagged(image: str) -> str:
    """Return a line of a comment that tells an image's tag; empty where its FROM does."""
    return f"\nThe image is `{image}`." if _has_bare_host(ImageReference.parse(image)) else ""


def _has_bare_host(reference: ImageReference) -> bool:
    return ":" in reference.registry and "." not in reference.registry


def _tools_stage(
    name: str, locked: PlatformLock, wheels: str, targets: Sequence[str], comment: str
) -> Stage:
    """Return the stage that unpacks the installers, for these architectures."""
    tools = locked.tools
    platform: str | None = BUILD_PLATFORM
    if len(tools.packages) == 1:
        # An image that exists for one platform only runs there, or is emulated.
        (only,) = tools.packages
        platform = f"linux/{only}" if any(target != only for target in targets) else None
    unpack = Run(
        words=script("python3", "tools.py", "/mnt/wheels"),
        mounts=(*mount_scripts("tools.py"), mount_stage(wheels, "/", "/mnt/wheels")),
    )
    return Stage(
        name=name,
        base=_pinned(tools.image, tools.digest),
        platform=platform,
        comment=(comment + _tagged(tools.image)).lstrip(),
        instructions=(User(user="0"), unpack),
    )


def _order(layouts: Iterable[Layout]) -> Iterator[tuple[str, str]]:
    """Yield name and kind of all platforms' layers, those of Conda first, each once."""
    found = {
        layer.name: layer.kind
        for layout in layouts
        for layer in layout.layers
        if layer.name != BUILT_LAYER
    }
    yield from sorted(found.items(), key=lambda item: (item[1], _natural(item[0])))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _install_stages(
    name: str,
    layouts: Mapping[str, Layout],
    show: Callable[[str, Layer], tuple[Mount, ...]],
    comment: str,
) -> tuple[Stage, ...]:
    """Return the stages that install a layer.

    Args:
        show: Returns the mounts of what is installed, and of the list of it, for an architecture.
    """
    holding = {key: layer for key, one in layouts.items() if (layer := one.find(name)) is not None}
    runs: dict[str, tuple[Instruction, ...]] = {
        architecture: (_install(layer, show(architecture, layer)),)
        for architecture, layer in holding.items()
    }
    source, code = f"{name}-source", f"{name}-code"
    compiling: dict[str, tuple[Instruction, ...]] = {
        architecture: (_compile(layouts[architecture], source),)
        for architecture in holding
        if not layouts[architecture].is_compiled_by_tools
    }
    if not compiling:
        return choose(name, dict.fromkeys(runs, "tools"), runs, comment)
    adding: dict[str, tuple[Instruction, ...]] = {
        architecture: (_add_code(code),) if architecture in compiling else ()
        for architecture in holding
    }
    return (
        *choose(source, dict.fromkeys(runs, "tools"), runs, comment),
        *choose(code, dict.fromkeys(compiling, "base"), compiling, _SERIES),
        *choose(name, dict.fromkeys(holding, source), adding, ""),
    )


def _install(layer: Layer, shown: tuple[Mount, ...]) -> Run:
    file = {"conda": "conda.py", "pip": "wheels.py"}[layer.kind]
    return Run(words=script("python3", file), mounts=(*mount_scripts(file, *_ENDING), *shown))


def _compile(layout: Layout, source: str) -> Run:
    """Return the step that compiles in an image of the target's, by the environment's own Python."""
    mounts: tuple[Mount, ...] = (
        *mount_scripts(_COMPILER),
        mount_stage(source, LAYER, "/mnt/source"),
    )
    program = layout.locked.base.interpreter or "python3"
    if layout.locked.conda:
        program = "/opt/env/bin/python"
        mounts = (*mounts, mount_stage(INTERPRETER, f"{LAYER}/tree/opt/env", "/opt/env"))
    words = script(program, _COMPILER, "/mnt/source/tree", f"{LAYER}/tree")
    return Run(words=words, mounts=mounts)


def _add_code(stage: str) -> Run:
    """Return the step that puts the byte code into the layer that it belongs to."""
    mounts = (*mount_scripts("layer.py"), mount_stage(stage, f"{LAYER}/tree", "/mnt/code"))
    return Run(words=script("python3", "layer.py"), mounts=mounts)


def _needs_interpreter(layout: Layout) -> bool:
    return bool(layout.locked.conda) and (
        bool(layout.locked.sources) or not layout.is_compiled_by_tools
    )


def _interpreter_stages(layouts: Mapping[str, Layout], shown: _Shown) -> tuple[Stage, ...]:
    """Return the stage that has Conda's Python, and what it needs to run, for `_compile`."""
    runs: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        if not _needs_interpreter(layout):
            continue
        mounts = (*mount_scripts("conda.py", *_ENDING), *shown.interpreter(architecture, layout))
        runs[architecture] = (Run(words=script("python3", "conda.py"), mounts=mounts),)
    comment = "The environment's Python, for the byte code that the tools' cannot make."
    return choose(INTERPRETER, dict.fromkeys(runs, "tools"), runs, comment)


def _python_and_what_it_needs(layout: Layout) -> tuple[CondaPackage, ...]:
    by_name = {package.name: package for package in layout.locked.conda}
    found: dict[str, CondaPackage] = {}
    waiting = ["python"]
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found[name] = by_name[name]
            waiting += [spec.partition(" ")[0] for spec in by_name[name].depends]
    return tuple(found[name] for name in sorted(found))


def _list_layer(layout: Layout, layer: Layer) -> Json:
    if layer.kind == "conda":
        packages = [one for one in layer.packages if isinstance(one, CondaPackage)]
        return _list_conda(layout, packages, is_compiled=layout.is_compiled_by_tools)
    wheels = [one for one in layer.packages if isinstance(one, PipPackage)]
    # A layer of pure Python is the same for all platforms: its list must not tell them apart.
    is_pure = all(wheel.filename.endswith("-any.whl") for wheel in wheels)
    machine = (_ANY_MACHINE if is_pure else layout.platform).machine
    rows: list[Json] = [
        {
            "file": wheel.filename,
            "name": wheel.name,
            "sha256": wheel.sha256,
            "version": wheel.version,
        }
        for wheel in wheels
    ]
    return {
        "compile": layout.is_compiled_by_tools,
        "platform": f"{machine}-{NEWEST}",
        "python": layout.python,
        "wheels": rows,
    }


def _list_conda(layout: Layout, packages: Sequence[CondaPackage], *, is_compiled: bool) -> Json:
    is_pure = all(package.subdir == "noarch" for package in packages)
    rows: list[Json] = [
        {"channel": package.channel, "file": package.filename, "url": package.url}
        for package in packages
    ]
    subdir = (_ANY_MACHINE if is_pure else layout.platform).subdir
    return {
        "compile": is_compiled and layout.python is not None,
        "packages": rows,
        "python": layout.python,
        "subdir": subdir,
    }
