"""Specs as data in; their text in either form out, each thing written in one of the ways that it can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

__all__ = ["Draw", "Dsl", "print_yaml"]

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

WORD = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:=-]*")
YAML_NULLS = {"null", "Null", "NULL"}


def quote(text: str) -> str:
    """Return a basic string, which JSON, TOML and YAML read alike."""
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return (
        '"'
        + "".join(special.get(c, c if " " <= c <= "~" else f"\\U{ord(c):08x}") for c in text)
        + '"'
    )


class Dsl:
    """Prints data in the DSL, one of the ways to write each thing drawn at random."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def flip(self) -> bool:
        return bool(self.draw(st.booleans()))

    def string(self, text: str) -> str:
        ways = [quote(text)]
        printable = all(char.isprintable() or char in "\n\t" for char in text)
        if printable:
            ways.append('"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""')
        if printable and "'" not in text:
            ways.append(f"'''\n{text}'''")
            if "\n" not in text:
                ways.append(f"'{text}'")
        return str(self.draw(st.sampled_from(ways)))

    def value(self, text: str) -> str:
        return text if WORD.fullmatch(text) and self.flip() else self.string(text)

    def block(self, lines: list[str]) -> str:
        comment = self.draw(st.sampled_from(["", " # it's", "\n\n  # }"]))
        return f"{{{comment}\n\t" + f"{comment}\n\t".join(lines) + "\n}"

    def short_block(self, lines: list[str]) -> str:
        return self.block(lines) if self.flip() else "{ " + ", ".join(lines) + " }"

    def array(self, items: list[str]) -> str:
        separator: str = self.draw(st.sampled_from([",", ", ", ",\n  "]))
        return "[" + separator.join(self.string(item) for item in items) + "]"

    def extends(self, data: str) -> str:
        return f"extends {self.string(data)}"

    def include(self, data: list[str]) -> str:
        if self.flip():
            return "include " + ", ".join(self.string(item) for item in data)
        return "\n".join(f"include {self.string(item)}" for item in data)

    def params(self, data: dict[str, Any]) -> str:
        return "\n".join(f"param {self.param(name, value)}" for name, value in data.items())

    def param(self, name: str, value: Any) -> str:
        return name if isinstance(value, dict) else f"{name}{self.equals()}{self.string(value)}"

    def equals(self) -> str:
        return str(self.draw(st.sampled_from([" = ", "=", "= ", " ="])))

    def base(self, data: dict[str, str]) -> str:
        lines = [f"{name} {self.value(value)}" for name, value in data.items()]
        if not lines or self.flip():
            return "base " + self.short_block(lines)
        return "\n".join(f"base {line}" for line in lines)

    def matrix(self, data: dict[str, Any]) -> str:
        lines = [f"{name} {self.pairs(pairs)}" for name, pairs in data.items()]
        return "matrix " + self.short_block(lines)

    def pairs(self, data: dict[str, str]) -> str:
        return self.short_block(
            [f"{name}{self.equals()}{self.string(value)}" for name, value in data.items()]
        )

    def platforms(self, data: list[str]) -> str:
        return "platforms " + ", ".join(self.value(item) for item in data)

    def channels(self, data: list[Any]) -> str:
        return "channels " + ", ".join(self.channel(item) for item in data)

    def channel(self, data: str | dict[str, str]) -> str:
        if isinstance(data, str):
            return self.value(data)
        secret = f" secret {data['secret']}" if "secret" in data else ""
        return self.value(data["channel"]) + secret

    def ports(self, data: list[str]) -> str:
        return "ports " + ", ".join(self.value(item) for item in data)

    def volumes(self, data: list[str]) -> str:
        return "volumes " + ", ".join(self.value(item) for item in data)

    def python(self, data: Any) -> str:
        return f"python managed {data['managed']}" if isinstance(data, dict) else f"python {data}"

    def on(self, data: dict[str, Any]) -> str:
        return f" on {self.value(data['on'])}" if "on" in data else ""

    def package(self, data: Any) -> str:
        return str(data) if isinstance(data, str) else f"{data['package']}{self.on(data)}"

    def packages(self, data: Any) -> list[str]:
        items = data if isinstance(data, list) else data.get("packages", [])
        return [self.package(item) for item in items]

    def source(self, word: str, data: Any) -> str:
        if isinstance(data, str):
            return f"{word} {self.string(data)}"
        return f"{word} {self.string(data[word])}{self.on(data)}"

    def address(self, word: str, data: dict[str, str]) -> str:
        """Return an index or a folder of files, whose name is left out where the text tells it."""
        name = "url" if "url" in data else "path"
        text = data[name]
        is_plain = word == "index" or ("://" in text) == (name == "url")
        said = "" if word == "index" or (is_plain and self.flip()) else f"{name} "
        secret = f" secret {data['secret']}" if "secret" in data else ""
        return f"{word} {said}{self.string(text)}{secret}"

    def conda(self, data: Any) -> str:
        constraints = [] if isinstance(data, list) else data.get("constraints", [])
        lines = [f"constraint {self.string(text)}" for text in constraints]
        return "conda " + self.block([*lines, *self.packages(data)])

    def pip(self, data: Any) -> str:
        lines: list[str] = []
        rest = {} if isinstance(data, list) else data
        lines += [self.address("index", item) for item in rest.get("indexes", [])]
        lines += [self.address("find-links", item) for item in rest.get("find-links", [])]
        lines += self.packages(data)
        for word in ("wheel", "source", "sdist", "constraint", "override"):
            lines += [self.source(word, item) for item in rest.get(f"{word}s", [])]
        return "pip " + self.block(lines)

    def system(self, data: Any) -> str:
        lines = self.packages(data)
        if isinstance(data, dict) and "snapshot" in data:
            lines.append(f"snapshot {self.string(data['snapshot'])}")
        return "system " + self.short_block(lines)

    def variables(self, data: dict[str, Any], word: str = "variables") -> str:
        lines: list[str] = []
        for name, value in data.items():
            values = {"": value} if isinstance(value, str) else value
            for platform, text in values.items():
                on = f" on {platform}" if platform else ""
                lines.append(f"{name}{self.equals()}{self.string(text)}{on}")
        return f"{word} " + self.short_block(lines)

    def build_variables(self, data: dict[str, Any]) -> str:
        return self.variables(data, "build-variables")

    def distributions(self, data: dict[str, str]) -> str:
        return f"distributions {self.pairs(data)}"

    def virtual_packages(self, data: dict[str, str]) -> str:
        return f"virtual-packages {self.pairs(data)}"

    def before_packages(self, data: list[Any]) -> str:
        return "before packages " + self.short_block([self.step(step) for step in data])

    def labels(self, data: dict[str, str]) -> str:
        names = {name: f'"{name}"' if self.flip() else name for name in data}
        lines = [f"{names[name]} = {self.string(value)}" for name, value in data.items()]
        return "labels " + self.short_block(lines)

    def healthcheck(self, data: Any) -> str:
        if isinstance(data, str):
            return f"healthcheck {self.value(data)}"
        lines = [
            f"{name} {self.array(value) if isinstance(value, list) else self.value(value)}"
            for name, value in data.items()
        ]
        return "healthcheck " + self.short_block(lines)

    def steps(self, data: list[Any]) -> str:
        return "\n".join(self.step(step) for step in data)

    def step(self, data: Any) -> str:
        options = [self.on(data)] if "on" in data else []
        if "run" in data:
            fields = {"command": data["run"]} if isinstance(data["run"], str) else data["run"]
            options += self.flag("network", fields)
            return f"run {self.string(fields['command'])}{self.shuffle(options)}"
        fields = data["copy"]
        options += [
            f" {name} {self.value(fields[name])}" for name in ("owner", "mode") if name in fields
        ]
        if "ignore" in fields:
            options.append(f" ignore {self.array(fields['ignore'])}")
        heads = f"copy {self.value(fields['from'])} to {self.value(fields['to'])}"
        return heads + self.shuffle(options)

    def flag(self, name: str, fields: dict[str, str]) -> list[str]:
        value = fields.get(name)
        if value is None:
            return []
        return [f" {name}" if value == "true" else f" {name} {value}"]

    def shuffle(self, parts: list[str]) -> str:
        return "".join(self.draw(st.permutations(parts))) if parts else ""

    def entrypoint(self, data: list[str]) -> str:
        return f"entrypoint {self.array(data)}"

    def command(self, data: list[str]) -> str:
        return f"command {self.array(data)}"

    def check(self, data: dict[str, Any]) -> str:
        runs = [self.check_run(item) for item in data.get("run", [])]
        if runs and self.flip():
            runs = [", ".join(runs)]
        lines = [f"run {run}" for run in runs]
        if "import" in data:
            lines.append("import " + ", ".join(self.value(name) for name in data["import"]))
        if "timeout" in data:
            lines.append(f"timeout {self.value(data['timeout'])}")
        if "allow-missing" in data:
            names = (self.value(name) for name in data["allow-missing"])
            lines.append("allow-missing " + ", ".join(names))
        return "check " + self.block(lines)

    def check_run(self, data: Any) -> str:
        if isinstance(data, str):
            return self.string(data)
        return f"{self.string(data['command'])} prints {self.string(data['prints'])}"

    def runtime(self, data: dict[str, Any]) -> str:
        rest = {name: value for name, value in data.items() if name != "mounts"}
        lines = [self.field(name, value) for name, value in rest.items()]
        for mount in data.get("mounts", []):
            heads = f"mount {self.value(mount['from'])} to {self.value(mount['to'])}"
            lines.append(heads + "".join(self.flag("read-only", mount)))
        return "runtime " + self.short_block(lines)

    def train(self, data: dict[str, Any]) -> str:
        return "train " + self.fields(data)

    def serve(self, data: dict[str, str]) -> str:
        return "serve " + self.fields(data)

    def fields(self, data: dict[str, Any]) -> str:
        return self.short_block([self.field(name, value) for name, value in data.items()])

    def field(self, name: str, data: Any) -> str:
        return f"{name} {self.array(data) if isinstance(data, list) else self.value(data)}"

    def statement(self, key: str, data: Any) -> str:
        printer: Callable[[Any], str] | None = getattr(self, key.replace("-", "_"), None)
        return printer(data) if printer else f"{key} {self.value(data)}"

    def spec(self, data: dict[str, Any]) -> str:
        return "\n".join(self.statement(key, data[key]) for key in data)


def print_yaml(data: Any, draw: Draw, indent: str = "") -> str:
    is_flow = draw(st.booleans())
    below = indent + "  "
    match data:
        case {} if not data:
            return "{}"
        case [] if not data:
            return "[]"
        case dict() if is_flow:
            return "{" + ", ".join(f"{quote(k)}: {flow(v)}" for k, v in data.items()) + "}"
        case dict():
            return "".join(f"\n{indent}{k}: {print_yaml(v, draw, below)}" for k, v in data.items())
        case list() if is_flow:
            return "[" + ", ".join(flow(item) for item in data) + "]"
        case list():
            return "".join(f"\n{indent}- {print_yaml(item, draw, below)}" for item in data)
    plain = WORD.fullmatch(data) and data not in YAML_NULLS and not data.endswith(":")
    return str(data) if plain and draw(st.booleans()) else quote(data)


def flow(data: Any) -> str:
    match data:
        case dict():
            return (
                "{" + ", ".join(f"{quote(key)}: {flow(value)}" for key, value in data.items()) + "}"
            )
        case list():
            return "[" + ", ".join(flow(item) for item in data) + "]"
    return quote(data)
