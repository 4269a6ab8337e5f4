"""The ids, computed by docs/identity.md alone: nothing of envc is imported here.

Whoever wants to check envc, or to compute ids with another program, may begin with this one.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = [
    "canonical",
    "digest",
    "env_id",
    "identity_tree",
    "index_id",
    "matrix_id",
    "spec_id",
    "tag",
]

SPEC_CONTRACT, CONTRACT = 1, 6
PREFIX = "/opt/env"
MARKS = {"CONDA_PREFIX": PREFIX, "VIRTUAL_ENV": PREFIX}
ACTIVATE = f"{PREFIX}/bin/envc-activate"
EPOCH = 946684800
KIB, MIB = 1024, 1024 * 1024
SHORT_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}

Data = Mapping[str, Any]


def canonical(data: Any) -> str:
    """Return canonical JSON, written out rule by rule."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, str):
        return '"' + "".join(map(_escape, data)) + '"'
    if isinstance(data, Mapping):
        items = (f"{canonical(key)}:{canonical(data[key])}" for key in sorted(data))
        return "{" + ",".join(items) + "}"
    return "[" + ",".join(map(canonical, data)) + "]"


def _escape(character: str) -> str:
    if character in SHORT_ESCAPES:
        return SHORT_ESCAPES[character]
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def digest(data: Any) -> str:
    """Return the id of data."""
    return "sha256:" + hashlib.sha256(canonical(data).encode("ascii")).hexdigest()


def spec_id(form: Data) -> str:
    """Return the spec id of a normal form."""
    return digest({"contract": SPEC_CONTRACT, "spec": form})


def matrix_id(forms: Mapping[str, Data]) -> str:
    """Return the spec id of a spec with a matrix."""
    return digest({"contract": SPEC_CONTRACT, "variants": forms})


def index_id(env_ids: Mapping[str, str]) -> str:
    """Return the id of an image of several platforms."""
    return digest({"contract": CONTRACT, "platforms": env_ids})


def tag(an_id: str) -> str:
    """Return the tag of the image that has an id."""
    return an_id.removeprefix("sha256:")[:32]


def env_id(case: Data) -> str:
    """Return the env id of what a vector holds."""
    return digest(identity_tree(case))


def identity_tree(case: Data) -> dict[str, Any]:
    """Return what an env id is the digest of."""
    spec, lock, platform = case["spec"], case["lock"], case["platform"]
    steps = _steps(case, "before_packages", 0)
    after = _steps(case, "steps", len(spec.get("before_packages", ())))
    times = [one["timestamp"] // 1000 for one in lock.get("conda", ()) if "timestamp" in one]
    python = lock.get("python")
    tools = lock["tools"]
    account = _account(spec)
    budget = spec.get("layers", 10)
    parts = bool(lock.get("conda")) + bool(lock.get("pip")) + bool(lock.get("sources"))
    is_whole = budget < parts + 1
    budget = 10 if is_whole else budget
    return {
        "contract": CONTRACT,
        "platform": platform,
        "prefix": PREFIX,
        "created": max(times, default=EPOCH),
        "base": lock["base"]["digest"],
        "python": {key: python[key] for key in ("origin", "version")} if python else None,
        "tools": {
            "image": tools["digest"],
            "python": tools.get("python"),
            "packages": {
                name: [one["sha256"] for one in wheels]
                for name, wheels in tools.get("packages", {}).items()
            },
        },
        "layers": _layers(lock, budget),
        "user": account["made"],
        "steps": after,
        "config": _config(spec, lock, platform),
        **_used(
            {
                "system": [[_file_name(one), one["sha256"]] for one in lock.get("system", ())],
                "unresolved": lock.get("unresolved"),
                "base_python": _base_python(lock),
                "built": _built(lock),
                "recipe": case.get("recipe"),
                "templates": case.get("templates"),
                "before": steps,
                "before_variables": _before_variables(spec, platform, steps),
                "interpreter": spec.get("interpreter"),
                "cuda": spec.get("cuda"),
                "whole": is_whole,
            }
        ),
    }


def _used(said: Data) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value}


def _base_python(lock: Data) -> str | None:
    found = lock["base"].get("interpreter")
    is_used = bool(lock.get("python")) and not lock.get("conda")
    return found if is_used and found != "/usr/local/bin/python3" else None


def _file_name(package: Data) -> str:
    if package.get("url"):
        return unquote(urlsplit(package["url"]).path.rpartition("/")[2])
    return str(package["path"].rpartition("/")[2])


