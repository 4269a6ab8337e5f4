"""`envc lock` on a spec that has a lock: what stays, what moves, and who is asked."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock

from envc.pipeline import output
from support.index import Dist, IndexServer
from support.workspace import EnvcMain, snapshot
from support.zoo import DIGEST, NEW, OLD, UV, Zoo


@pytest.fixture
def zoo(folder: Path, envc: EnvcMain) -> Zoo:
    """A spec that was locked in the old world."""
    found = Zoo(folder, envc)
    ran, _ = found.locked_in(OLD)
    assert ran.code == 0, ran.err
    assert found.pins == ["app 1.0"]
    return found


def test_a_lock_that_is_still_right_stays_and_nobody_is_asked(zoo: Zoo, folder: Path) -> None:
    before = snapshot(folder)
    zoo.change("environment zoo", "# The zoo.\nenvironment zoo")

    ran, requests = zoo.locked_in(NEW)

    assert (ran.code, ran.out, requests) == (0, "zoo.lock\n", [])
    assert "the lock is still right: it stays, and nobody was asked" in ran.err.splitlines()
    assert snapshot(folder)["zoo.lock"] == before["zoo.lock"]


def test_what_is_new_in_the_spec_moves_nothing_else(zoo: Zoo) -> None:
    zoo.change("{ app }", "{ app, lib }")

    ran, requests = zoo.locked_in(NEW)

    assert (ran.code, zoo.pins) == (0, ["app 1.0", "lib 2.0"])
    assert not [path for path in requests if "/uv/" in path]


def test_all_moves_when_told(zoo: Zoo) -> None:
    ran, _ = zoo.locked_in(NEW, "--update")

    assert (ran.code, zoo.pins) == (0, ["app 2.0"])


@pytest.mark.parametrize("name", ["App", "app[extra]"])
def test_a_package_that_is_named_moves_and_others_stay(zoo: Zoo, name: str) -> None:
    zoo.change("{ app }", "{ app, lib ==1.* }")
    zoo.locked_in(NEW)
    zoo.change("lib ==1.*", "lib")

    ran, _ = zoo.locked_in(NEW, "--update-package", name)

    assert (ran.code, zoo.pins) == (0, ["app 2.0", "lib 1.0"])


def test_a_package_that_the_lock_does_not_have_cannot_be_updated(zoo: Zoo) -> None:
    ran, requests = zoo.locked_in(NEW, "--update-package", "apple", "--update-package", "zebra")

    assert (ran.code, requests) == (2, [])
    assert ran.err == (
        "error[E460]: the lock has no package `apple` that could be updated\n"
        "hint: did you mean `app`?\n\n"
        "error[E460]: the lock has no package `zebra` that could be updated\n"
        "hint: name a package that the lock has\n"
    )


def test_a_date_on_the_command_line_counts_instead_of_the_specs(zoo: Zoo) -> None:
    old = Dist(name="app", version="1.0", uploaded="2026-01-01T00:00:00Z")
    new = Dist(name="app", version="2.0", uploaded="2026-02-01T00:00:00Z")

    ran, _ = zoo.locked_in((UV, old, new), "--exclude-newer", "2026-01-15", "--update")

    assert (ran.code, zoo.pins) == (0, ["app 1.0"])
    assert json.loads(zoo.lock.read_text())["exclude_newer"] == "2026-01-16T00:00:00Z"


def test_a_lock_of_a_date_on_the_command_line_is_that_of_its_spec(zoo: Zoo, envc: EnvcMain) -> None:
    old = Dist(name="app", version="1.0", uploaded="2026-01-01T00:00:00Z")
    zoo.locked_in((UV, old), "--exclude-newer", "2026-01-15")

    assert envc("lock", "--check", "zoo.envc").code == 0


@pytest.mark.parametrize("text", ["yesterday", "2026-02-31"])
def test_a_date_that_is_none_is_refused(zoo: Zoo, text: str) -> None:
    ran, requests = zoo.locked_in(NEW, "--exclude-newer", text)

    assert (ran.code, requests) == (2, [])
    assert ran.err.startswith("error[E461]: ")


def test_a_damaged_lock_is_said_to_be_lost(zoo: Zoo) -> None:
    zoo.lock.write_text(zoo.lock.read_text()[:100])

    ran, _ = zoo.locked_in(NEW)

    assert (ran.code, zoo.pins) == (0, ["app 2.0"])
    warning = "warning[W461]: the old lock cannot be read, and all is resolved anew: the lock "
    assert warning in ran.err


def test_what_changes_a_lock_does_not_go_with_comparing_it(zoo: Zoo) -> None:
    for words in (["--upgrade-base"], ["--update"], ["--exclude-newer", "2026-01-01"]):
        ran, requests = zoo.locked_in(NEW, "--check", *words)
        assert (ran.code, requests) == (2, [])
        assert ran.err.startswith("error[E001]: ")


def test_a_failure_leaves_the_old_lock(zoo: Zoo, folder: Path) -> None:
    before = snapshot(folder)["zoo.lock"]

    ran, _ = zoo.locked_in((UV,), "--update")

    assert ran.code == 1
    assert snapshot(folder)["zoo.lock"] == before


def test_a_lock_that_was_right_is_not_read_again_to_be_compared(
    zoo: Zoo, folder: Path, envc: EnvcMain
) -> None:
    first = envc("lock", "--check", "zoo.envc")
    command = [sys.executable, "-X", "importtime", "-m", "envc", "lock", "--check", "zoo.envc"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (first.code, done.returncode) == (0, 0)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert loaded & {"pydantic", "lark", "rattler", "envc.lock.model", "requests"} == set()
    assert done.stderr.endswith("zoo.lock is the lock of zoo.envc\n")


def test_a_lock_that_was_right_is_not_right_for_another_spec(zoo: Zoo, envc: EnvcMain) -> None:
    envc("lock", "--check", "zoo.envc")
    zoo.change("{ app }", "{ app, lib }")

    ran = envc("lock", "--check", "zoo.envc")

    assert ran.code == 4
    assert ran.err.startswith(
        "error[E410]: the lock does not know the pip package `lib`\n --> zoo.envc:4:12\n"
    )


def test_several_specs_are_locked_side_by_side_and_the_worst_decides(
    zoo: Zoo, folder: Path, envc: EnvcMain
) -> None:
    (folder / "bad.envc").write_text("environment bad\nusr 1000\n")
    (folder / "one.envc").write_text(f'environment one\nbase image "debian:12@{DIGEST}"\n')

    ran = envc("lock", "zoo.envc", "bad.envc", "one.envc", "./zoo.envc")

    assert (ran.code, ran.out.splitlines()) == (1, ["zoo.lock", "one.lock"])
    assert (folder / "one.lock").exists()
    assert "error[E201]: " in ran.err
    assert [line for line in ran.err.splitlines() if line.endswith(".envc:")] == [
        "zoo.envc:",
        "bad.envc:",
        "one.envc:",
    ]


def test_several_specs_are_one_json_object(zoo: Zoo, folder: Path, envc: EnvcMain) -> None:
    (folder / "bad.envc").write_text("environment bad\nusr 1000\n")

    locked = json.loads(envc("lock", "zoo.envc", "bad.envc", "--json").out)
    checked = envc("lock", "--check", "zoo.envc", "pets.envc", "--json")

    assert locked["ok"] is False
    assert {name: one["ok"] for name, one in locked["specs"].items()} == {
        "zoo.envc": True,
        "bad.envc": False,
    }
    assert locked["specs"]["zoo.envc"]["kept"] is True
    assert [one["code"] for one in locked["diagnostics"]] == ["E201"]
    assert checked.code == 0
    assert json.loads(checked.out)["specs"]["pets.envc"] == {
        "ok": True,
        "environment": "pets",
        "diagnostics": [],
    }


def test_drift_of_one_spec_is_the_exit_code_of_several(zoo: Zoo, envc: EnvcMain) -> None:
    zoo.change("{ app }", "{ app, lib }")

    ran = envc("lock", "--check", "zoo.envc", "pets.envc")

    assert ran.code == 4
    assert ran.err.endswith("pets.lock is the lock of pets.envc\n")


def test_a_package_moves_in_those_specs_that_have_it(
    zoo: Zoo, folder: Path, envc: EnvcMain
) -> None:
    before = snapshot(folder)["pets.lock"]

    ran, _ = zoo.locked_in(NEW, "pets.envc", "--update-package", "app")
    unknown = envc("lock", "zoo.envc", "pets.envc", "--update-package", "zebra")

    assert (ran.code, zoo.pins) == (0, ["app 2.0"])
    assert snapshot(folder)["pets.lock"] == before
    assert (unknown.code, "error[E460]" in unknown.err) == (2, True)


def test_two_specs_with_one_lock_are_refused(zoo: Zoo, folder: Path, envc: EnvcMain) -> None:
    (folder / "zoo.yaml").write_text("environment: zoo\n")

    ran = envc("lock", "zoo.envc", "zoo.yaml")

    assert ran.code == 2
    assert ran.err.startswith("error[E462]: `zoo.envc` and `zoo.yaml` have one lock, `zoo.lock`\n")


def test_who_comes_second_waits_for_the_lock(zoo: Zoo, folder: Path, tmp_path: Path) -> None:
    with IndexServer(NEW) as index:
        mirror = f"https://pypi.org={index.url.removesuffix('/simple')}"
        command = [sys.executable, "-m", "envc", "lock", "zoo.envc", "--mirror", mirror]
        name = hashlib.sha256(os.fsencode(zoo.lock.resolve())).hexdigest()[:32]
        with FileLock(tmp_path / "cache" / "locks" / f"{name}.lock"):
            second = subprocess.Popen([*command, "--update"], stderr=subprocess.PIPE, text=True)
            assert second.stderr is not None
            first_line = second.stderr.readline()
            held = zoo.pins
        second.communicate()

    assert first_line == "waiting for another envc, which writes zoo.lock\n"
    assert (held, second.returncode, zoo.pins) == (["app 1.0"], 0, ["app 2.0"])


def test_whoever_locks_knows_that_the_lock_is_right(
    zoo: Zoo, envc: EnvcMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the spec is read again")

    monkeypatch.setattr("envc.pipeline.comparison.read_locked", refuse)

    ran = envc("lock", "--check", "zoo.envc")

    assert (ran.code, ran.err) == (0, "zoo.lock is the lock of zoo.envc\n")


@pytest.mark.parametrize("name", ["spec", "lock"])
def test_what_changes_after_that_is_compared(zoo: Zoo, envc: EnvcMain, name: str) -> None:
    file = {"spec": zoo.spec, "lock": zoo.lock}[name]
    text = file.read_text()
    file.write_text(text.replace("app", "ape"))

    changed = envc("lock", "--check", "zoo.envc")
    file.write_text(text)
    restored = envc("lock", "--check", "zoo.envc")

    assert (changed.code != 0, restored.code) == (True, 0)


def test_a_spec_that_is_edited_while_it_is_locked_is_compared(
    zoo: Zoo, envc: EnvcMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = output.write_beside

    def write_then_edit(path: Path, text: str) -> bool:
        is_written = write(path, text)
        zoo.change("pip { app }", "pip { ape }")
        return is_written

    with monkeypatch.context() as patch:
        patch.setattr(output, "write_beside", write_then_edit)
        zoo.change("environment zoo", "# The zoo.\nenvironment zoo")
        envc("lock", "zoo.envc")

    ran = envc("lock", "--check", "zoo.envc")

    assert ran.code == 4, ran.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_kill_leaves_the_old_lock(zoo: Zoo, folder: Path, number: signal.Signals) -> None:
    before = snapshot(folder)
    asked = threading.Event()
    with IndexServer(NEW, watch=asked.set) as index:
        mirror = f"https://pypi.org={index.url.removesuffix('/simple')}"
        command = [sys.executable, "-m", "envc", "lock", "--update", "zoo.envc"]
        running = subprocess.Popen([*command, "--mirror", mirror], stderr=subprocess.DEVNULL)
        assert asked.wait(30)
        running.send_signal(number)
        running.wait()

    assert snapshot(folder) == before


def test_a_lock_that_a_merge_left_with_a_package_twice_is_resolved_again(
    zoo: Zoo, envc: EnvcMain
) -> None:
    before = zoo.lock.read_text()
    merged = json.loads(before)
    pins = merged["platforms"]["linux/amd64"]["pip"]
    merged["platforms"]["linux/amd64"]["pip"] = [*pins, pins[0]]
    zoo.lock.write_text(json.dumps(merged))

    checked = envc("lock", "--check", "zoo.envc")
    offline = envc("lock", "--offline", "zoo.envc")
    ran, _ = zoo.locked_in(NEW)

    assert checked.code == 1
    assert "is wrong: the lock has `app` twice" in checked.err
    assert offline.code == 1
    assert "error[E473]" in offline.err
    assert "warning[W390]" in offline.err
    assert ran.code == 0
    assert "warning[W390]: the old lock is not whole, and is resolved again: the lock's " in ran.err
    assert zoo.lock.read_text() == before
