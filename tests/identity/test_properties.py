"""The laws of the ids: what says the same never changes them, what is in the image always does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from envc.canonical import digest
from envc.lock.model import Intent, Lock, PlatformLock
from envc.lock.package import SourcePackage, SystemPackage
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.identity import env_id, locked_part
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import BuildPlan
from envc.plan.label import CONTRACT
from envc.plan.layer import assign_layers
from envc.plan.lower import lower
from envc.resources import read_scripts
from envc.source import Source
from envc.spec.load import load
from envc.spec.model import EnvSpec
from envc.spec.normal import spec_id
from envc.syntax import parse
from support.commenting import comment
from support.documents import Everything, document
from support.plans import CHANNEL, conda_lock, conda_package, pip_lock, wheel
from support.printing import Dsl, print_yaml
from support.right_specs import specs

Data: TypeAlias = dict[str, Any]
AMD64, ARM64 = "linux/amd64", "linux/arm64"
MIB = 1024 * 1024
SCRIPTS = read_scripts()
DEBIAN = SystemPackage(
    name="git",
    version="1:2.39.5-0",
    architecture="amd64",
    url="https://deb.debian.org/debian/pool/main/g/git/git_2.39.5-0_amd64.deb",
    sha256="7a" * 32,
    size=7,
)
SOURCE = SourcePackage(
    name="oldie",
    version="1.0",
    kind="sdist",
    url="https://files.pythonhosted.org/packages/oldie-1.0.tar.gz",
    sha256="0d" * 32,
    backend="setuptools.build_meta",
    build=("setuptools==80.0",),
)
LOCKED = conda_lock(
    conda_package("python", "3.12.7", "0_cpython", size=30 * MIB),
    conda_package("numpy", "2.1.0", "py312_0", size=9 * MIB, timestamp=1_700_000_000_000),
    pip=(wheel("rich", size=MIB), wheel("torch", size=40 * MIB)),
).model_copy(
    update={"system": (DEBIAN,), "sources": (SOURCE,), "build": (wheel("setuptools", "80.0"),)}
)
"""One of everything."""

slow = hypothesis_settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)


def tree_of(step: Data, content: bytes = b"", mode: int = 0o644) -> tuple[Selection, Tree]:
    """Return what a copy step takes: a folder of one file where its `from` ends in a slash."""
    path = step["copy"]["from"]
    name = "train.py" if path.endswith("/") else path.rpartition("/")[2]
    file = ContextFile(
        path=name,
        sha256=hashlib.sha256(path.encode() + content).hexdigest(),
        content=path.encode() + content,
        mode=mode,
    )
    selection = Selection(path=path, ignore=tuple(step["copy"].get("ignore", ())))
    return selection, Tree(is_folder=path.endswith("/"), files=(file,))


def inputs_of(data: Data, **file: Any) -> Inputs:
    steps = [*data.get("before-packages", ()), *data.get("steps", ())]
    return Inputs(trees=dict(tree_of(step, **file) for step in steps if "copy" in step))


def plan(
    source: Source,
    inputs: Inputs,
    locked: PlatformLock = LOCKED,
    mirrors: MirrorMap | None = None,
) -> tuple[EnvSpec, BuildPlan]:
    """Return a spec's text as the compiler understands it, and the build of it with a lock."""
    written = parse(source)
    spec = load(written, vouched=Everything())
    lock = Lock(intent=Intent(base="unused"), platforms={AMD64: locked, ARM64: locked})
    mirrors = mirrors or MirrorMap()
    return spec, lower(spec, written, lock, inputs, scripts=SCRIPTS, mirrors=mirrors)