def _built(lock: Data) -> list[Any]:
    wheels = {f"{one['name']}=={one['version']}": one["sha256"] for one in lock.get("build", ())}
    return [
        [
            one["name"],
            one["version"],
            one["sha256"],
            one["backend"],
            one.get("backend_path", []),
            [wheels[name] for name in one.get("build", ())],
            *([one["subdirectory"]] if one.get("subdirectory") else []),
        ]
        for one in lock.get("sources", ())
    ]


# Layers.


def _layers(lock: Data, budget: int) -> list[Any]:
    kinds = [(kind, lock[kind]) for kind in ("conda", "pip") if lock.get(kind)]
    allowed = budget - 1 - bool(lock.get("sources"))
    cap = next(one for one in _caps() if _fits(kinds, one, allowed))
    layers = [(kind, layer) for kind, packages in kinds for layer in _divide(packages, cap)]
    eighth = sum(_total(packages) for _, packages in kinds) / 8
    powers = (MIB >> number for number in range(3))
    enough = next((power for power in powers if power <= eighth), 256 * KIB)
    while True:
        savings = {
            number: _cost(layer) - sum(map(_cost, parts))
            for number, (_, layer) in enumerate(layers)
            if 2 * _weight(layer[0]) < cap
            and _total(layer) > enough
            and len(parts := _part(layer)) > 1
            and len(layers) + len(parts) - 1 <= allowed
        }
        if not savings:
            break
        most = max(len(f"{saving:b}") for saving in savings.values())
        number = next(one for one, saving in savings.items() if len(f"{saving:b}") == most)
        kind, layer = layers[number]
        layers[number : number + 1] = [(kind, part) for part in _part(layer)]
    return [[kind, *(_artefact(kind, one) for one in layer)] for kind, layer in layers]


def _artefact(kind: str, package: Data) -> list[str]:
    if kind == "conda":
        return [package["channel"], package["url"], package["sha256"]]
    return [_file_name(package), package["sha256"]]


def _caps() -> Iterable[int]:
    power = 8 * MIB
    while True:
        yield power
        yield power // 2 * 3
        power *= 2


def _fits(kinds: Sequence[tuple[str, Sequence[Data]]], cap: int, allowed: int) -> bool:
    heavy = sum(_weight(one) * 2 >= cap for _, packages in kinds for one in packages)
    return heavy <= allowed and sum(len(_divide(one, cap)) for _, one in kinds) <= allowed


def _divide(packages: Sequence[Data], cap: int) -> list[list[Data]]:
    ordered = sorted(packages, key=lambda one: str(one["name"]))
    heavy = [one for one in ordered if _weight(one) * 2 >= cap]
    layers = [[one] for one in sorted(heavy, key=lambda one: -len(f"{_weight(one):b}"))]
    light = [one for one in ordered if _weight(one) * 2 < cap]
    return layers + (_fill(light, cap) if light else [])


def _fill(group: list[Data], cap: int) -> list[list[Data]]:
    parts = _part(group)
    if _total(group) <= cap or len(parts) == 1:
        return [group]
    return [layer for part in parts for layer in _fill(part, cap)]


def _part(group: list[Data]) -> list[list[Data]]:
    classes = [
        [one for one in group if least <= _weight(one) and (end is None or _weight(one) < end)]
        for least, end in ((2 * MIB, None), (256 * KIB, 2 * MIB), (0, 256 * KIB))
    ]
    if sum(map(bool, classes)) > 1:
        return [own for own in classes if own]
    for number in range(64):
        halves = [[one for one in group if _bit(one, number) == bit] for bit in (0, 1)]
        if all(halves):
            return halves
    return [group]


def _cost(group: Sequence[Data]) -> int:
    return len(group) * _total(group)


