"""What values of the whole language may be: what is let pass, what is refused, and the advice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.spec import address, argument, copying, debian, field, metadata, moment, path, solve
from envc.spec.argument import ARGUMENTS
from envc.spec.direct import complain_on_address, direct_kind
from envc.spec.field import FieldError
from envc.spec.requirement import PipRequirement, parse_requirement

Rule = Callable[[str], str]

VALID: list[tuple[Rule, list[str]]] = [
    (
        moment.moment,
        [
            *("2026-01-31", "2024-02-29", "2026-01-31T12:00:00Z", "2026-01-31t00:00:00z"),
            *("2026-01-31T12:00:00.25+05:30", "2026-12-31T23:59:59-08:00"),
        ],
    ),
    (solve.cuda, ["none", "12.4", "11.0", "13.10"]),
    (solve.virtual_package, ["__glibc", "__cuda", "__archspec", "__linux", "__cuda_arch"]),
    (solve.virtual_version, ["2.28", "x86_64_v3", "12.4", "1!2.0", "0"]),
    (solve.channel_priority, ["strict", "disabled"]),
    (solve.distribution, ["six", "antlr4-python3-runtime", "Typing_Extensions", "zope.interface", "a"]),
    (
        debian.debian_package,
        ["git", "libstdc++6", "g++", "libfuse-dev=3.10.5-1", "vim=2:9.0.1378-2+b1", "a1=0~rc1"],
    ),
    (copying.mode, ["644", "0644", "0755", "4755", "000"]),
    (copying.owner, ["0", "1000:1000", "pets", "www-data:www-data", "1000:staff"]),
    (copying.ignore_pattern, ["*.pyc", "tests/", "/build", "**/x", "a[0-9]", r"\#a", r"\!a", "a b"]),
    (
        address.registry,
        ["registry.example.com", "localhost", "localhost:5000", "mine:5000", "[::1]:5000", "10.0.0.1"],
    ),
    (address.links_url, ["https://a.example/torch.html", "http://a.example:8080/"]),
    (path.dockerfile, ["Dockerfile", "docker/Dockerfile.base", "FROM debian:12\n", "# a\nFROM x\n"]),
    (path.interpreter, ["/usr/bin/python3", "/opt/mini conda/bin/python"]),
    (path.mount_source, ["data/", "./data", "a/b", ".", "/srv/data", "data", "my_volume.1-a"]),
    (path.mount_target, ["/data", "/a/b/", "/a b"]),
    (metadata.port_number, ["1", "8080", "65535"]),
    (field.workers, ["1", "16", "9999"]),
    (field.layers, ["1", "9", "10", "99", "100"]),
    (field.stage_name, ["runtime", "a-b_c.d", "Build"]),
]  # fmt: skip

WRONG: list[tuple[Rule, str, str, str]] = [
    (moment.moment, "2026-13-01", "E254", "check the day and the time"),
    (moment.moment, "2026-01-31T25:00:00Z", "E254", "check the day and the time"),
    (moment.moment, "0001-01-01T00:00:00+01:00", "E254", "check the day and the time"),
    (moment.moment, "9999-12-31", "E254", "check the day and the time"),
    (
        moment.moment,
        "2026-01-31T12:00:00",
        "E254",
        "add the zone: write `2026-01-31T12:00:00Z` for UTC",
    ),
    (moment.moment, "2026.1.31", "E254", "write `2026-01-31`"),
    (
        moment.moment,
        "31/01/2026",
        "E254",
        "write a date, such as `2026-01-31`, or a time, such as `2026-01-31T12:00:00Z`",
    ),
    (solve.cuda, "12.4.1", "E255", "write `12.4`: two numbers"),
    (solve.cuda, "v11", "E255", "write `11.0`: two numbers"),
    (solve.cuda, "cuda12.4", "E255", "write `12.4`: two numbers"),
    (solve.cuda, "cu118", "E255", "write `11.8`"),
    (solve.cuda, "cpu", "E255", "write `none`"),
    (solve.cuda, "12.04", "E255", "write two numbers, such as `12.4`, or `none`"),
    (solve.cuda, "latest", "E255", "write two numbers, such as `12.4`, or `none`"),
    (solve.virtual_package, "_glibc", "E256", "write `__glibc`"),
    (solve.virtual_package, "__GLIBC", "E256", "write `__glibc`"),
    (solve.virtual_package, "__", "E256", "a name starts with `__`, such as `__glibc`"),
    (solve.virtual_package, "__win", "E256", "remove it"),
    (solve.channel_priority, "Strict", "E258", "write `strict`"),
    (solve.channel_priority, "off", "E258", "write `strict` or `disabled`"),
    (
        solve.distribution,
        "six[x]",
        "E265",
        "write `six`: the version belongs to `packages` or `constraints`",
    ),
    (
        solve.distribution,
        "-x",
        "E265",
        "write the name that the index has, such as `antlr4-python3-runtime`",
    ),
    (debian.debian_package, "git==1.2", "E263", "write `git=1.2`"),
    (debian.debian_package, "git = 1.2", "E263", "write `git=1.2`"),
    (
        debian.debian_package,
        "g",
        "E263",
        "write NAME or NAME=VERSION, such as `git` or `libfuse-dev=3.10.5-1`",
    ),
    (
        debian.debian_package,
        "git=",
        "E263",
        "name one version, as in `git=1.2-1`, or none: apt takes no ranges",
    ),
    (copying.mode, "00644", "E260", "write `0644`"),
    (copying.mode, "0o644", "E260", "write `0644`"),
    (copying.mode, "64", "E260", "write three or four octal digits, such as `0644`"),
    (
        copying.mode,
        "rw-r--r--",
        "E260",
        "write it in octal digits, such as `0755` for `u=rwx,go=rx`",
    ),
    (
        copying.ignore_pattern,
        "a\\",
        "E262",
        "write one as in a .gitignore, such as `*.pyc` or `tests/`",
    ),
    (copying.ignore_pattern, " ", "E205", "fill it, or remove it"),
    (
        address.registry,
        "registry.example.com/team",
        "E251",
        "write `registry.example.com`, and the path in `image`",
    ),
    (address.registry, "https://registry.example.com", "E251", "write `registry.example.com`"),
    (
        address.registry,
        "[a]",
        "E251",
        "write a host, with a port where it has one, such as `registry.example.com:5000`",
    ),
    (
        address.registry,
        "a@b.example/c",
        "E213",
        "write `b.example`, and log in with `docker login b.example`",
    ),
    (
        path.dockerfile,
        "FROM debian:12",
        "E219",
        "name the image instead: `debian:12` as `image`; a text has line ends",
    ),
    (path.dockerfile, " \n ", "E205", "fill it, or remove it"),
    (
        path.dockerfile,
        "/Dockerfile",
        "E219",
        "put the file below the spec's folder, or move the spec up",
    ),
    (path.interpreter, "python", "E218", "write `/python`"),
    (path.interpreter, "/usr/bin/", "E218", "name the program in it: `/usr/bin/python`"),
    (
        path.mount_source,
        "../data",
        "E219",
        "put the file below the spec's folder, or move the spec up",
    ),
    (
        path.mount_source,
        "a",
        "E268",
        "write `./a` for a folder beside the spec; a volume's name has letters, digits, `_`, `.` "
        "and `-`",
    ),
    (path.mount_target, "//", "E268", "name a folder, such as `/data`"),
    (path.mount_target, "~/data", "E268", "write `/data`"),
    (metadata.port_number, "8080/tcp", "E242", "write `8080`"),
    (field.workers, "01", "E267", "write a number from 1 to 9999, such as `2`"),
    (field.layers, "0", "E272", "write a number from 1 to 100, such as `20`"),
    (field.layers, "101", "E272", "write a number from 1 to 100, such as `20`"),
    (field.layers, "020", "E272", "write a number from 1 to 100, such as `20`"),
    (
        field.stage_name,
        "0",
        "E270",
        "write what stands behind `AS` in the Dockerfile: letters, digits, `-`, `_` and `.`",
    ),
    (argument.argument, "--ipc", "E269", "write both in one text, such as `--ipc=host`"),
    (argument.argument, "--ipc=", "E269", "write one such as `--ipc=host`"),
    (
        argument.argument,
        "ipc=host",
        "E269",
        "write each argument with its value in one text, such as `--ipc=host`",
    ),
    (argument.argument, "-e A=1", "E269", "write `--env=A=1`"),
    (argument.argument, "--init on", "E269", "write `--init`"),
    (argument.argument, "-u=0", "E269", "write `user` beside the blocks: it is a part of the image"),
    (argument.argument, "--rm", "E269", "leave it out: containers are removed after a run"),
    (argument.argument, "--env=A", "E269", "write one such as `--env=OMP_NUM_THREADS=4`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "text"),
    [(rule, text) for rule, texts in VALID for text in texts],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_what_is_meant_is_let_pass_as_it_is(rule: Rule, text: str) -> None:
    assert rule(text) == text


@pytest.mark.parametrize(
    ("rule", "text", "code", "hint"),
    WRONG,
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_what_is_wrong_is_refused_with_advice(rule: Rule, text: str, code: str, hint: str) -> None:
    with pytest.raises(FieldError) as caught:
        rule(text)

    assert (caught.value.code, caught.value.hint) == (code, hint)


@pytest.mark.parametrize(("rule", "text", "code", "hint"), WRONG)
def test_advice_that_names_another_value_names_a_right_one(
    rule: Rule, text: str, code: str, hint: str
) -> None:
    assert code
    if better := re.match(r"write `([^`]+)`(?::|$| for UTC)", hint):
        assert rule(better[1]) == better[1] != text


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_arguments_own_example_is_let_pass(name: str) -> None:
    known = ARGUMENTS[name]
    text = f"{name}={known.example}" if known.example else name

    assert argument.argument(text) == text


@given(st.text(max_size=12))
def test_no_text_is_worse_than_a_refusal(text: str) -> None:
    for rule in [*(rule for rule, _ in VALID), argument.argument]:
        problem = None
        try:
            assert rule(text) == text
        except FieldError as error:
            problem = error
        assert problem is None or (re.fullmatch(r"E2[0-9]{2}", problem.code) and problem.hint)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", "2026-02-01T00:00:00Z"),
        ("2024-02-28", "2024-02-29T00:00:00Z"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31t12:00:00.500000+01:00", "2026-01-31T11:00:00.500000Z"),
    ],
)
def test_a_day_counts_as_a_whole_and_a_time_to_the_instant(text: str, instant: str) -> None:
    assert moment.moment_text(text) == instant


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("a @ https://x.example/a-1-py3-none-any.whl", "wheel", None),
        ("A_b @ https://x.example/d/a.b-1-py3-none-any.whl#sha256=00", "wheel", None),
        ("a @ http://x.example/a-1%2Bcpu-py3-none-any.whl", "wheel", None),
        ("a @ https://x.example/a-1.tar.gz", "sdist", None),
        ("a @ https://x.example/archive/main.zip", "sdist", None),
        ("a @ git+https://x.example/a@v1", "git", None),
        ("a @ git+ssh://x.example/a", "git", None),
        ("a @ hg+https://x.example/a", None, "the address of `a` leads to no package"),
        ("a @ file:///a-1-py3-none-any.whl", None, "the address of `a` leads to no package"),
        ("a @ https://x.example/a", None, "the address of `a` leads to no package"),
        ("a @ https://x.example/a.whl", "wheel", "`a.whl` is not the name of a wheel"),
        (
            "a @ https://x.example/b-1-py3-none-any.whl",
            "wheel",
            "`b-1-py3-none-any.whl` is a wheel of `b`, not of `a`",
        ),
    ],
)
def test_an_address_leads_to_a_package_of_its_name(
    text: str, kind: str | None, message: str | None
) -> None:
    requirement = parse_requirement(text)
    assert isinstance(requirement, PipRequirement)

    problem = complain_on_address(requirement)

    assert direct_kind(requirement.url) == kind
    assert (problem.message if problem is not None else None) == message