def ids_of_text(name: str, text: str, inputs: Inputs) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the spec id and the env ids."""
    spec, built = plan(Source(name=name, text=text), inputs)
    return spec_id(spec), tuple(built.env_ids.items())


def env_ids(
    data: Data,
    *,
    locked: PlatformLock = LOCKED,
    inputs: Inputs | None = None,
    mirrors: MirrorMap | None = None,
) -> Mapping[str, str]:
    """Return the env ids of a spec that is there as data."""
    written = document(data)
    spec = load(written, vouched=Everything())
    lock = Lock(intent=Intent(base="unused"), platforms={AMD64: locked, ARM64: locked})
    own = inputs_of(data) if inputs is None else inputs
    mirrors = mirrors or MirrorMap()
    return lower(spec, written, lock, own, scripts=SCRIPTS, mirrors=mirrors).env_ids


# What never changes an env id.


@given(data=specs, choices=st.data())
@slow
def test_how_a_spec_is_written_changes_no_id(data: Data, choices: st.DataObject) -> None:
    """Form, quoting, comments, blank lines, line ends."""
    inputs = inputs_of(data)
    dsl, yaml = Dsl(choices.draw).spec(data), print_yaml(data, choices.draw).strip()
    again = Dsl(choices.draw).spec(data)
    commented, _ = comment(again, "dsl", choices.draw)
    written = [
        ("a.envc", dsl),
        ("b.envc", commented),
        ("c.envc", again.replace("\n", "\r\n")),
        ("a.yaml", yaml),
        ("b.yaml", comment(yaml, "yaml", choices.draw)[0]),
        ("c.yaml", yaml.replace("\n", "\r\n")),
    ]

    found = {ids_of_text(name, text, inputs) for name, text in written}

    assert len(found) == 1


UNORDERED = {
    "platforms", "conda", "pip", "system", "variables", "build-variables", "labels", "ports", "volumes"
}  # fmt: skip


@given(data=specs, choices=st.data())
@slow
def test_the_order_of_what_has_no_order_changes_no_env_id(
    data: Data, choices: st.DataObject
) -> None:
    def shuffle(value: Any) -> Any:
        match value:
            case list():
                return choices.draw(st.permutations(value))
            case {"packages": packages}:
                return {**value, "packages": choices.draw(st.permutations(packages))}
            case dict():
                return {key: value[key] for key in choices.draw(st.permutations(list(value)))}
        raise TypeError(f"no order to change: {value!r}")

    shuffled = {
        key: shuffle(data[key]) if key in UNORDERED else data[key]
        for key in choices.draw(st.permutations(list(data)))
    }

    assert env_ids(shuffled) == env_ids(data)


def with_secrets(data: Data) -> Data:
    """Return the spec with channels and indexes of one's own, which want credentials."""
    pip = data.get("pip", [])
    pip = pip if isinstance(pip, dict) else {"packages": pip}
    index = {"url": "https://pypi.example/simple", "secret": "PYPI_TOKEN"}
    channels = [{"channel": "https://conda.example/c", "secret": "CONDA_TOKEN"}, "conda-forge"]
    return {**data, "channels": channels, "pip": {**pip, "indexes": [index]}}


OUTSIDE: Mapping[str, Callable[[Data], Data]] = {
    "name": lambda data: {**data, "environment": "another"},
    "secrets": with_secrets,
    "registry": lambda data: {
        **data, "base": {"image": "debian", "registry": "registry.example:5000"}
    },
    "check": lambda data: {**data, "check": {"import": ["six"], "run": ["true"]}},
    "runtime": lambda data: {**data, "runtime": {"shm": "7g", "arguments": ["--ipc=host"]}},
    "serve": lambda data: {**data, "serve": {"entry": "other.py", "port": "9000"}},
    "train": lambda data: {**data, "train": {"script": "other.py"}},
}  # fmt: skip


@pytest.mark.parametrize("change", OUTSIDE.values(), ids=OUTSIDE.keys())
@given(data=specs)
@slow
def test_what_is_not_in_an_image_never_changes_its_id(
    change: Callable[[Data], Data], data: Data
) -> None:
    assert env_ids(change(data)) == env_ids(data)


@given(data=specs)
@slow
def test_mirrors_never_change_an_id(data: Data) -> None:
    mirrors = MirrorMap.parse(
        [
            f"{CHANNEL}=http://mirror.example/conda",
            "https://files.pythonhosted.org=http://mirror.example/pypi",
            "docker.io=mirror.example",
        ]
    )

    assert env_ids(data, mirrors=mirrors) == env_ids(data)


