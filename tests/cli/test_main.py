"""The command line as a whole: streams, exit codes, and what it says when it is used wrongly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import envc as package
from envc import pipeline
from envc.cli.verb import VERBS
from envc.lock.codec import dumps
from support.workspace import CONDA_SPEC, SPEC, EnvcMain, lock_of


def test_help_is_data_and_names_every_verb(envc: EnvcMain) -> None:
    ran = envc("--help")

    assert (ran.code, ran.err) == (0, "")
    assert all(f"\n  {verb} " in ran.out for verb in VERBS)


def test_without_a_verb_the_help_is_an_error(envc: EnvcMain) -> None:
    ran = envc()

    assert (ran.code, ran.out) == (2, "")
    assert "usage: envc VERB" in ran.err


def test_the_version_is_that_of_the_package(envc: EnvcMain) -> None:
    assert envc("--version").out == f"envc {package.__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(envc: EnvcMain, verb: str) -> None:
    ran = envc(verb, "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: envc {verb}")
    assert "--json" in ran.out


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("chek",), "unknown verb `chek`", "did you mean `envc check`?"),
        (("frobnicate",), "unknown verb `frobnicate`", "`envc --help` lists the verbs"),
        (
            ("--json", "check"),
            "unknown option `--json`",
            "write the verb first: `envc VERB …`; `envc --help` lists the verbs",
        ),
        (("hash", "--spce", "x"), "unknown option `--spce`", "did you mean `--spec`?"),
        (("hash", "a", "b"), "there is no place for `b`", "`envc hash --help` lists its arguments"),
        (
            ("hash",),
            "the following arguments are required: SPEC",
            "`envc hash --help` lists its arguments",
        ),
        (("run", "pets.envc", "ls"), "there is no place for `ls`", "write `--` before the command"),
    ],
)
def test_a_wrong_command_line_is_a_diagnostic(
    envc: EnvcMain, words: tuple[str, ...], message: str, hint: str
) -> None:
    ran = envc(*words)

    assert ran.code == 2
    assert ran.err == f"error[E001]: {message}\nhint: {hint}\n"


@pytest.mark.parametrize("words", [("help", "hash"), ("--help", "hash")])
def test_help_of_a_verb_is_that_of_the_verb(envc: EnvcMain, words: tuple[str, ...]) -> None:
    assert envc(*words) == envc("hash", "--help")


def test_help_of_no_verb_names_the_one_that_was_meant(envc: EnvcMain) -> None:
    ran = envc("help", "hsh")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error[E001]: unknown verb `hsh`\nhint: did you mean `envc hash`?\n"


def test_an_option_without_its_value_is_named(envc: EnvcMain) -> None:
    ran = envc("compile", "pets.envc", "-o")

    assert ran.code == 2
    assert ran.err.startswith("error[E001]: `-o/--output`: expected one argument\n")


def test_mistakes_in_syntax_and_in_meaning_are_told_together(envc: EnvcMain) -> None:
    Path("wrong.envc").write_text("environment Pets\nuser me and you\npython 3.x\n")

    ran = envc("check", "wrong.envc", "--json")

    assert ran.code == 1
    found = [
        (item["code"], item["labels"][0]["start"]["line"])
        for item in json.loads(ran.out)["diagnostics"]
    ]
    assert found == [("E206", 1), ("E101", 2), ("E209", 3)]


def test_a_wrong_choice_names_the_choices(envc: EnvcMain) -> None:
    ran = envc("lock", "pets.envc", "--pip-solver", "poetry")

    assert ran.code == 2
    assert "`poetry` (choose from" in ran.err
    assert "pip-tools" in ran.err


def test_a_wrong_mirror_is_a_diagnostic(envc: EnvcMain) -> None:
    ran = envc("compile", "pets.envc", "-o", "out", "--mirror", "https://pypi.org/simple")

    assert ran.code == 2
    assert ran.err.startswith("error[E002]: `https://pypi.org/simple` is not a mirror\n")


@pytest.mark.parametrize("verb", ["check", "lock", "hash", "build", "run"])
def test_a_missing_spec_is_a_diagnostic_of_every_verb(envc: EnvcMain, verb: str) -> None:
    ran = envc(verb, "pet.envc")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error[E150]: there is no file `pet.envc`\nhint: did you mean `pets.envc`?\n"


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_files_that_a_build_would_stumble_over_are_told_before(
    envc: EnvcMain, folder: Path, verb: str
) -> None:
    ran = envc(verb, "pets.envc", "--ca-bundle", "no/ca.pem", "--log", "no/x.log")

    assert (ran.code, ran.err) == (
        2,
        "error[E677]: there are no certificates at `no/ca.pem`\n"
        "hint: name a file with certificates in PEM form\n\n"
        "error[E678]: there is no folder `no` for the log\n"
        "hint: make the folder, or name a file in another one with `--log`\n",
    )
    assert not (folder / "no").exists()


@pytest.mark.parametrize("words", [("hash", "."), ("hash", "--spec", "/"), ("lock", "..")])
def test_a_folder_is_no_spec(envc: EnvcMain, words: tuple[str, ...]) -> None:
    ran = envc(*words)

    assert (ran.code, ran.err.partition(":")[0]) == (1, "error[E151]")


@pytest.mark.parametrize("verb", ["check", "lock", "hash", "build"])
def test_a_name_that_no_file_can_have_is_a_diagnostic(envc: EnvcMain, verb: str) -> None:
    ran = envc(verb, f"{'a' * 300}.envc")

    assert (ran.code, ran.err.partition(":")[0]) == (1, "error[E152]")


def test_a_lock_is_never_written_over_a_spec(envc: EnvcMain, folder: Path) -> None:
    (folder / "pets.lock").write_text(SPEC)

    ran = envc("lock", "pets.lock")

    assert (ran.code, ran.err) == (
        1,
        "error[E154]: `pets.lock` is the name of a lock, not of a spec\n"
        "hint: name the spec `pets.envc` or `pets.yaml`\n",
    )
    assert (folder / "pets.lock").read_text() == SPEC


def test_with_json_an_error_is_data_too(envc: EnvcMain) -> None:
    ran = envc("hash", "pet.envc", "--json")

    assert ran.code == 1
    assert json.loads(ran.out) == {
        "ok": False,
        "diagnostics": [
            {
                "severity": "error",
                "code": "E150",
                "message": "there is no file `pet.envc`",
                "labels": [],
                "notes": [],
                "hint": "did you mean `pets.envc`?",
            }
        ],
    }


def test_an_escaped_exception_is_our_bug(envc: EnvcMain, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr(pipeline, "read", fail)

    ran = envc("check", "pets.envc")

    assert ran.code == 70
    assert "RuntimeError: surprise" in ran.err
    assert ran.err.endswith(
        "This is a bug in envc: RuntimeError. Nothing is wrong with your spec. "
        "Please report it with the lines above.\n"
    )


def test_an_interrupt_is_quiet(envc: EnvcMain, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "read", interrupt)

    ran = envc("check", "pets.envc")

    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [(KeyboardInterrupt, 130, {"interrupted": True}), (RuntimeError, 70, {"bug": "RuntimeError"})],
)
def test_with_json_an_end_that_nobody_planned_is_data_too(
    envc: EnvcMain,
    monkeypatch: pytest.MonkeyPatch,
    raised: type[BaseException],
    code: int,
    told: dict[str, object],
) -> None:
    def end(*_: object) -> None:
        raise raised

    monkeypatch.setattr(pipeline, "read", end)

    ran = envc("check", "pets.envc", "--json")

    assert (ran.code, json.loads(ran.out)) == (code, {"ok": False, **told, "diagnostics": []})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_asks_to_end_undoes_what_was_begun(
    envc: EnvcMain, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    undone = []

    def begin(*_: object) -> None:
        try:
            signal.raise_signal(number)
        finally:
            undone.append(number)

    monkeypatch.setattr(pipeline, "lock", begin)
    before = signal.signal(number, signal.SIG_DFL)  # under nohup, SIGHUP is ignored

    try:
        ran = envc("lock", "pets.envc")
        after = signal.getsignal(number)
    finally:
        signal.signal(number, before)

    assert (ran.code, ran.out, ran.err) == (128 + number, "", "interrupted\n")
    assert undone == [number]
    assert after is signal.SIG_DFL


def test_streams_that_the_caller_closed_are_empty(folder: Path) -> None:
    words = f"{sys.executable} -m envc hash pets.envc <&- >&- 2>&-"

    done = subprocess.run(["/bin/sh", "-c", words], check=False, cwd=folder)

    assert done.returncode == 0


def test_a_reader_that_has_read_enough_is_no_error(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-m", "envc", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=folder,
    )

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


STARTED = "import atexit, sys, threading; from envc.cli import main; sys.argv[1:] = ['--version']\n"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("atexit.register(print, 'at its end')", "at its end"),
        ("threading.Timer(0.2, print, ['of a thread']).start()", "of a thread"),
        ("import cProfile; watching = cProfile.Profile(); watching.enable()", "after it"),
    ],
)
def test_a_process_that_ends_at_once_leaves_nothing_undone(before: str, told: str) -> None:
    script = f"{STARTED}{before}\nmain()\nprint('after it')"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"envc {package.__version__}\n")
    assert told in done.stdout.splitlines()


def test_output_that_nobody_takes_in_the_end_is_an_error_of_its_own() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "envc", "--version"],
            stdout=full,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    assert done.returncode != 0


@pytest.mark.parametrize(
    ("variables", "has_color"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    folder: Path, variables: dict[str, str], has_color: bool
) -> None:
    terminal, ours = os.openpty()
    environment = {**os.environ, "TERM": "xterm", **variables}

    done = subprocess.run(
        [sys.executable, "-m", "envc", "hash", "no.envc"],
        stderr=ours,
        check=False,
        cwd=folder,
        env=environment,
    )

    os.close(ours)
    shown = os.read(terminal, 4096)
    os.close(terminal)
    assert (done.returncode, b"\x1b[" in shown) == (1, has_color)
    assert shown.endswith(b"\r\n\r\n`envc explain E150` says more\r\n")


def loaded(folder: Path, *words: str) -> set[str]:
    """Return the top-level modules that a verb imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "envc", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


