"""What builds need of a base is found out when it is locked."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.resolve.image.conclusion import Inspected
from envc.resolve.image.fitness import Fitness, check_fitness, read_fitness
from envc.resolve.image.inspection import inspect_base
from support.engine import EngineWorld, open_engine_world


def check(
    fitness: Fitness, *, copies: bool = False, installs: bool = True, variables: str = ""
) -> tuple[Diagnostic, ...]:
    names = dict.fromkeys(variables.split(), "")
    return check_fitness(
        fitness, "team/base:1", None, copies=copies, installs=installs, variables=names
    )


def refused(fitness: Fitness, *, copies: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        check(fitness, copies=copies)
    return [(one.code, one.message) for one in caught.value.diagnostics]


def test_what_the_probe_does_not_print_is_right() -> None:
    assert read_fitness({"glibc": "2.36"}, ()) == Fitness()
    assert check(Fitness(), copies=True) == ()


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = {"lacks-touch": "yes", "lacks-find": "yes", "lacks-id": "yes", "opt": "taken"}

    fitness = read_fitness(found, ("RUN echo hi",))

    assert refused(fitness) == [
        (
            "E377",
            "the base `team/base:1` lacks GNU's `find`, `id` and GNU's `touch`, which builds need",
        ),
        (
            "E378",
            "no environment can lie in `/opt/env` of the base `team/base:1`: something is there already",
        ),
        ("E379", "building on the base `team/base:1` sets off instructions of its own (ONBUILD)"),
    ]


def test_only_copies_need_tar() -> None:
    without = Fitness(lacks=("tar",))

    assert check(without) == ()
    assert refused(without, copies=True) == [
        ("E377", "the base `team/base:1` lacks GNU's `tar`, which builds need")
    ]


@pytest.mark.parametrize("opt", ["link", "taken", "volume"])
def test_only_an_environment_needs_a_plain_opt(opt: str) -> None:
    assert check(Fitness(opt=opt), installs=False) == ()
    assert [code for code, _ in refused(Fitness(opt=opt))] == ["E378"]


def test_a_variable_that_python_obeys_is_odd_unless_the_spec_sets_it() -> None:
    fitness = Fitness(sets=("PYTHONHOME", "PYTHONPATH"))

    (warning,) = check(fitness, variables="PYTHONHOME")

    assert (warning.code, warning.message) == (
        "W371",
        "the base `team/base:1` sets `PYTHONPATH`, which the environment's Python obeys",
    )
    assert check(fitness, installs=False) == ()


@pytest.fixture(scope="module")
def world() -> Iterator[EngineWorld]:
    opened = open_engine_world()
    yield opened
    opened.engine.close()


def look_into(world: EngineWorld, lines: str) -> Inspected:
    """Look into a base that is made by some lines of a Dockerfile."""
    name = f"{world.registry}/envc-test-{uuid.uuid4().hex[:12]}:1"
    build = ["docker", "buildx", "build", "--quiet", "--push", "-t", name, "-"]
    text = f"FROM {world.python_base}\n{lines}"
    subprocess.run(build, input=text, capture_output=True, text=True, check=True)
    try:
        return inspect_base(
            ImageReference.parse(name),
            PLATFORMS["linux/amd64"],
            registry=Registry(environment=world.environment),
            engine=lambda: world.engine,
            needs_python=False,
            declared_python=None,
            report=lambda _: None,
        )
    finally:
        world.engine.untag(name)


@pytest.mark.engine
def test_a_real_base_will_do_whoever_it_runs_as(world: EngineWorld) -> None:
    lines = 'ENTRYPOINT ["/bin/false"]\nWORKDIR /srv\nVOLUME /data\nUSER nobody\n'

    assert look_into(world, lines).fitness == Fitness()


@pytest.mark.engine
def test_a_real_base_tells_all_that_is_in_the_way(world: EngineWorld) -> None:
    lines = """RUN rm /usr/bin/find /usr/bin/tar && rmdir /opt && ln -s /usr/local /opt
ENV PYTHONHOME=/usr PYTHONPATH=/srv
ONBUILD RUN echo hi
"""

    assert look_into(world, lines).fitness == Fitness(
        lacks=("find", "tar"),
        opt="link",
        sets=("PYTHONHOME", "PYTHONPATH"),
        triggers=("RUN echo hi",),
    )


@pytest.mark.engine
@pytest.mark.parametrize(
    ("lines", "opt"), [("VOLUME /opt\n", "volume"), ("RUN mkdir -p /opt/env\n", "taken")]
)
def test_a_real_base_whose_opt_is_of_no_use_is_known(
    world: EngineWorld, lines: str, opt: str
) -> None:
    assert look_into(world, lines).fitness == Fitness(opt=opt)


@pytest.mark.engine
def test_programs_that_know_less_than_gnus_count_as_missing(world: EngineWorld) -> None:
    # As busybox does it: neither `-cnewer` nor `@SECONDS`.
    lines = r"""RUN mv /usr/bin/find /usr/bin/gnu-find && mv /usr/bin/touch /usr/bin/gnu-touch \
 && printf '#!/bin/sh\ncase "$*" in *-cnewer*) exit 1; esac\nexec gnu-find "$@"\n' >/usr/bin/find \
 && printf '#!/bin/sh\ncase "$*" in *@*) exit 1; esac\nexec gnu-touch "$@"\n' >/usr/bin/touch \
 && chmod 755 /usr/bin/find /usr/bin/touch
"""

    assert look_into(world, lines).fitness == Fitness(lacks=("find", "touch"))
