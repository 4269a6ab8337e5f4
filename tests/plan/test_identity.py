"""The env id: what is in the image changes it, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.model import PlatformLock
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel

SPEC: dict[str, Any] = {
    "environment": "pets",
    "variables": {"A": "1", "B": "2"},
    "steps": [{"copy": {"from": "src", "to": "/app"}}, {"run": "true"}],
    "workdir": "/app",
    "command": ["python", "train.py"],
}


def tree(content: bytes = b"print()\n", mode: int = 0o644) -> Inputs:
    file = ContextFile.of("train.py", content)
    copied = ContextFile(path=file.path, sha256=file.sha256, content=content, mode=mode)
    return Inputs(trees={Selection(path="src"): Tree(is_folder=True, files=(copied,))})


def env_id(
    changes: dict[str, Any] | None = None,
    locked: PlatformLock | None = None,
    inputs: Inputs | None = None,
    mirrors: MirrorMap | None = None,
) -> str:
    platforms = {"linux/amd64": locked or pip_lock(wheel("numpy"), wheel("pandas"))}
    plan = plan_of({**SPEC, **(changes or {})}, platforms, inputs or tree(), mirrors)
    return plan.env_ids["linux/amd64"]


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "birds"},
        {"variables": {"B": "2", "A": "1"}},
        {"check": {"import": ["numpy"], "run": ["true"]}},
        {"runtime": {"shm": "2g", "gpus": "all"}},
        {"serve": {"entry": "score.py"}},
        {"train": {"script": "train.py"}},
        {"user": "1000:1000"},
        {"steps": [SPEC["steps"][0], {"run": {"command": "true", "network": "false"}}]},
        {"labels": {}, "ports": [], "volumes": []},
    ],
)
def test_what_is_not_in_the_image_does_not_change_its_id(changes: dict[str, Any]) -> None:
    assert env_id(changes) == env_id()


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": {"A": "1", "B": "3"}},
        {"variables": {"A": "1"}},
        {"steps": SPEC["steps"][:1]},
        {"steps": SPEC["steps"][::-1]},
        {"steps": [SPEC["steps"][0], {"run": "false"}]},
        {"steps": [SPEC["steps"][0], {"run": {"command": "true", "network": "true"}}]},
        {"steps": [{"copy": {"from": "src", "to": "/srv"}}, SPEC["steps"][1]]},
        {"user": "1001"},
        {"user": "root"},
        {"workdir": "/srv"},
        {"command": ["python"]},
        {"entrypoint": ["python"]},
    ],
)
def test_what_is_in_the_image_changes_its_id(changes: dict[str, Any]) -> None:
    assert env_id(changes) != env_id()


METADATA: dict[str, Any] = {
    "labels": {"a": "1", "b": "2"},
    "ports": ["8080", "9000/udp"],
    "volumes": ["/data", "/models"],
    "healthcheck": {"run": "true", "interval": "60s"},
    "stopsignal": "SIGINT",
}


def test_all_of_the_images_metadata_counts() -> None:
    changes: list[dict[str, Any]] = [
        {},
        *({key: value} for key, value in METADATA.items()),
        {"labels": {"a": "1"}},
        {"labels": {"a": "1", "b": "3"}},
        {"ports": ["8080"]},
        {"ports": ["8080", "9000"]},
        {"volumes": ["/data"]},
        {"healthcheck": "none"},
        {"healthcheck": {"run": "false", "interval": "60s"}},
        {"healthcheck": {"run": "true"}},
        {"healthcheck": {"run": "true", "interval": "60s", "timeout": "1s"}},
        {"healthcheck": {"run": "true", "interval": "60s", "start": "1s"}},
        {"healthcheck": {"run": "true", "interval": "60s", "retries": "1"}},
        {"stopsignal": "SIGTERM"},
    ]

    assert len({env_id(change) for change in changes}) == len(changes)


def test_the_order_and_the_spelling_of_metadata_do_not_count() -> None:
    respelt = {
        "labels": {"b": "2", "a": "1"},
        "ports": ["9000/udp", "8080/tcp"],
        "volumes": ["/models/", "/data"],
        "healthcheck": {"run": ["/bin/sh", "-ec", "true"], "interval": "1m", "retries": "3"},
    }

    assert env_id({**METADATA, **respelt}) == env_id(METADATA)


def test_a_copied_file_counts_with_its_bytes_and_its_mode() -> None:
    ids = {
        env_id(inputs=tree()),
        env_id(inputs=tree(content=b"print(1)\n")),
        env_id(inputs=tree(mode=0o755)),
    }

    assert len(ids) == 3


def test_every_part_of_a_lock_that_shapes_the_image_counts() -> None:
    numpy = wheel("numpy")
    plain = pip_lock(numpy)
    base = plain.base.model_copy(update={"digest": "sha256:" + "c" * 64})
    tools = plain.tools.model_copy(update={"packages": {"amd64": (wheel("uv", "0.9.1"),)}})
    unknown = plain.tools.model_copy(update={"python": None})
    locks = [
        plain,
        pip_lock(numpy.model_copy(update={"sha256": "f" * 64})),
        pip_lock(numpy, wheel("pandas")),
        plain.model_copy(update={"base": base}),
        plain.model_copy(update={"tools": tools}),
        plain.model_copy(update={"tools": unknown}),
        conda_lock(conda_package("numpy")),
        conda_lock(conda_package("numpy", build="1")),
        conda_lock(conda_package("numpy", channel="https://example.com/main")),
    ]

    assert len({env_id(locked=lock) for lock in locks}) == len(locks)


def test_names_of_images_and_indexes_do_not_count() -> None:
    plain = pip_lock(wheel("numpy"))
    base = plain.base.model_copy(update={"image": "example.com/other:tag"})
    elsewhere = wheel("numpy", url="https://example.com/numpy-1.0-py3-none-any.whl", index=None)

    ids = {
        env_id(locked=plain),
        env_id(locked=plain.model_copy(update={"base": base})),
        env_id(locked=pip_lock(elsewhere)),
        env_id(locked=plain, mirrors=MirrorMap((("https://files.pythonhosted.org", "http://m"),))),
    }

    assert len(ids) == 1


def test_platforms_have_ids_of_their_own() -> None:
    lock = pip_lock(wheel("numpy"))

    plan = plan_of(SPEC, {"linux/amd64": lock, "linux/arm64": lock}, tree())

    assert len(set(plan.env_ids.values())) == 2
