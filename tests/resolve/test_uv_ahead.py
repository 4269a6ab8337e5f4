"""What uv is asked ahead: it is asked once where the question was right, and again where it was not."""

from __future__ import annotations

import json
import shutil
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envc.process import Completed
from envc.resolve.base import IndexAccess, PipRequest, PipResolution
from envc.resolve.pip.uv import Uv
from envc.resolve.pip.uv_ahead import Ahead
from envc.resolve.pip.uv_question import FOLDER, RETRIES, Question, own_environment, program
from support.index import Dist, IndexServer
from support.pip_world import ask, silent

ANSWER = """\
import os, sys
with open(sys.argv[1], "a") as log:
    log.write(sys.argv[2] + "\\n")
print(sys.argv[2], open("question").read() == f"at file://{os.environ['HOME']}/x")
"""
WAITING = """\
import os, sys, time
with open(sys.argv[1], "a") as log:
    log.write("ran\\n")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
print("waited")
"""
SLOW = "import sys, time; open(sys.argv[1], 'a').close(); time.sleep(600)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where programs write that they ran."""
    return tmp_path / "log"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where questions are kept."""
    return tmp_path / "cache" / "asked.json"


def _question(log: Path, word: str, script: str = ANSWER) -> Question:
    return Question(
        command=(sys.executable, "-c", script, str(log), word),
        files={"question": f"at {FOLDER}/x".encode()},
        environment=own_environment({}, retries=RETRIES),
        is_lasting=True,
    )


def _keep(place: Path, *questions: Question, texts: Mapping[str, str] = {}) -> None:
    """Keep questions as a lock does that has asked them."""
    with Ahead(place) as ahead:
        for one in questions:
            ahead.ask(one)
        ahead.keep(texts)


def _answer(word: str) -> Completed:
    return Completed(returncode=0, stdout=f"{word} True\n", stderr="")


def test_who_asks_what_was_asked_last_time_gets_the_answer_of_the_program_that_runs(
    log: Path, place: Path
) -> None:
    question = _question(log, "same")
    _keep(place, question)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        answer = ahead.ask(question)

    assert answer == _answer("same")
    assert log.read_text() == "same\n" * 2  # the first time, and ahead


@pytest.mark.parametrize("part", ["command", "files", "environment"])
def test_who_asks_anything_else_gets_an_answer_to_that(log: Path, place: Path, part: str) -> None:
    kept = _question(log, "kept")
    _keep(place, kept)
    changed: Mapping[str, Question] = {
        "command": _question(log, "other"),
        "files": replace(kept, files={**kept.files, "constraints.txt": b"a<2\n"}),
        "environment": replace(kept, environment={**kept.environment, "NO_PROXY": "b"}),
    }
    asked = changed[part]

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        answer = ahead.ask(asked)
        ahead.keep({})

    assert answer == _answer("other" if part == "command" else "kept")
    (arguments, _files) = json.loads(place.read_bytes())["questions"][0]
    assert arguments == list(asked.command[1:])


def test_an_answer_is_taken_once(log: Path, place: Path) -> None:
    question = _question(log, "twice")
    _keep(place, question)
    log.unlink()

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        ahead.ask(question)
        ahead.ask(question)

    assert log.read_text() == "twice\n" * 2


@pytest.mark.parametrize("is_ahead", [False, True])
def test_what_is_to_be_done_is_done_while_the_program_runs(
    tmp_path: Path, log: Path, place: Path, is_ahead: bool
) -> None:
    question = _question(log, str(tmp_path / "done"), WAITING)
    if is_ahead:
        _write(place, question)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        answer = ahead.ask(question, (tmp_path / "done").touch)

    assert answer == Completed(returncode=0, stdout="waited\n", stderr="")
    assert log.read_text() == "ran\n"


def test_a_program_ends_with_what_was_to_be_done_meanwhile(log: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _question(log, "slow", SLOW).ask(fail)


def test_what_was_asked_ahead_ends_with_what_was_to_be_done_meanwhile(
    log: Path, place: Path
) -> None:
    def fail() -> None:
        while not log.exists():
            time.sleep(0.01)
        raise RuntimeError

    slow = _question(log, "slow", SLOW)
    _write(place, slow)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        (running,) = ahead._running
        with pytest.raises(RuntimeError):
            ahead.ask(slow, fail)

        assert not running.is_running


def test_what_nobody_wanted_is_ended(log: Path, place: Path) -> None:
    slow = _question(log, "slow", SLOW)
    _write(place, slow)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        answer = ahead.ask(_question(log, "quick"))

    assert answer == _answer("quick")


def test_what_was_dropped_is_asked_anew(log: Path, place: Path) -> None:
    question = _question(log, "dropped")
    _keep(place, question)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        ahead.drop()
        answer = ahead.ask(question)

    assert answer == _answer("dropped")


def test_with_another_text_that_they_depend_on_nothing_is_asked_ahead(
    tmp_path: Path, log: Path, place: Path
) -> None:
    (tmp_path / "base.envc").write_text("python 3.12\n")
    _keep(place, _question(log, "a"), texts={"base.envc": "python 3.11\n"})
    log.unlink()

    with Ahead(place, tmp_path) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)

    assert not log.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"texts": {}, "questions": [[["-c"], {"a": 1}]]}',
        '{"texts": {}, "questions": [[[[1]], {}]]}',
        '{"texts": {}, "questions": [[["-c", "\\u0000"], {}]]}',
        '{"texts": {}, "questions": [[["-c", "pass"], {"../outside/x": ""}]]}',
        '{"texts": {}, "questions": [[["-c", "pass"], {"/tmp/envc-outside/x": ""}]]}',
    ],
)
def test_what_is_kept_may_be_damaged(log: Path, place: Path, content: str) -> None:
    place.parent.mkdir()
    place.write_text(content)

    with Ahead(place) as ahead:
        ahead.begin(sys.executable, {}, retries=RETRIES)
        answer = ahead.ask(_question(log, "whole"))

    assert answer == _answer("whole")


def test_a_program_that_is_missing_is_no_matter_until_it_is_asked_for(
    tmp_path: Path, log: Path, place: Path
) -> None:
    _keep(place, _question(log, "a"))

    with Ahead(place) as ahead:
        ahead.begin(str(tmp_path / "missing"), {}, retries=RETRIES)
        answer = ahead.ask(_question(log, "a"))

    assert answer == _answer("a")


def test_the_oldest_questions_go(tmp_path: Path, log: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(66):
        _write(cache / f"{number}.json", _question(log, str(number)))

    _keep(cache / "last.json", _question(log, "last"))

    assert len(list(cache.iterdir())) == 64
    assert (cache / "last.json").exists()


def test_uv_itself_asks_an_index_once(tmp_path: Path, place: Path) -> None:
    with IndexServer(
        [Dist(name="a", version="1.0", requires=("b",)), Dist(name="b", version="2.0")]
    ) as index:
        request = ask("a", index=index)
        first = _resolve(tmp_path, place, request, {})
        index.requests.clear()
        shutil.rmtree(tmp_path / "uv")  # which would answer instead
        second = _resolve(tmp_path, place, request, {})

    assert second == first
    assert [one.name for one in second.packages] == ["a", "b"]
    pages = sorted(path for path in index.requests if path.startswith("/simple/"))
    assert pages == ["/simple/a/", "/simple/b/"]


def test_a_question_with_credentials_is_not_kept(tmp_path: Path, place: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        request = ask("a", index=index)
        (own,) = request.indexes
        private = IndexAccess(url=own.url, secret="TOKEN", credentials="user:word")
        _resolve(tmp_path, place, replace(request, indexes=(private,)), {})

    assert json.loads(place.read_bytes())["questions"] == []


def test_variables_of_the_caller_are_not_kept(tmp_path: Path, place: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        proxied = {"NO_PROXY": "127.0.0.1", "HTTPS_PROXY": "http://user:word@proxy.example"}
        _resolve(tmp_path, place, ask("a", index=index), proxied)

    assert len(json.loads(place.read_bytes())["questions"]) == 1
    assert "word" not in place.read_text()


def _resolve(
    cache: Path, place: Path, request: PipRequest, environment: Mapping[str, str]
) -> PipResolution:
    """Resolve as a lock does that asks ahead."""
    with Ahead(place) as ahead:
        ahead.begin(program(), environment, retries=0)
        solver = Uv(cache=cache, environment=environment, retries=0, ahead=ahead)
        answer = solver.resolve(request, silent)
        ahead.keep({})
    assert isinstance(answer, PipResolution)
    return answer


def _write(place: Path, question: Question) -> None:
    """Keep a question that nobody has asked."""
    place.parent.mkdir(exist_ok=True)
    files = {name: b64encode(one).decode() for name, one in question.files.items()}
    kept = {"texts": {}, "questions": [[question.command[1:], files]]}
    place.write_text(json.dumps(kept))