def renamed(part: Any) -> Any:
    return part.model_copy(update={"image": "registry.example/elsewhere/image:2"})


@given(data=specs)
@slow
def test_where_a_lock_found_the_same_bytes_never_changes_an_id(data: Data) -> None:
    moved = [one.model_copy(update={"index": "https://pypi.example/simple"}) for one in LOCKED.pip]
    elsewhere = LOCKED.model_copy(
        update={"base": renamed(LOCKED.base), "tools": renamed(LOCKED.tools), "pip": tuple(moved)}
    )

    assert env_ids(data, locked=elsewhere) == env_ids(data)


# What always changes it.

Locks: TypeAlias = Callable[[PlatformLock], PlatformLock]


def changed(key: str, number: int, **fields: Any) -> Locks:
    """Return what changes one package of a lock."""

    def change(locked: PlatformLock) -> PlatformLock:
        packages = list(getattr(locked, key))
        packages[number] = packages[number].model_copy(update=fields)
        return locked.model_copy(update={key: tuple(packages)})

    return change


def inside(part: str, **fields: Any) -> Locks:
    def change(locked: PlatformLock) -> PlatformLock:
        own = getattr(locked, part).model_copy(update=fields)
        return locked.model_copy(update={part: own})

    return change


OTHER = "5e" * 32
BUILD = "py312_1"
LOCKS: Mapping[str, Locks] = {
    "build string": changed(
        "conda", 1, build=BUILD, url=f"{CHANNEL}/linux-64/numpy-2.1.0-{BUILD}.conda"
    ),
    "conda bytes": changed("conda", 0, sha256=OTHER),
    "conda channel": changed("conda", 0, channel="https://conda.example/c"),
    "wheel": changed("pip", 0, sha256=OTHER),
    "wheel file name": changed("pip", 0, url="https://a.example/rich-1.0-1-py3-none-any.whl"),
    "debian": changed("system", 0, sha256=OTHER),
    "source": changed("sources", 0, sha256=OTHER),
    "backend": changed("sources", 0, backend="hatchling.build"),
    "what builds": changed("build", 0, sha256=OTHER),
    "base": inside("base", digest=f"sha256:{OTHER}"),
    "python": inside("python", version="3.12.8"),
    "tools": inside("tools", digest=f"sha256:{OTHER}"),
    "installers": inside("tools", packages={"amd64": (wheel("uv", sha256=OTHER),)}),
    "layers": changed("pip", 0, size=100 * MIB),
    "a package less": lambda locked: locked.model_copy(update={"pip": locked.pip[:1]}),
}


@pytest.mark.parametrize("change", LOCKS.values(), ids=LOCKS.keys())
@given(data=specs)
@slow
def test_every_artefact_of_a_lock_always_changes_an_env_id(change: Locks, data: Data) -> None:
    own, other = env_ids(data), env_ids(data, locked=change(LOCKED))

    assert all(other[platform] != own[platform] for platform in own)


def added(key: str, **fields: str) -> Callable[[Data], Data]:
    return lambda data: {**data, key: {**data.get(key, {}), **fields}}


def stepped(step: Any, key: str = "steps") -> Callable[[Data], Data]:
    return lambda data: {**data, key: [*data.get(key, ()), step]}


INSIDE: Mapping[str, Callable[[Data], Data]] = {
    "a step": stepped({"run": "echo one more"}),
    "a step with the network": stepped({"run": {"command": "echo", "network": "true"}}),
    "a step before packages": stepped({"run": "echo first"}, "before-packages"),
    "a copy": stepped({"copy": {"from": "more/", "to": "/more"}}),
    "a variable": added("variables", ONE_MORE="1"),
    "a label": added("labels", **{"org.example.more": "1"}),
    "a port": lambda data: {**data, "ports": [*data.get("ports", ()), "4711"]},
    "a volume": lambda data: {**data, "volumes": [*data.get("volumes", ()), "/more"]},
    "the user": lambda data: {**data, "user": "4711"},
    "the workdir": lambda data: {**data, "workdir": "/somewhere/else"},
    "the command": lambda data: {**data, "command": ["somebody", "else's"]},
    "the entrypoint": lambda data: {**data, "entrypoint": ["somebody", "else's"]},
    "the health check": lambda data: {**data, "healthcheck": {"run": "true", "retries": "77"}},
    "the stop signal": lambda data: {**data, "stopsignal": "SIGQUIT"},
    "cuda": lambda data: {**data, "cuda": "12.6"},
    "one layer": lambda data: {**data, "layers": "10" if data.get("layers") == "1" else "1"},
}


