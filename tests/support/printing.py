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

    def base(self, data: dict[str, str]) -> str:
        return f"base image {self.value(data['image'])}"

    def platforms(self, data: list[str]) -> str:
        return "platforms " + ", ".join(self.value(item) for item in data)

    def channels(self, data: list[str]) -> str:
        return "channels " + ", ".join(self.value(item) for item in data)

    def ports(self, data: list[str]) -> str:
        return "ports " + ", ".join(self.value(item) for item in data)

    def volumes(self, data: list[str]) -> str:
        return "volumes " + ", ".join(self.value(item) for item in data)

    def python(self, data: str) -> str:
        return f"python {data}"

    def conda(self, data: list[str]) -> str:
        return "conda " + self.block(data)

    def pip(self, data: Any) -> str:
        if isinstance(data, list):
            return "pip " + self.block([str(entry) for entry in data])
        lines = [
            f"index {self.string(index['url'])}"
            + (f" secret {index['secret']}" if "secret" in index else "")
            for index in data.get("indexes", [])
        ]
        lines += data.get("packages", [])
        lines += [f"wheel {self.string(wheel)}" for wheel in data.get("wheels", [])]
        return "pip " + self.block(lines)

    def system(self, data: list[str]) -> str:
        return "system " + self.short_block(data)

    def variables(self, data: dict[str, str]) -> str:
        lines = [f"{name} = {self.string(value)}" for name, value in data.items()]
        return "variables " + self.short_block(lines)

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
        match data:
            case {"copy": {"from": source, "to": to}}:
                return f"copy {self.value(source)} to {self.value(to)}"
            case {"run": {"command": command}}:
                return f"run {self.string(command)} network"
            case {"run": command}:
                return f"run {self.string(command)}"
        raise AssertionError(data)

    def entrypoint(self, data: list[str]) -> str:
        return f"entrypoint {self.array(data)}"

    def command(self, data: list[str]) -> str:
        return f"command {self.array(data)}"

    def check(self, data: dict[str, list[str]]) -> str:
        lines = [f"run {self.string(command)}" for command in data.get("run", [])]
        if "import" in data:
            lines.append("import " + ", ".join(self.value(name) for name in data["import"]))
        return "check " + self.block(lines)

    def runtime(self, data: dict[str, str]) -> str:
        return "runtime " + self.fields(data)

    def serve(self, data: dict[str, str]) -> str:
        return "serve " + self.fields(data)

    def fields(self, data: dict[str, str]) -> str:
        return self.short_block([f"{name} {self.value(value)}" for name, value in data.items()])

    def statement(self, key: str, data: Any) -> str:
        printer: Callable[[Any], str] | None = getattr(self, key, None)
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
