"""What several variants ask about one image is asked once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envc.errors import EnvcError, InputError
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.resolve.image.conclusion import Inspected
from envc.resolve.image.inspector import ImageInspector
from support.registry import FakeRegistry

AMD64 = PLATFORMS["linux/amd64"]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with `pets:1`, which says which Python it has."""
    with FakeRegistry() as served:
        served.add_image("pets", "1", variables=["PYTHON_VERSION=3.12.7"])
        yield served


@pytest.fixture
def inspector(tmp_path: Path) -> Iterator[ImageInspector]:
    """An inspector without an engine."""
    environment = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "DOCKER_CONFIG": str(tmp_path)}
    opened = ImageInspector(environment=environment, mirrors=MirrorMap())
    yield opened
    opened.close()


def ask(
    inspector: ImageInspector, image: str, said: list[str], *, declared: str | None = None
) -> Inspected:
    return inspector.inspect_base(
        ImageReference.parse(image),
        AMD64,
        needs_python=True,
        declared_python=declared,
        declared_glibc="2.36",
        span=None,
        report=said.append,
    )


def test_a_base_of_many_variants_is_looked_into_once(
    registry: FakeRegistry, inspector: ImageInspector
) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(max_workers=8) as pool:
        futures = [pool.submit(ask, inspector, f"{registry.host}/pets:1", said) for _ in range(8)]

    answers = [future.result() for future in futures]

    assert {answer.base.python for answer in answers} == {"3.12.7"}
    assert sorted(said) == sorted(set(said))
    assert len({path for path in registry.paths if "/manifests/" in path}) == 1


def test_another_question_about_a_base_is_asked_anew(
    registry: FakeRegistry, inspector: ImageInspector
) -> None:
    first: list[str] = []
    second: list[str] = []
    ask(inspector, f"{registry.host}/pets:1", first)

    answer = ask(inspector, f"{registry.host}/pets:1", second, declared="3.12")

    assert answer.base.python == "3.12.7"
    assert (first, second) == ([f"asking for {registry.host}/pets:1"], [])


def test_an_image_that_is_base_and_installs_is_told_of_once(
    registry: FakeRegistry, inspector: ImageInspector
) -> None:
    said: list[str] = []
    ask(inspector, f"{registry.host}/pets:1", said)

    reference = ImageReference.parse(f"{registry.host}/pets:1")
    tools = inspector.inspect_tools(reference, AMD64, report=said.append)

    assert tools.base.python == "3.12.7"
    assert said == [f"asking for {registry.host}/pets:1"]


def test_what_fails_fails_for_all_that_ask(
    registry: FakeRegistry, inspector: ImageInspector
) -> None:
    said: list[str] = []
    failures: list[EnvcError] = []
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            ask(inspector, f"{registry.host}/none:1", said)
        failures.append(caught.value)

    assert [failure.diagnostics[0].code for failure in failures] == ["E370", "E370"]
    assert len([path for path in registry.paths if "/none/manifests/" in path]) == 1
