"""The normal form of a spec's data, by docs/identity.md alone: nothing of envc is imported here.

The data are those of a right spec in the YAML form, after composition, with every scalar as it is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from identity.forms import FORMS

__all__ = ["normal_form"]

Data = Mapping[str, Any]
_PACKAGE_KINDS = ("conda", "pip", "wheels", "sources", "system")
_CUDA = (
    *("11.8.0", "12.0.1", "12.1.1", "12.2.2", "12.3.2", "12.4.1", "12.5.1", "12.6.3"),
    *("12.8.1", "12.9.1", "13.0.1"),
)
_TRUE = {"true", "yes"}


def normal_form(data: Data) -> dict[str, Any]:
    """Return the normal form of a spec."""
    platforms = sorted(data.get("platforms", ["linux/amd64"]))
    packages = {kind: _by_text(data, kind, platforms) for kind in _PACKAGE_KINDS}
    variables = {
        key: data.get(key.replace("_", "-"), {}) for key in ("variables", "build_variables")
    }
    same = {key: _same(own, platforms) for key, own in variables.items()}
    everywhere = {
        kind: [text for text, on in own.items() if on == set(platforms)]
        for kind, own in packages.items()
    }
    some: dict[str, Any] = {
        kind: {text: sorted(on) for text, on in own.items() if on != set(platforms)}
        for kind, own in packages.items()
    }
    for key, own in variables.items():
        some[key] = {name: own[name] for name in own if name not in same[key]}
    pip = _block(data, "pip")
    return {
        "base": _base(data),
        "platforms": platforms,
        "python": python if isinstance(python := data.get("python"), str) else None,
        "channels": list(
            dict.fromkeys(one for text in _channels(data) for one in FORMS["channel"](text))
        ),
        "conda": everywhere["conda"],
        "indexes": [
            {"url": FORMS["address"](one["url"]), "secret": one.get("secret")}
            for one in pip.get("indexes", [{"url": "https://pypi.org/simple"}])
        ],
        "pip": everywhere["pip"],
        "wheels": everywhere["wheels"],
        "system": everywhere["system"],
        "variables": same["variables"],
        "steps": _steps(data, "steps", platforms),
        "user": data.get("user", "1000:1000"),
        "workdir": data.get("workdir"),
        "entrypoint": data.get("entrypoint"),
        "command": data.get("command"),
        "check": _check(data.get("check", {})),
        "runtime": _runtime(data.get("runtime", {})),
        "serve": _serve(data["serve"]) if "serve" in data else None,
        **_used(
            {
                **_metadata(data),
                **_solving(data),
                "interpreter": data.get("interpreter"),
                "sources": everywhere["sources"],
                "build_variables": same["build_variables"],
                "before_packages": _steps(data, "before-packages", platforms),
                "train": _train(data["train"]) if "train" in data else None,
                "on": _used(some),
            }
        ),
    }


def _used(said: Data) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value}


def _block(data: Data, key: str) -> Data:
    """Return a block of packages, which is a list where there is no more to say."""
    own = data.get(key, {})
    return own if isinstance(own, Mapping) else {"packages": own}


def _entries(data: Data, kind: str) -> list[Any]:
    if kind in {"wheels", "sources"}:
        return list(_block(data, "pip").get(kind, []))
    return list(_block(data, kind).get("packages", []))


def _by_text(data: Data, kind: str, platforms: Iterable[str]) -> dict[str, set[str]]:
    forms = {"conda": "matchspec", "pip": "requirement", "system": "debian"}
    form: Callable[[str], str] = FORMS[forms.get(kind, "path")]
    found: dict[str, set[str]] = {}
    for entry in _entries(data, kind):
        text, on = entry, None
        if isinstance(entry, Mapping):
            on = entry.get("on")
            text = next(entry[key] for key in ("package", "wheel", "source") if key in entry)
        found.setdefault(form(text), set()).update(platforms if on is None else [on])
    return {text: found[text] for text in sorted(found)}


def _same(variables: Data, platforms: list[str]) -> dict[str, str]:
    same: dict[str, str] = {}
    for name, value in variables.items():
        if not isinstance(value, Mapping):
            same[name] = value
        elif set(value) == set(platforms) and len(set(value.values())) == 1:
            same[name] = value[platforms[0]]
    return same


def _base(data: Data) -> Any:
    base = data.get("base", {})
    if "dockerfile" in base:
        text = base["dockerfile"]
        is_text = "\n" in text
        return {
            "dockerfile": {"text": text.replace("\r\n", "\n")}
            if is_text
            else {"path": FORMS["path"](text)},
            "context": FORMS["path"](base["context"]) if "context" in base else None,
            **_used({"target": base.get("target")}),
        }
    if "image" in base:
        registry = f"{base['registry']}/" if "registry" in base else ""
        return FORMS["image"](registry + base["image"])
    if _entries(data, "conda"):
        series = ".".join(data.get("cuda", "none").split(".")[:2])
        found = [one for one in _CUDA if one.rpartition(".")[0] == series]
        names = [f"nvidia/cuda:{one}-base-ubuntu22.04" for one in found]
        return FORMS["image"](names[0] if names else "debian:bookworm-slim")
    return FORMS["image"](f"python:{data.get('python', '3.12')}-slim-bookworm")


def _channels(data: Data) -> list[str]:
    channels = data.get("channels", ["conda-forge"])
    return [one["channel"] if isinstance(one, Mapping) else one for one in channels]


def _steps(data: Data, key: str, platforms: list[str]) -> list[Any]:
    return [
        {**_action(step), **({"on": step["on"]} if "on" in step and len(platforms) > 1 else {})}
        for step in data.get(key, ())
    ]


def _action(step: Data) -> dict[str, Any]:
    if "run" in step:
        run = step["run"] if isinstance(step["run"], Mapping) else {"command": step["run"]}
        command = run["command"].replace("\r\n", "\n")
        return {"run": {"command": command, "network": run.get("network") in _TRUE}}
    copy = step["copy"]
    more = {
        "owner": copy.get("owner"),
        "mode": FORMS["mode"](copy["mode"]) if "mode" in copy else None,
        "ignore": sorted(set(copy.get("ignore", ()))),
    }
    return {"copy": {"from": FORMS["path"](copy["from"]), "to": copy["to"], **_used(more)}}


def _check(check: Data) -> dict[str, Any]:
    timeout_ms = FORMS["duration"](check.get("timeout", "10m"))
    return {
        "import": check.get("import", []),
        "run": [
            {"command": one["command"], "prints": one["prints"]}
            if isinstance(one, Mapping)
            else one
            for one in check.get("run", ())
        ],
        **_used(
            {
                "timeout_ms": timeout_ms if timeout_ms != 600_000 else None,
                "allow_missing": sorted(check.get("allow-missing", ())),
            }
        ),
    }


def _runtime(runtime: Data) -> dict[str, Any]:
    mounts = [
        {
            ("path" if "/" in one["from"] else "volume"): _mounted(one["from"]),
            "to": FORMS["volume"](one["to"]),
            "read_only": one.get("read-only") in _TRUE,
        }
        for one in runtime.get("mounts", ())
    ]
    return {
        "shm": runtime.get("shm"),
        "gpus": runtime.get("gpus"),
        **_used(
            {
                "arguments": runtime.get("arguments"),
                "mounts": sorted(mounts, key=lambda one: str(one["to"])),
            }
        ),
    }


def _mounted(text: str) -> str:
    form: Callable[[str], str] = FORMS["volume" if text.startswith("/") else "path"]
    return form(text)


def _serve(serve: Data) -> dict[str, Any]:
    more = {"port": serve.get("port"), "workers": serve.get("workers")}
    model = FORMS["path"](serve["model"]) if "model" in serve else None
    return {"entry": FORMS["path"](serve["entry"]), "model": model, **_used(more)}


def _train(train: Data) -> dict[str, Any]:
    return {
        "script": FORMS["path"](train["script"]),
        "arguments": train.get("arguments", []),
        "source": FORMS["path"](train.get("source", ".")),
    }


def _metadata(data: Data) -> dict[str, Any]:
    return {
        "labels": data.get("labels"),
        "ports": FORMS["ports"](data.get("ports", ())),
        "volumes": sorted(map(FORMS["volume"], data.get("volumes", ()))),
        "healthcheck": _healthcheck(data["healthcheck"]) if "healthcheck" in data else None,
        "stopsignal": data.get("stopsignal"),
        "layers": budget if (budget := int(data.get("layers", "10"))) != 10 else None,
    }


def _healthcheck(check: Any) -> dict[str, Any]:
    times = ("interval_ms", "timeout_ms", "start_ms", "retries")
    if check == "none":
        return {"words": [], **dict.fromkeys(times, 0)}
    words = check["run"]
    if isinstance(words, str):
        words = ["/bin/sh", "-ec", words.replace("\r\n", "\n")]
    return {
        "words": words,
        "interval_ms": FORMS["duration"](check.get("interval", "30s")),
        "timeout_ms": FORMS["duration"](check.get("timeout", "30s")),
        "start_ms": FORMS["duration"](check.get("start", "0s")),
        "retries": int(check.get("retries", "3")),
    }


def _solving(data: Data) -> dict[str, Any]:
    conda, pip, system = (_block(data, key) for key in ("conda", "pip", "system"))
    cuda = data.get("cuda", "none")
    secrets = {
        address: one["secret"]
        for one in data.get("channels", ())
        if isinstance(one, Mapping) and "secret" in one
        for address in FORMS["channel"](one["channel"])
    }

    def each(form: str, texts: Iterable[str]) -> list[str]:
        return sorted({FORMS[form](text) for text in texts})

    return {
        "cuda": cuda if cuda != "none" else None,
        "virtual_packages": {
            name: version
            for name, version in data.get("virtual-packages", {}).items()
            if name != "__cuda" or cuda == "none"
        },
        "exclude_newer": _moment(data.get("exclude-newer")),
        "channel_secrets": secrets,
        "channel_priority": "disabled" if data.get("channel-priority") == "disabled" else None,
        "distributions": {
            name: FORMS["distribution"](text)
            for name, text in data.get("distributions", {}).items()
        },
        "conda_constraints": each("matchspec", conda.get("constraints", ())),
        "find_links": FORMS["find_links"](pip.get("find-links", ())),
        "pip_constraints": each("requirement", pip.get("constraints", ())),
        "overrides": each("requirement", pip.get("overrides", ())),
        "sdists": each("distribution", pip.get("sdists", ())),
        "snapshot": _moment(system.get("snapshot")),
    }


def _moment(text: str | None) -> Any:
    return FORMS["moment"](text) if text is not None else None
