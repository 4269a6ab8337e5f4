"""The arguments of `docker run` that a spec may give to its containers: a closed list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.diagnostics import suggest
from envc.frozen import frozen
from envc.spec.field import FieldError, line

__all__ = ["ARGUMENTS", "Argument", "argument", "split_argument"]


@frozen
class Argument:
    """What may follow the name of an argument.

    Attributes:
        example: A value; empty for one that has none.
        pattern: Of its values.
        is_repeatable: Whether several are used together.
    """

    example: str = ""
    pattern: str = r"\S(?:.*\S)?"
    is_repeatable: bool = False


_SIZE = r"[1-9][0-9]*[BbKkMmGg]?"
_NUMBER = r"[0-9]+"

# https://docs.docker.com/reference/cli/docker/container/run/
ARGUMENTS: Mapping[str, Argument] = {
    "--add-host": Argument(example="db:10.0.0.2", pattern=r"[^\s:=]+[:=]\S+", is_repeatable=True),
    "--cap-add": Argument(example="SYS_PTRACE", pattern=r"[A-Za-z_]+", is_repeatable=True),
    "--cap-drop": Argument(example="ALL", pattern=r"[A-Za-z_]+", is_repeatable=True),
    "--cpus": Argument(
        example="1.5", pattern=r"(?=.*[1-9])[0-9]+(?:\.[0-9]+)?|\.[0-9]*[1-9][0-9]*"
    ),
    "--cpuset-cpus": Argument(
        example="0-3", pattern=rf"{_NUMBER}(?:-{_NUMBER})?(?:,{_NUMBER}(?:-{_NUMBER})?)*"
    ),
    "--device": Argument(example="/dev/fuse", pattern=r"/\S+", is_repeatable=True),
    "--dns": Argument(example="10.0.0.1", pattern=r"[0-9A-Fa-f.:]+", is_repeatable=True),
    "--env": Argument(
        example="OMP_NUM_THREADS=4", pattern=r"[A-Za-z_][A-Za-z0-9_]*=.*", is_repeatable=True
    ),
    "--group-add": Argument(example="video", pattern=r"[A-Za-z0-9_.-]+", is_repeatable=True),
    "--hostname": Argument(example="pets", pattern=r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"),
    "--init": Argument(),
    "--ipc": Argument(example="host", pattern=r"host|none|private|shareable|container:\S+"),
    "--memory": Argument(example="8g", pattern=_SIZE),
    "--memory-swap": Argument(example="16g", pattern=rf"-1|{_SIZE}"),
    "--network": Argument(example="none", pattern=r"[A-Za-z0-9][A-Za-z0-9_.:-]*"),
    "--pid": Argument(example="host", pattern=r"host|container:\S+"),
    "--privileged": Argument(),
    "--read-only": Argument(),
    "--security-opt": Argument(example="no-new-privileges", pattern=r"\S+", is_repeatable=True),
    "--tmpfs": Argument(example="/scratch:size=1g", pattern=r"/\S*", is_repeatable=True),
    "--ulimit": Argument(
        example="memlock=-1", pattern=r"[a-z]+=-?[0-9]+(?::-?[0-9]+)?", is_repeatable=True
    ),
}
"""Of every argument that is honoured, by its name."""

_INSTEAD: Mapping[str, str] = {
    "--gpus": "write `gpus` in `runtime`",
    "--shm-size": "write `shm` in `runtime`",
    "--volume": "write a `mount` in `runtime` (in YAML `mounts`)",
    "--mount": "write a `mount` in `runtime` (in YAML `mounts`)",
    "--user": "write `user` beside the blocks: it is a part of the image",
    "--workdir": "write `workdir` beside the blocks: it is a part of the image",
    "--entrypoint": "write `entrypoint` beside the blocks: it is a part of the image",
    "--label": "write `labels` beside the blocks: they are a part of the image",
    "--expose": "write `ports` beside the blocks: they are a part of the image",
    "--platform": "give it to `envc run`, which knows the platforms of the spec",
    "--name": "leave it out: every run gets a container of its own",
    "--rm": "leave it out: containers are removed after a run",
}
_SHORT: Mapping[str, str] = {
    "-v": "--volume",
    "-u": "--user",
    "-w": "--workdir",
    "-e": "--env",
    "-m": "--memory",
    "-h": "--hostname",
    "-l": "--label",
    "-c": "--cpus",
}


def argument(text: str) -> str:
    """Refuse what is not `--NAME` or `--NAME=VALUE` of the list."""
    name, value = split_argument(line(text))
    known = ARGUMENTS.get(name)
    if known is None:
        raise FieldError("E269", f"`{name}` is not an argument that envc gives", hint=_advise(text))
    if value is None and known.example:
        raise FieldError(
            "E269",
            f"`{name}` needs a value",
            hint=f"write both in one text, such as `{name}={known.example}`",
        )
    if value is not None and not known.example:
        raise FieldError(
            "E269", f"`{name}` takes no value", hint=f"write `{name}`, or leave it out"
        )
    if value is not None and not re.fullmatch(known.pattern, value):
        raise FieldError(
            "E269",
            f"`{value}` is not a value of `{name}`",
            hint=f"write one such as `{name}={known.example}`",
            part=(len(name) + 1, len(text)) if value else None,
        )
    return text


def split_argument(text: str) -> tuple[str, str | None]:
    """Return an argument's name and its value; None where it has none.

    >>> split_argument("--env=A=1"), split_argument("--init")
    (('--env', 'A=1'), ('--init', None))
    """
    name, sign, value = text.partition("=")
    return name, value if sign else None


def _advise(text: str) -> str:
    """Return advice for what is no argument of the list: the one that it may have meant."""
    name, value = re.fullmatch(r"(\S*?)(?:(?:=|\s+)(.*))?", text, re.DOTALL).groups()  # type: ignore[union-attr]
    long = _SHORT.get(name, name)
    if long in _INSTEAD:
        return _INSTEAD[long]
    if (known := ARGUMENTS.get(long)) is not None:
        return f"write `{long}={value or known.example}`" if known.example else f"write `{long}`"
    if not name.startswith("-"):
        return "write each argument with its value in one text, such as `--ipc=host`"
    if meant := suggest(name, ARGUMENTS):
        return f"did you mean `{meant}`?"
    return f"there are {', '.join(f'`{known}`' for known in ARGUMENTS)}"