def _bit(package: Data, number: int) -> int:
    name = re.sub("[-_.]+", "-", package["name"].lower())
    byte = hashlib.sha256(name.encode()).digest()[number // 8]
    return byte >> (7 - number % 8) & 1


def _weight(package: Data) -> int:
    return int(package.get("size", MIB))


def _total(packages: Iterable[Data]) -> int:
    return sum(map(_weight, packages))


# Settings.


def _account(spec: Data) -> dict[str, Any]:
    written = spec["user"]
    name, _, group = written.partition(":")
    if name in {"0", "root"}:
        return {"user": written, "home": "/root", "made": None}
    if not name.isdigit() or (group and not group.isdigit()):
        return {"user": written, "home": "/", "made": None}
    uid, gid, home = int(name), int(group or name), "/home/envc"
    return {"user": f"{uid}:{gid}", "home": home, "made": [uid, gid, home]}


def _for_platform(spec: Data, key: str, platform: str) -> dict[str, str]:
    some = spec.get("on", {}).get(key, {})
    own = {name: values[platform] for name, values in some.items() if platform in values}
    return {**spec.get(key, {}), **own}


def _config(spec: Data, lock: Data, platform: str) -> dict[str, Any]:
    account = _account(spec)
    has_conda, has_python = bool(lock.get("conda")), bool(lock.get("python"))
    probe = spec.get("healthcheck")
    if probe is not None and probe["words"] and has_conda:
        probe = {**probe, "words": [ACTIVATE, *probe["words"]]}
    entrypoint = spec["entrypoint"]
    if has_conda:
        entrypoint = [ACTIVATE, *(entrypoint or ())]
    return {
        "variables": _pairs(_variables(spec, platform, has_conda, has_python)),
        "user": account["user"],
        "workdir": spec["workdir"] or account["home"],
        "entrypoint": entrypoint,
        "command": _command(spec, has_conda, has_python),
        **_used(
            {
                "labels": _pairs(spec.get("labels", {})),
                "ports": spec.get("ports"),
                "volumes": spec.get("volumes"),
                "healthcheck": probe,
                "stopsignal": spec.get("stopsignal"),
            }
        ),
    }


def _variables(spec: Data, platform: str, has_conda: bool, has_python: bool) -> dict[str, str]:
    own = _for_platform(spec, "variables", platform)
    mark = "CONDA_PREFIX" if has_conda else "VIRTUAL_ENV"
    is_there = has_conda or has_python
    variables = {mark: PREFIX, **own} if is_there else own
    if is_there and "PATH" in own:
        variables["PATH"] = f"{PREFIX}/bin:{own['PATH']}"
    return variables


def _command(spec: Data, has_conda: bool, has_python: bool) -> list[str] | None:
    if spec["command"] is not None or spec["entrypoint"] is not None:
        return spec["command"]  # type: ignore[no-any-return]
    if has_python:
        return ["python"]
    if spec.get("interpreter"):
        return [spec["interpreter"]]
    return ["/bin/sh"] if has_conda else None


def _pairs(variables: Mapping[str, str]) -> list[list[str]]:
    return [[name, variables[name]] for name in sorted(variables)]


# Steps.


def _steps(case: Data, key: str, first: int) -> list[Any]:
    spec, platform = case["spec"], case["platform"]
    building = _pairs(_for_platform(spec, "build_variables", platform))
    done: list[Any] = []
    for place, step in enumerate(spec.get(key, ()), start=first):
        if step.get("on", platform) != platform:
            continue
        if "run" in step:
            run = {"run": step["run"]["command"], "network": step["run"]["network"]}
            done.append({**run, **_used({"variables": building})})
        else:
            done.append(_copy(step["copy"], case["trees"][str(place)], spec))
    return done


def _copy(copy: Data, tree: Data, spec: Data) -> dict[str, Any]:
    workdir = spec["workdir"] or _account(spec)["home"]
    target = posixpath.normpath(posixpath.join(workdir, copy["to"])).lstrip("/")
    if not tree["folder"] and (copy["to"].endswith("/") or copy["to"] in {".", ".."}):
        target = posixpath.join(target, tree["files"][0][0])
    files = [
        [posixpath.join(target, path) if tree["folder"] else target, mode, sha256, link]
        for path, mode, sha256, link in tree["files"]
    ]
    copied: dict[str, Any] = {"copy": sorted(files, key=lambda one: str(one[0]))}
    if "owner" in copy or "mode" in copy:
        owner = _owner(copy["owner"]) if "owner" in copy else None
        copied |= {"at": target or ".", "owner": owner, "mode": copy.get("mode")}
    return copied


def _owner(text: str) -> str:
    user, _, group = text.partition(":")
    if not user.isdigit() or (group and not group.isdigit()):
        return text
    return f"{int(user)}:{int(group or user)}"


def _before_variables(spec: Data, platform: str, steps: Sequence[Data]) -> list[list[str]]:
    if not any("run" in step for step in steps):
        return []
    own = _for_platform(spec, "variables", platform)
    return [[name, own[name]] for name in sorted(own) if MARKS.get(name) == own[name]]
