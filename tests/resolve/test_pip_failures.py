"""What goes wrong around a pip request: each gives its own code, names what failed, and keeps secrets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envc.diagnostics import Diagnostic, draw, to_json
from envc.errors import EnvcError, InputError, ToolError
from envc.platform import PLATFORMS
from envc.resolve.base import (
    Conflict,
    IndexAccess,
    LocalWheel,
    PipRequest,
    PipResolution,
    PipSolver,
)
from envc.resolve.pip.pip_tools import Interpreter, PipTools
from envc.resolve.pip.uv import Uv
from support.index import Dist, IndexServer
from support.pip_world import HERE, ask, local_wheel, silent, solvers

CANARY = "c4n4ry-t0ken"
A10 = Dist(name="a", version="1.0", requires=("b",))
B10 = Dist(name="b", version="1.0")

each_solver = pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])


def _diagnostics(
    solver: PipSolver, request: PipRequest, kind: type[EnvcError]
) -> tuple[Diagnostic, ...]:
    with pytest.raises(kind) as caught:
        solver.resolve(request, silent)
    return caught.value.diagnostics


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@each_solver
def test_an_index_that_does_not_answer_is_named(number: int, tmp_path: Path) -> None:
    url = f"{_free_address()}/simple"
    request = ask("a", index=[IndexAccess(url=url)])

    found = _diagnostics(solvers(tmp_path)[number], request, ToolError)

    assert [(one.code, one.message) for one in found] == [
        ("E335", f"index `{url}` cannot be reached: the connection was refused")
    ]


@each_solver
def test_a_host_that_speaks_no_tls_cannot_be_reached(number: int, tmp_path: Path) -> None:
    with IndexServer([B10]) as index:
        url = index.url.replace("http:", "https:")
        request = ask("b", index=[IndexAccess(url=url)])

        found = _diagnostics(solvers(tmp_path)[number], request, ToolError)

    assert [one.code for one in found] == ["E335"]
    assert f"index `{url}` cannot be reached" in found[0].message


@each_solver
@pytest.mark.parametrize("status", [400, 500, 503])
def test_an_index_that_fails_is_named_with_its_status(
    status: int, number: int, tmp_path: Path
) -> None:
    with IndexServer([B10], failures={"/simple/": status}) as index:
        found = _diagnostics(solvers(tmp_path)[number], ask("b", index=index), ToolError)

        message = f"index `{index.url}` failed: it answered with status {status}"
        assert [(one.code, one.message) for one in found] == [("E337", message)]


@each_solver
def test_an_index_that_fails_on_a_dependency_is_named(number: int, tmp_path: Path) -> None:
    with IndexServer([A10, B10], failures={"/simple/b/": 503}) as index:
        found = _diagnostics(solvers(tmp_path)[number], ask("a", index=index), ToolError)

        message = f"index `{index.url}` failed: it answered with status 503"
        assert [(one.code, one.message) for one in found] == [("E337", message)]


@each_solver
def test_a_file_that_the_index_lists_and_does_not_have_is_named(
    number: int, tmp_path: Path
) -> None:
    with IndexServer([B10], failures={"/files/": 404}) as index:
        found = _diagnostics(solvers(tmp_path)[number], ask("b", index=index), ToolError)

        message = (
            f"the file `b-1.0-py3-none-any.whl` of index `{index.url}` cannot be used: "
            "it is not there"
        )
        assert [(one.code, one.message) for one in found] == [("E337", message)]


def test_an_index_that_fails_for_uv_only_is_told_in_its_words(tmp_path: Path) -> None:
    def fail_at_first() -> None:
        index.failures.clear()
        if not index.requests:
            index.failures["/"] = 503

    # Of two indexes, nothing is fetched ahead: uv is the first who asks.
    with IndexServer([B10], watch=fail_at_first) as index, IndexServer() as other:
        (found,) = _diagnostics(solvers(tmp_path)[0], ask("b", index=[index, other]), ToolError)

        assert (found.code, found.message) == (
            "E335",
            f"`uv` cannot fetch from index `{index.url}`",
        )
        assert "503" in found.notes[0]


def test_a_uv_that_cannot_work_is_a_failed_tool(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where a folder should be")
    with IndexServer([B10]) as index:
        solver = Uv(cache=blocked, environment={}, retries=0)
        (found,) = _diagnostics(solver, ask("b", index=index), ToolError)

    assert (found.code, found.message) == ("E338", "`uv` failed")


def test_a_pip_tools_that_cannot_work_is_a_failed_tool(tmp_path: Path) -> None:
    broken = tmp_path / "piptools"
    broken.mkdir()
    (broken / "__init__.py").touch()
    (broken / "__main__.py").write_text("raise SystemExit('this is not pip-tools')\n")
    environment = {"PYTHONPATH": str(tmp_path)}
    with IndexServer([B10]) as index:
        solver = PipTools(cache=tmp_path / "cache", environment=environment, retries=0)
        (found,) = _diagnostics(solver, ask("b", index=index), ToolError)

    assert (found.code, found.message, found.notes) == (
        "E338",
        "`pip-tools` failed",
        ("this is not pip-tools",),
    )


@each_solver
def test_a_page_that_is_no_index_page_has_no_such_distribution(number: int, tmp_path: Path) -> None:
    with IndexServer(pages={"b": "<html><h1>Sign in, please</h1>"}) as index:
        found = _diagnostics(solvers(tmp_path)[number], ask("b", index=index), InputError)

    assert [one.code for one in found] == ["E324"]


@each_solver
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", ["a", "b"], ids=["of the spec", "of a dependency"])
def test_an_index_that_refuses_is_named_with_its_secret(
    name: str, status: int, number: int, tmp_path: Path
) -> None:
    with IndexServer([A10, B10], failures={f"/simple/{name}/": status}) as index:
        access = IndexAccess(url=index.url, secret="PYPI_TOKEN", credentials=f"me:{CANARY}")

        found = _diagnostics(solvers(tmp_path)[number], ask("a", index=[access]), ToolError)

        assert [(one.code, one.message) for one in found] == [
            ("E336", f"index `{index.url}` refuses access with status {status}")
        ]
        assert "`PYPI_TOKEN`" in found[0].hint


@each_solver
def test_an_index_that_wants_credentials_the_spec_does_not_name_gets_a_hint(
    number: int, tmp_path: Path
) -> None:
    with IndexServer([B10], credentials="me:secret") as index:
        found = _diagnostics(solvers(tmp_path)[number], ask("b", index=index), ToolError)

    assert found[0].hint == 'name the secret that holds its credentials: `index "…" secret NAME`'


@each_solver
@pytest.mark.parametrize(
    ("wanted", "given"),
    [(f"me:{CANARY}", f"me:{CANARY}"), (f"__token__:{CANARY}", CANARY), ("a:b:c@/%", "a:b:c@/%")],
    ids=["user and password", "a token", "a password with signs"],
)
def test_credentials_open_an_index(wanted: str, given: str, number: int, tmp_path: Path) -> None:
    with IndexServer([A10, B10], credentials=wanted) as index:
        access = IndexAccess(url=index.url, secret="PYPI_TOKEN", credentials=given)

        answer = solvers(tmp_path)[number].resolve(ask("a", index=[access]), silent)

    assert isinstance(answer, PipResolution)
    assert [package.name for package in answer.packages] == ["a", "b"]
    assert CANARY not in answer.packages[0].model_dump_json()


@each_solver
def test_each_index_gets_its_own_credentials(number: int, tmp_path: Path) -> None:
    with (
        IndexServer([A10], credentials="one:1") as first,
        IndexServer([B10], credentials="two:2") as second,
    ):
        access = [
            IndexAccess(url=first.url, secret="ONE", credentials="one:1"),
            IndexAccess(url=second.url, secret="TWO", credentials="two:2"),
        ]

        answer = solvers(tmp_path)[number].resolve(ask("a", index=access), silent)

    assert isinstance(answer, PipResolution)
    assert [package.index for package in answer.packages] == [first.url, second.url]


_FAILING: list[tuple[str, dict[str, int], list[str]]] = [
    ("a 503", {"/simple/b/": 503}, ["a"]),
    ("a 401", {"/simple/": 401}, ["a"]),
    ("a missing file", {"/files/": 404}, ["a"]),
    ("a conflict", {}, ["a", "b>5"]),
    ("an unknown name", {}, ["nope"]),
]


@each_solver
@pytest.mark.parametrize(
    ("failures", "requirements"),
    [pytest.param(failures, names, id=name) for name, failures, names in _FAILING],
)
def test_no_failure_shows_a_credential(
    failures: dict[str, int], requirements: list[str], number: int, tmp_path: Path
) -> None:
    lines: list[str] = []
    with IndexServer([A10, B10], credentials=f"me:{CANARY}", failures=failures) as index:
        access = IndexAccess(url=index.url, secret="PYPI_TOKEN", credentials=f"me:{CANARY}")
        request = ask(*requirements, index=[access])
        try:
            answer = solvers(tmp_path)[number].resolve(request, lines.append)
        except EnvcError as error:
            text = draw(error.diagnostics) + json.dumps([to_json(o) for o in error.diagnostics])
        else:
            assert isinstance(answer, Conflict)
            text = repr(answer)

    assert text
    assert CANARY not in text + repr(request) + "".join(lines)
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert CANARY.encode() not in file.read_bytes()


def _mirrored(index: IndexServer, *entries: str) -> PipRequest:
    canonical = IndexAccess(url="https://pypi.example/simple")
    return ask("a", index=[canonical], mirrors=entries)


@each_solver
def test_a_mirror_is_asked_and_the_answer_has_canonical_addresses_only(
    number: int, tmp_path: Path
) -> None:
    with IndexServer([A10, B10]) as index:
        request = _mirrored(
            index,
            f"https://pypi.example/simple={index.url}",
            f"https://files.example/packages={index.address}/files",
        )

        answer = solvers(tmp_path)[number].resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert [(package.url, package.index) for package in answer.packages] == [
        (
            f"https://files.example/packages/{name}-1.0-py3-none-any.whl",
            "https://pypi.example/simple",
        )
        for name in ("a", "b")
    ]


@each_solver
def test_a_file_of_a_mirror_that_no_entry_covers_is_refused(number: int, tmp_path: Path) -> None:
    with IndexServer([A10, B10]) as index:
        request = _mirrored(index, f"https://pypi.example/simple={index.url}")

        found = _diagnostics(solvers(tmp_path)[number], request, ToolError)

        assert [one.code for one in found] == ["E339"]
        assert f"{index.address}/files" in found[0].hint


@each_solver
def test_a_mirror_whose_pages_link_to_canonical_addresses_needs_one_entry(
    number: int, tmp_path: Path
) -> None:
    with (
        IndexServer([B10]) as files,
        IndexServer([B10], links="absolute", files_url=files.address) as index,
    ):
        canonical = IndexAccess(url="https://pypi.example/simple")
        mirror = f"https://pypi.example/simple={index.url}"

        answer = solvers(tmp_path)[number].resolve(
            ask("b", index=[canonical], mirrors=[mirror]), silent
        )

        assert isinstance(answer, PipResolution)
        assert [package.url for package in answer.packages] == [
            f"{files.address}/files/b-1.0-py3-none-any.whl"
        ]


def test_a_local_file_that_is_no_wheel_is_refused_where_it_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "pets-1.0-py3-none-any.whl"
    broken.write_bytes(b"not a zip archive")
    empty = local_wheel(tmp_path, Dist(name="dogs", version="1.0"))
    misnamed = empty.file.rename(empty.file.with_name("cats-1.0-py3-none-any.whl"))
    unnamed = empty.file.with_name("dogs.whl")
    unnamed.write_bytes(misnamed.read_bytes())
    wheels = [
        LocalWheel(path=file.name, file=file, sha256="0" * 64, size=1)
        for file in (broken, misnamed, unnamed, tmp_path / "gone-1.0-py3-none-any.whl")
    ]
    with IndexServer() as index:
        found = _diagnostics(solvers(tmp_path)[0], ask(index=index, wheels=wheels), InputError)

    assert [(one.code, one.message) for one in found] == [
        ("E321", "`pets-1.0-py3-none-any.whl` is not a wheel: it is not a zip archive"),
        (
            "E321",
            "`cats-1.0-py3-none-any.whl` is not a wheel: "
            "it has no `.dist-info/METADATA` of its name",
        ),
        ("E321", "`dogs.whl` is not a wheel: its name is not a wheel's"),
        ("E321", "`gone-1.0-py3-none-any.whl` is not a wheel: it cannot be read"),
    ]


@pytest.mark.parametrize(
    ("tag", "requires_python"),
    [("cp27-cp27mu-manylinux1_x86_64", None), ("py3-none-win32", None), ("py3-none-any", ">=3.99")],
)
def test_a_local_wheel_for_another_target_is_refused(
    tag: str, requires_python: str | None, tmp_path: Path
) -> None:
    dist = Dist(name="pets", version="1.0", requires_python=requires_python)
    wheel = local_wheel(tmp_path, dist, tag)
    with IndexServer() as index:
        found = _diagnostics(solvers(tmp_path)[0], ask(index=index, wheels=[wheel]), InputError)

    assert [one.code for one in found] == ["E322"]


def test_two_local_wheels_of_one_distribution_are_refused(tmp_path: Path) -> None:
    wheels = [
        local_wheel(tmp_path, Dist(name="pets", version=version)) for version in ("1.0", "2.0")
    ]
    with IndexServer() as index:
        found = _diagnostics(solvers(tmp_path)[0], ask(index=index, wheels=wheels), InputError)

    message = f"`{wheels[1].path}` and `{wheels[0].path}` are both `pets`"
    assert [(one.code, one.message) for one in found] == [("E323", message)]


def test_a_local_wheel_of_what_conda_provides_is_a_conflict(tmp_path: Path) -> None:
    wheel = local_wheel(tmp_path, Dist(name="pets", version="1.0"))
    with IndexServer() as index:
        request = ask(index=index, wheels=[wheel], provided={"pets": "1.0"})

        answer = solvers(tmp_path)[0].resolve(request, silent)

    assert isinstance(answer, Conflict)
    assert answer.message == (
        "`pets` comes from both sides: the local wheel `dist/pets-1.0-py3-none-any.whl` is "
        "`pets` 1.0, and Conda provides `pets` 1.0"
    )


def test_a_conda_version_that_is_no_python_version_is_refused(tmp_path: Path) -> None:
    with IndexServer() as index:
        request = ask("a", index=index, provided={"a": "9f"})

        found = _diagnostics(solvers(tmp_path)[0], request, InputError)

    message = "Conda provides `a` at `9f`, which is no Python version"
    assert [(one.code, one.message) for one in found] == [("E328", message)]


@pytest.mark.parametrize(
    "text",
    ["a @ https://example.com/a-1.0.egg", "a = 1", "-e ."],
)
def test_what_is_no_requirement_on_versions_is_refused_where_it_is_written(
    text: str, tmp_path: Path
) -> None:
    with IndexServer() as index:
        found = _diagnostics(solvers(tmp_path)[0], ask(text, index=index), InputError)

        assert [(one.code, one.labels[0].span.text) for one in found] == [("E329", text)]
        assert index.requests == []


@pytest.mark.parametrize("glibc", ["2.12", "1.0", "musl", "2"])
def test_a_glibc_that_no_wheel_is_resolved_for_is_refused(glibc: str, tmp_path: Path) -> None:
    with IndexServer([B10]) as index:
        found = _diagnostics(solvers(tmp_path)[0], ask("b", index=index, glibc=glibc), InputError)

    assert [one.code for one in found] == ["E322"]


HERE_RUNNING = Interpreter(
    version="3.12.7", implementation="cpython", system="linux", machine=HERE.machine, glibc="2.36"
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "3.11.7"}, "Python 3.12 is wanted, and it runs in 3.11.7"),
        ({"version": "3.1.2"}, "Python 3.12 is wanted, and it runs in 3.1.2"),
        ({"implementation": "pypy"}, "Python 3.12 is wanted, and it runs in 3.12.7"),
        ({"glibc": "2.9"}, "glibc 2.36 is wanted, and it runs with 2.9"),
        ({"glibc": None}, "glibc 2.36 is wanted, and it runs with none"),
    ],
)
def test_pip_tools_names_uv_where_it_does_not_run_in_the_target(
    changes: dict[str, str | None], reason: str, tmp_path: Path
) -> None:
    interpreter: Interpreter = replace(HERE_RUNNING, **changes)  # type: ignore[arg-type]
    solver = PipTools(cache=tmp_path, environment={}, interpreter=interpreter)
    with IndexServer([B10]) as index:
        request = ask("b", index=index, python_version="3.12", glibc="2.36")

        found = _diagnostics(solver, request, InputError)

        assert [(one.code, one.message, one.hint) for one in found] == [
            (
                "E330",
                f"`pip-tools` resolves only for where it runs: {reason}",
                "use `--pip-solver uv`, which resolves for any target",
            )
        ]
        assert index.requests == []


def test_pip_tools_names_uv_for_another_machine(tmp_path: Path) -> None:
    other = next(one for one in PLATFORMS.values() if one != HERE)
    with IndexServer([B10]) as index:
        request = ask("b", index=index, target=other)

        found = _diagnostics(solvers(tmp_path)[1], request, InputError)

    assert [one.code for one in found] == ["E330"]


@pytest.mark.parametrize(
    ("python_version", "platform", "glibc", "filename"),
    [
        ("3.13", "linux/arm64", "2.36", "x-1.0-cp313-cp313-manylinux_2_28_aarch64.whl"),
        ("3.13.1", "linux/amd64", "2.36", "x-1.0-cp313-cp313-manylinux_2_35_x86_64.whl"),
        ("3.12", "linux/amd64", "2.30", "x-1.0-cp39-abi3-manylinux2014_x86_64.whl"),
        ("3.12", "linux/amd64", "2.99", "x-1.0-cp39-abi3-manylinux2014_x86_64.whl"),
        ("3.8", "linux/arm64", "2.17", "x-1.0-py3-none-any.whl"),
    ],
)
def test_uv_resolves_for_any_target_from_here(
    python_version: str, platform: str, glibc: str, filename: str, tmp_path: Path
) -> None:
    tags = (
        "py3-none-any",
        "cp39-abi3-manylinux2014_x86_64",
        "cp313-cp313-manylinux_2_28_aarch64",
        "cp313-cp313-manylinux_2_35_x86_64",
        "cp313-cp313t-manylinux_2_35_x86_64",
        "cp313-cp313-musllinux_1_2_x86_64",
    )
    with IndexServer([Dist(name="x", version="1.0", tags=tags)]) as index:
        request = ask(
            "x",
            index=index,
            target=PLATFORMS[platform],
            python_version=python_version,
            glibc=glibc,
        )

        answer = solvers(tmp_path)[0].resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert [package.filename for package in answer.packages] == [filename]


def test_markers_are_evaluated_for_the_target_and_not_for_this_machine(tmp_path: Path) -> None:
    with IndexServer([A10, B10]) as index:
        request = ask(
            "b ; platform_machine == 'aarch64' and python_full_version == '3.13.0'",
            "nope ; platform_machine == 'x86_64'",
            index=index,
            target=PLATFORMS["linux/arm64"],
            python_version="3.13",
        )

        answer = solvers(tmp_path)[0].resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert [package.name for package in answer.packages] == ["b"]


Make = Callable[[Path, dict[str, str]], PipSolver]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder, given: Uv(cache=folder / "cache", environment=given, retries=0),
        lambda folder, given: PipTools(cache=folder / "cache", environment=given, retries=0),
    ],
    ids=["uv", "pip-tools"],
)
def test_settings_files_and_netrc_of_the_user_do_not_count(make: Make, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for path, text in {
        ".netrc": "machine 127.0.0.1 login me password secret\n",
        ".config/pip/pip.conf": "[global]\nindex-url = http://127.0.0.1:1/wrong\nno-binary = :all:\n",
        ".config/uv/uv.toml": 'resolution = "lowest"\n',
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    environment = {
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PATH": "/usr/bin:/bin",
    }
    with IndexServer([B10, Dist(name="b", version="2.0")]) as index:
        answer = make(tmp_path, environment).resolve(ask("b", index=index), silent)
    with IndexServer([B10], credentials="me:secret") as closed:
        found = _diagnostics(make(tmp_path, environment), ask("b", index=closed), ToolError)

    assert isinstance(answer, PipResolution)
    assert [(package.name, package.version) for package in answer.packages] == [("b", "2.0")]
    assert [one.code for one in found] == ["E336"]


def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    solver = Uv(cache=tmp_path, environment={"SSL_CERT_FILE": "/no/a.pem"})
    with IndexServer([B10]) as index:
        found = _diagnostics(solver, ask("b", index=index), ToolError)

    assert [(one.code, one.message) for one in found] == [
        ("E335", "there are no certificates at `/no/a.pem`")
    ]
