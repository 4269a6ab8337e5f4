"""Images compared by what they tell of themselves."""

from __future__ import annotations

from typing import Any

from envc.diff.layer import LayerChange, Pull
from envc.diff.picture import (
    Picture,
    SettingChange,
    compare_pictures,
    compare_with_tree,
    picture_of,
)
from envc.plan.node import Node

ID, OTHER_ID = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def picture(
    env_id: str | None = ID,
    layers: tuple[str, ...] = ("a", "b"),
    *,
    is_compressed: bool = True,
    **config: Any,
) -> Picture:
    labels = {"dev.envc.env-id": env_id, "dev.envc.contract": "2"} if env_id is not None else None
    return picture_of(
        "pets:1",
        "linux/amd64",
        {"Labels": labels, **config},
        [f"sha256:{name}" for name in layers],
        [(100, f"COPY {name}") for name in layers],
        is_compressed=is_compressed,
    )


def test_a_picture_has_what_specs_call_settings() -> None:
    found = picture(
        Env=["A=1=2", "B="],
        User="1000:1000",
        WorkingDir="/app",
        Entrypoint=["x", "y"],
        Cmd=None,
        ExposedPorts={"80/tcp": {}, "22/tcp": {}},
        Healthcheck={"Test": ["NONE"]},
    )

    assert (found.env_id, found.contract) == (ID, "2")
    assert found.settings == {
        "entrypoint": "x y",
        "healthcheck": "Test=['NONE']",
        "ports": "22/tcp 80/tcp",
        "user": "1000:1000",
        "variables A": "1=2",
        "variables B": "",
        "workdir": "/app",
    }


def test_images_of_one_id_are_the_same() -> None:
    found = compare_pictures(picture(), picture())

    assert found.is_same
    assert found.settings == ()
    assert found.pull == Pull(size_bytes=0, unknown=())


def test_images_differ_in_settings_and_layers() -> None:
    old = picture(Env=["A=1", "B=1"], User="1")
    new = picture(OTHER_ID, ("a", "c"), Env=["A=2", "B=1"], WorkingDir="/app")

    found = compare_pictures(old, new)

    assert not found.is_same
    assert found.settings == (
        SettingChange(name="user", old="1", new=None),
        SettingChange(name="variables A", old="1", new="2"),
        SettingChange(name="workdir", old=None, new="/app"),
    )
    assert found.layers == (
        LayerChange(name="1 COPY a", state="reused", size_bytes=100),
        LayerChange(name="2 COPY c", state="rebuilt", size_bytes=100),
        LayerChange(name="2 COPY b", state="dropped", size_bytes=100),
    )
    assert found.pull == Pull(size_bytes=100, unknown=())


def test_what_an_engine_has_unpacked_is_no_estimate_of_a_pull() -> None:
    assert compare_pictures(picture(), picture(is_compressed=False)).pull is None


def test_images_without_ids_are_the_same_where_nothing_differs() -> None:
    assert compare_pictures(picture(None), picture(None)).is_same
    assert not compare_pictures(picture(None), picture(None, ("a",))).is_same
    assert not compare_pictures(picture(None), picture(None, User="1")).is_same


def test_a_history_of_another_length_is_not_guessed_at() -> None:
    found = picture_of("x", "linux/amd64", {}, ["sha256:a"], [], is_compressed=True)

    assert [(layer.size_bytes, layer.command) for layer in found.layers] == [(None, "")]


def config_tree(**settings: Any) -> Node:
    variables = tuple(
        Node(name=name, value=[name, text], text=text)
        for name, text in settings.pop("variables", {}).items()
    )
    children = (
        Node(name="variables", value=["some"], children=variables),
        *(Node(name=name, value=value, text=str(value)) for name, value in settings.items()),
    )
    config = Node(name="config", value=[child.value for child in children], children=children)
    return Node(name="", value=[config.value], children=(config,))


def test_of_an_image_and_a_spec_only_what_the_spec_says_is_compared() -> None:
    image = picture(Env=["PATH=/bin", "LANG=C", "A=1"], User="1", Cmd=["sh"])
    tree = config_tree(variables={"A": "2", "B": "3", "PATH": "/x:$PATH"}, user="1", command=None)

    found = compare_with_tree(image, tree, "linux/amd64")

    assert (found.old_id, found.new_id) == (ID, tree.digest)
    assert found.settings == (
        SettingChange(name="variables A", old="1", new="2"),
        SettingChange(name="variables B", old=None, new="3"),
    )
