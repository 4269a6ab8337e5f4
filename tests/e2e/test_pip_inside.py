"""pip-tools runs in a real base where the target is not like the Python of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from envc.errors import InputError
from envc.lock.model import BaseImage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.reference import ImageReference
from envc.resolve.base import IndexAccess, PipResolution, Report
from envc.resolve.image.inspector import ImageInspector
from envc.resolve.pip.inside import Inside, InsideEngine, Line
from envc.resolve.pip.pip_tools import PipTools
from envc.resolve.pip.place import Interpreter
from envc.resolve.pip.uv import Uv
from envc.resolve.pip.wheelhouse import WHEELS, bring_tools
from support.engine import EngineWorld
from support.index import Dist, IndexServer
from support.pip_world import ask, silent

pytestmark = [pytest.mark.engine, pytest.mark.network]

ELSEWHERE = replace(Interpreter.running(), version="3.8.1")
DISTS = [
    Dist(name="a", version="1.0", requires=("b>1", 'c ; python_version >= "3.9"')),
    Dist(name="b", version="1.0"),
    Dist(name="b", version="2.0"),
    Dist(name="c", version="1.0rc1"),
]


SECRET = "canary-of-an-index"
NATIVE = PLATFORMS["linux/amd64"] if os.uname().machine == "x86_64" else PLATFORMS["linux/arm64"]


class Recorder:
    """The engine, which keeps all that goes into containers."""

    def __init__(self, world: EngineWorld) -> None:
        self.given: list[bytes] = []
        self._engine = world.engine

    def platform(self) -> str:
        return self._engine.platform()

    @contextmanager
    def converse(
        self,
        reference: ImageReference,
        platform: Platform,
        command: Sequence[str],
        files: Mapping[str, bytes],
        *,
        report: Report = silent,
    ) -> Iterator[Line | None]:
        self.given += [*files.values(), repr(command).encode()]
        with self._engine.converse(reference, platform, command, files, report=report) as line:
            yield _Line(line, self.given) if line is not None else None


class _Line:
    def __init__(self, line: Line, given: list[bytes]) -> None:
        self._line = line
        self._given = given

    @property
    def complaint(self) -> str:
        return self._line.complaint

    def say(self, message: Mapping[str, Any]) -> None:
        self._given.append(repr(message).encode())
        self._line.say(message)

    def hear(self) -> dict[str, Any] | None:
        return self._line.hear()


def look_into(world: EngineWorld, name: str) -> BaseImage:
    """Return what a lock says of an image of the world."""
    inspector = ImageInspector(environment=world.environment, mirrors=MirrorMap())
    with contextlib.closing(inspector):
        return inspector.inspect_base(
            ImageReference.parse(name),
            NATIVE,
            needs_python=name == world.python_base,
            declared_python=None,
            declared_glibc=None,
            span=None,
            report=silent,
        ).base


def pip_tools(engine: InsideEngine, cache: Path, environment: Mapping[str, str]) -> PipTools:
    """Return pip-tools on a machine whose Python is for no target."""
    tools = partial(bring_tools, cache, environment, retries=0)
    return PipTools(
        cache=cache,
        environment=environment,
        interpreter=ELSEWHERE,
        inside=Inside(engine=lambda: engine, tools=tools),
    )


def test_pip_tools_in_a_base_answers_as_uv_does_and_gets_no_credential(
    world: EngineWorld, tmp_path: Path
) -> None:
    recorder = Recorder(world)
    base = look_into(world, world.python_base)
    solver = pip_tools(recorder, tmp_path / "inside", world.environment)
    uv = Uv(cache=tmp_path / "uv", environment=world.environment)
    with IndexServer(DISTS, credentials=f"keeper:{SECRET}") as index:
        access = IndexAccess(url=index.url, secret="TOKEN", credentials=f"keeper:{SECRET}")
        asked = ask("a", index=[access], python_version=base.python or "", target=NATIVE)
        request = replace(asked, base=base)
        answer, expected = solver.resolve(request, silent), uv.resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert answer == expected
    pins = [f"{one.name} {one.version}" for one in answer.packages]
    assert pins == ["a 1.0", "b 2.0", "c 1.0rc1"]
    assert not any(SECRET.encode() in one for one in recorder.given)
    assert {file.name for file in (tmp_path / "inside/wheels").iterdir()} == set(WHEELS.values())

    # What was fetched once is not fetched again.
    unreachable = MirrorMap((("https://pypi.org", "http://127.0.0.1:1"),))
    assert bring_tools(tmp_path / "inside", {}, unreachable, retries=0) != {}


def test_a_base_without_python_is_told(world: EngineWorld, tmp_path: Path) -> None:
    base = look_into(world, world.base)
    solver = pip_tools(world.engine, tmp_path, world.environment)
    with IndexServer(DISTS) as index, pytest.raises(InputError) as caught:
        solver.resolve(replace(ask("a", index=index, target=NATIVE), base=base), silent)

    (problem,) = caught.value.diagnostics
    assert problem.code == "E330"
    note = f"in the base it cannot run either: `{base.image}` has no `python3`"
    assert problem.notes == (note,)


def test_a_container_is_talked_with_until_it_ends(world: EngineWorld) -> None:
    reference = ImageReference.parse(world.base)
    script = "read line; cat /given; echo strange; echo complaint >&2; echo '{\"heard\": 2}'"
    files = {"/given": b'{"heard": 1}\n'}
    with world.engine.converse(reference, NATIVE, ["sh", "-c", script], files) as line:
        assert line is not None
        line.say({"go": True})
        heard = [line.hear(), line.hear(), line.hear()]
        line.say({"nobody": "hears"})
        complaint = line.complaint

    assert heard == [{"heard": 1}, {"heard": 2}, None]
    assert sorted(complaint.splitlines()) == ["complaint", "strange"]


def test_a_container_without_the_program_has_no_line(world: EngineWorld) -> None:
    reference = ImageReference.parse(world.base)

    with world.engine.converse(reference, NATIVE, ["/no/program"], {}) as line:
        assert line is None
