"""The engine and what builds in it: Docker, buildx, BuildKit, the platforms, its disk and its GPUs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from envc.doctor.finding import Finding
from envc.engine.buildx import buildx_command
from envc.engine.docker import Engine
from envc.engine.facts import EngineFacts
from envc.engine.failure import explain_missing_program
from envc.errors import ToolError
from envc.platform import PLATFORMS
from envc.process import Completed, ProgramMissingError, run

__all__ = ["examine_disk", "examine_engine", "examine_gpu"]

_TIMEOUT_S = 20.0
# buildx 0.13: the first whose `--progress=rawjson` can be read.
_BUILDX = (0, 13)
_GIGABYTE = 1_000_000_000
# A base, its environment and their archives; and what a few builds leave in BuildKit's cache.
_LEAST_BYTES, _ROOM_BYTES = 2 * _GIGABYTE, 10 * _GIGABYTE
_BUILDX_DOCS = "https://github.com/docker/buildx#installing"
_CONTAINERD = "https://docs.docker.com/engine/storage/containerd/"
_NVIDIA_DOCS = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/"


def examine_engine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what there is to say about the engine; nothing but its absence where it is not there."""
    try:
        with Engine.connect(environment) as engine:
            facts = engine.describe()
    except ToolError as error:
        yield Finding.of("engine", error)
    else:
        yield from _describe(facts)
        yield from examine_gpu(facts, environment)
        if facts.is_local and (root := Path(facts.root)).exists():
            yield examine_disk("disk of the engine", root, "docker buildx prune")
    yield from _examine_buildx(environment)


def examine_disk(subject: str, folder: Path, cure: str) -> Finding:
    """Return whether there is room below a folder, which exists; `cure` is a command that makes some."""
    free = shutil.disk_usage(folder).free
    text = f"{free / _GIGABYTE:.1f} GB free at {folder}"
    if free < _LEAST_BYTES:
        return Finding(subject=subject, state="fault", text=text, hint=f"make room: `{cure}`")
    if free < _ROOM_BYTES:
        return Finding(subject=subject, state="warning", text=text, hint=f"make room: `{cure}`")
    return Finding(subject=subject, state="ok", text=text)


def _describe(facts: EngineFacts) -> Iterator[Finding]:
    where = "" if facts.is_local else ", on another machine"
    text = f"Docker {facts.version}, API {facts.api}, {facts.platform}{where}"
    yield Finding(subject="engine", state="ok", text=text)
    if facts.has_manifests:
        yield Finding(subject="image store", state="ok", text="containerd's, with manifests")
    else:
        yield Finding(
            subject="image store",
            state="warning",
            text="Docker's own: images have no manifest digest until they are pushed, "
            "and one platform each",
            hint=f"switch to containerd's image store: {_CONTAINERD}",
        )


def _examine_buildx(environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        version = _buildx(environment, "version")
    except ProgramMissingError:
        yield Finding.of("buildx", ToolError([explain_missing_program()]))
        return
    except TimeoutError:
        yield Finding(subject="buildx", state="fault", text="it does not answer", hint=_INSTALL)
        return
    number = re.search(r"\bv?(\d+)\.(\d+)(?:\.\d+)?", version.stdout)
    if version.returncode != 0 or number is None:
        text = "docker has no plugin `buildx`"
        yield Finding(subject="buildx", state="fault", text=text, hint=_INSTALL, code="E605")
        return
    found = number[0].removeprefix("v")
    if (int(number[1]), int(number[2])) < _BUILDX:
        wanted = ".".join(map(str, _BUILDX))
        text = f"{found} is too old: builds need {wanted}"
        yield Finding(subject="buildx", state="fault", text=text, hint=_INSTALL)
        return
    yield Finding(subject="buildx", state="ok", text=found)
    yield from _examine_builder(environment)


_INSTALL = f"install it from {_BUILDX_DOCS}"


def _examine_builder(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what the builder that builds would go to is like."""
    try:
        asked = _buildx(environment, "inspect")
    except TimeoutError:
        asked = Completed(returncode=1, stdout="", stderr="it does not answer")
    fields = dict(re.findall(r"^(\w[\w ]*):[ \t]+(\S.*)$", asked.stdout, re.MULTILINE))
    if asked.returncode != 0 or fields.get("Status", "running") != "running":
        reason = fields.get("Error") or fields.get("Status") or asked.stderr.strip()
        hint = "choose a builder that runs: `docker buildx ls`, `docker buildx use NAME`"
        text = f"the builder does not work: {reason}"
        yield Finding(subject="builder", state="fault", text=text, hint=hint)
        return
    version = fields.get("BuildKit version", "of a version it does not tell")
    text = f"`{fields.get('Name', 'default')}`, driver {fields.get('Driver', 'unknown')}, BuildKit {version}"
    yield Finding(subject="builder", state="ok", text=text)
    offered = {name.strip().rstrip("*") for name in fields.get("Platforms", "").split(",")}
    missing = sorted(name for name in PLATFORMS if name not in offered)
    if missing:
        yield Finding(
            subject="emulation",
            state="note",
            text=f"steps of a spec cannot run for {', '.join(missing)} here; packages can be laid out",
            hint="to run them: `docker run --privileged --rm tonistiigi/binfmt --install all`",
        )


def examine_gpu(facts: EngineFacts, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether there is a GPU of NVIDIA's whose driver works, and containers get it."""
    query = ["nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader"]
    try:
        asked = run(query, environment=environment, timeout_s=_TIMEOUT_S)
    except ProgramMissingError:
        text = "no NVIDIA driver: images are built without one, `gpus` in a spec needs one to run"
        yield Finding(subject="gpu", state="note", text=text)
        return
    except TimeoutError:
        asked = Completed(returncode=1, stdout="", stderr="nvidia-smi does not answer")
    if asked.returncode != 0:
        reason = (asked.stderr or asked.stdout).strip().split("\n")[0]
        hint = "reload the driver, or restart the machine after an update of it"
        text = f"the NVIDIA driver does not work: {reason}"
        yield Finding(subject="gpu", state="warning", text=text, hint=hint)
        return
    driver, _, name = asked.stdout.strip().split("\n")[0].partition(",")
    text = f"{name.strip()}, driver {driver.strip()}"
    if facts.has_nvidia:
        yield Finding(subject="gpu", state="ok", text=text)
        return
    hint = (
        f"install the NVIDIA container toolkit ({_NVIDIA_DOCS}), then run "
        "`nvidia-ctk runtime configure --runtime=docker` and restart Docker"
    )
    text += "; the engine cannot hand it to containers"
    yield Finding(subject="gpu", state="warning", text=text, hint=hint)


def _buildx(environment: Mapping[str, str], *words: str) -> Completed:
    command = [*buildx_command(environment), *words]
    return run(command, environment=environment, timeout_s=_TIMEOUT_S)