HEAVY = {"rattler", "docker", "requests", "urllib3", "rich", "conda_lock", "piptools", "uv"}


@pytest.mark.parametrize("words", [("hash", "pets.envc"), ("hash", "--spec", "pets.envc")])
def test_hash_loads_no_solver_and_no_sdk(folder: Path, words: tuple[str, ...]) -> None:
    assert loaded(folder, *words) & HEAVY == set()


def test_what_was_compiled_before_is_not_parsed_again(folder: Path) -> None:
    before = loaded(folder, "hash", "pets.envc")

    again = loaded(folder, "hash", "pets.envc")

    assert {"lark", "pydantic", "jinja2"} <= before
    assert again & {"lark", "pydantic", "jinja2"} == set()


@pytest.mark.parametrize(
    "words", [("compile", "pets.envc", "-o", "out"), ("lock", "--check", "pets.envc")]
)
def test_compile_and_the_lock_check_load_no_solver_and_no_sdk(
    folder: Path, words: tuple[str, ...]
) -> None:
    assert loaded(folder, *words) & HEAVY == set()


@pytest.mark.parametrize(
    "words", [("hash",), ("hash", "--spec"), ("compile", "-o", "out"), ("lock", "--check")]
)
def test_what_the_lock_vouches_for_is_not_asked_of_rattler_again(
    folder: Path, words: tuple[str, ...]
) -> None:
    (folder / "science.envc").write_text(CONDA_SPEC)
    (folder / "science.lock").write_text(dumps(lock_of(CONDA_SPEC)))

    assert loaded(folder, *words, "science.envc") & HEAVY == set()