@pytest.mark.parametrize("change", INSIDE.values(), ids=INSIDE.keys())
@given(data=specs)
@slow
def test_what_is_in_an_image_always_changes_its_id(
    change: Callable[[Data], Data], data: Data
) -> None:
    own, other = env_ids(data), env_ids(change(data))

    assert all(other[platform] != own[platform] for platform in own)


@given(
    data=specs, value=st.text("abc", max_size=3), key=st.sampled_from(["steps", "before-packages"])
)
@slow
def test_a_build_variable_changes_the_id_of_whatever_runs_a_step(
    data: Data, value: str, key: str
) -> None:
    running = stepped({"run": "make"}, key)(data)
    own, other = env_ids(running), env_ids(added("build-variables", ONE_MORE=value)(running))

    assert all(other[platform] != own[platform] for platform in own)


@given(
    data=specs, content=st.binary(min_size=1, max_size=4), path=st.sampled_from(["src/", "a.py"])
)
@slow
def test_a_copied_file_changes_the_id_with_its_bytes_and_with_its_mode(
    data: Data, content: bytes, path: str
) -> None:
    copying = stepped({"copy": {"from": path, "to": "/app/"}})(data)
    plain, other, executable = (
        env_ids(copying, inputs=inputs_of(copying, **file))
        for file in ({}, {"content": content}, {"mode": 0o755})
    )

    assert all(len({one[name] for one in (plain, other, executable)}) == 3 for name in plain)


sizes = st.sampled_from([1000, 300 * 1024, 3 * MIB, 9 * MIB, 50 * MIB])


@given(st.lists(sizes, min_size=12, max_size=30), st.integers(min_value=2, max_value=9))
def test_packages_in_other_layers_are_another_id(own_sizes: list[int], budget: int) -> None:
    wheels = (wheel(f"p{number}", size=size) for number, size in enumerate(own_sizes))
    locked = pip_lock(*wheels)
    one, other = assign_layers(locked), assign_layers(locked, budget=budget)
    are_same = [layer.packages for layer in one] == [layer.packages for layer in other]

    ids = {env_id(locked_part(locked, layers)) for layers in (one, other)}

    assert len(ids) == (1 if are_same else 2)


@given(st.lists(sizes, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_a_locks_packages_changes_no_layer(own_sizes: list[int], random: Any) -> None:
    wheels = [wheel(f"p{number}", size=size) for number, size in enumerate(own_sizes)]
    locked = pip_lock(*wheels)
    random.shuffle(wheels)
    shuffled = pip_lock(*wheels)

    assert locked_part(shuffled, assign_layers(shuffled)) == locked_part(
        locked, assign_layers(locked)
    )


@given(data=specs)
@slow
def test_the_contract_is_part_of_every_id(data: Data) -> None:
    written = document(data)
    lock = Lock(intent=Intent(base="unused"), platforms={AMD64: LOCKED, ARM64: LOCKED})
    spec = load(written, vouched=Everything())
    built = lower(spec, written, lock, inputs_of(data), scripts=SCRIPTS, mirrors=MirrorMap())

    for platform, tree in built.trees.items():
        assert digest(tree) == built.env_ids[platform]
        assert digest({**tree, "contract": CONTRACT + 1}) != built.env_ids[platform]


# Channels.


@given(data=specs)
@slow
def test_the_order_of_channels_is_another_spec_and_the_same_image_of_the_same_lock(
    data: Data,
) -> None:
    names = ["conda-forge", "https://a.example/c"]
    one, other = ({**data, "channels": order} for order in (names, names[::-1]))
    ids = {spec_id(load(document(each), vouched=Everything())) for each in (one, other)}

    assert len(ids) == 2
    assert env_ids(one) == env_ids(other)
