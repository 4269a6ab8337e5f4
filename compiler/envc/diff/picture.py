"""Images as their labels, settings and layers tell them; two become how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from envc.diff.layer import LayerChange, LayerState, Pull, estimate_pull
from envc.frozen import frozen
from envc.plan.label import CONTRACT_LABEL, ENV_ID_LABEL
from envc.plan.node import Node

__all__ = [
    "Picture",
    "PictureDifference",
    "PictureLayer",
    "SettingChange",
    "compare_pictures",
    "compare_with_tree",
    "picture_of",
]

_KEYS = {
    "User": "user",
    "WorkingDir": "workdir",
    "Entrypoint": "entrypoint",
    "Cmd": "command",
    "StopSignal": "stopsignal",
}
"""What an image's configuration has, and what a spec calls it (OCI image-spec, config.md)."""

_LISTS = {"ExposedPorts": "ports", "Volumes": "volumes"}
_OWN = (CONTRACT_LABEL, ENV_ID_LABEL)


@frozen
class PictureLayer:
    """A layer of an image.

    Attributes:
        diff_id: The digest of its content, unpacked.
        size_bytes: As its source counts it: a registry compressed, an engine unpacked; or None.
        command: The instruction that made it, as the image's history has it; may be empty.
    """

    diff_id: str
    size_bytes: int | None = None
    command: str = ""


@frozen
class Picture:
    """What an image tells of itself.

    Attributes:
        env_id: None where it has no such label: envc has not built it.
        contract: The version of what its env id promises; None as `env_id`.
        settings: Its configuration, by the names that specs have: `variables OMP_NUM_THREADS`.
        is_compressed: Whether the sizes of its layers are those that a pull transfers.
    """

    name: str
    platform: str
    env_id: str | None
    contract: str | None
    settings: Mapping[str, str] = field(repr=False)
    layers: tuple[PictureLayer, ...] = field(repr=False)
    is_compressed: bool


@frozen
class SettingChange:
    """A setting that is not the same; None is that it is not set."""

    name: str
    old: str | None
    new: str | None


@frozen
class PictureDifference:
    """How an image differs from another one, or from what a spec would be built to.

    Attributes:
        where: The platform, after the variant where there is one.
        old_id: None where the image has none.
        new_id: As `old_id`.
        settings: Those that differ, sorted; of an image and a spec, of what the spec says.
        layers: Those of the new image, then those that only the old one has; none where a side is no
            image.
        pull: What is to be pulled by somebody who has the old image; None where that is not known.
    """

    where: str
    old_id: str | None
    new_id: str | None
    settings: tuple[SettingChange, ...]
    layers: tuple[LayerChange, ...] = ()
    pull: Pull | None = None

    @property
    def is_same(self) -> bool:
        """Whether the env ids are equal; of images without any, whether nothing differs."""
        if self.old_id is None and self.new_id is None:
            return not self.settings and all(layer.state == "reused" for layer in self.layers)
        return self.old_id == self.new_id


def picture_of(
    name: str,
    platform: str,
    config: Mapping[str, Any],
    diff_ids: Sequence[str],
    history: Sequence[tuple[int | None, str]],
    *,
    is_compressed: bool,
) -> Picture:
    """Return the picture of an image.

    Args:
        config: What containers are run with (OCI image-spec, config.md, `config`).
        diff_ids: Of its layers, the lowest first.
        history: Size and instruction of each of these; where there are not as many, nobody knows
            which belongs to which.
    """
    known = history if len(history) == len(diff_ids) else [(None, "")] * len(diff_ids)
    labels: Mapping[str, str] = config.get("Labels") or {}
    return Picture(
        name=name,
        platform=platform,
        env_id=labels.get(ENV_ID_LABEL),
        contract=labels.get(CONTRACT_LABEL),
        settings=dict(sorted(_settings(config, labels))),
        layers=tuple(
            PictureLayer(diff_id=diff_id, size_bytes=made[0], command=made[1])
            for diff_id, made in zip(diff_ids, known, strict=True)
        ),
        is_compressed=is_compressed,
    )


def compare_pictures(old: Picture, new: Picture) -> PictureDifference:
    """Return how two images of a platform differ."""
    layers = tuple(_compare_layers(old, new))
    return PictureDifference(
        where=new.platform,
        old_id=old.env_id,
        new_id=new.env_id,
        settings=tuple(_compare_settings(old.settings, new.settings)),
        layers=layers,
        pull=estimate_pull(layers) if new.is_compressed else None,
    )


def compare_with_tree(picture: Picture, root: Node, where: str) -> PictureDifference:
    """Return how an image differs from what an identity's tree stands for; it is the old side.

    What the base sets is not known: only what the tree has is compared.
    """
    wanted = dict(sorted(_expected(root)))
    actual = {name: picture.settings[name] for name in wanted if name in picture.settings}
    return PictureDifference(
        where=where,
        old_id=picture.env_id,
        new_id=root.digest,
        settings=tuple(_compare_settings(actual, wanted)),
    )


def _settings(config: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for entry in config.get("Env") or ():
        name, _, value = entry.partition("=")
        yield f"variables {name}", value
    for name, value in labels.items():
        if name not in _OWN:
            yield f"labels {name}", value
    for key, name in _KEYS.items():
        if value := config.get(key):
            yield name, value if isinstance(value, str) else " ".join(value)
    for key, name in _LISTS.items():
        if value := config.get(key):
            yield name, " ".join(sorted(value))
    if probe := config.get("Healthcheck"):
        yield "healthcheck", " ".join(f"{name}={value}" for name, value in sorted(probe.items()))


def _expected(root: Node) -> Iterator[tuple[str, str]]:
    config = root.find("config")
    for node in config.children if config is not None else ():
        if node.name in {"variables", "labels"}:
            for one in node.children:
                # What the base's own value would complete cannot be compared.
                if "$" not in one.text and one.name != "PATH":
                    yield f"{node.name} {one.name}", one.text
        elif node.name in _KEYS.values() and node.value:
            yield node.name, node.text


def _compare_settings(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[SettingChange]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield SettingChange(name=name, old=old.get(name), new=new.get(name))


def _compare_layers(old: Picture, new: Picture) -> Iterator[LayerChange]:
    known, kept = ({layer.diff_id for layer in one.layers} for one in (old, new))
    for number, layer in enumerate(new.layers, start=1):
        state: LayerState = "reused" if layer.diff_id in known else "rebuilt"
        yield LayerChange(name=_call(number, layer), state=state, size_bytes=layer.size_bytes)
    for number, layer in enumerate(old.layers, start=1):
        if layer.diff_id not in kept:
            yield LayerChange(
                name=_call(number, layer), state="dropped", size_bytes=layer.size_bytes
            )


def _call(number: int, layer: PictureLayer) -> str:
    return f"{number} {layer.command}".rstrip()
