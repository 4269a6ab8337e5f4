"""Workers that were started ahead answer as others do, and do not outlive who started them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from envc.resolve.conda.question import Question
from envc.resolve.worker import Workers, rattler_workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    opened = rattler_workers(os.environ)
    yield opened
    opened.close()


def question(requirement: str) -> Question:
    """Return one that is answered without any channel."""
    return Question(
        cache="",
        channels=[],
        subdir="linux-64",
        other_subdirs=[],
        requirements=[requirement],
        virtual_packages=[],
        program="",
        channel_priority="strict",
        constraints=[],
        exclude_newer=None,
        preferred=[],
        logins=[],
        timeout_s=1,
        silence_s=30,
    )


def test_a_worker_for_which_none_was_started_ahead_answers_the_same(workers: Workers) -> None:
    workers.prepare(1)

    answers = [workers.ask(question("a ==")) for _ in range(2)]

    assert answers[0] == answers[1]
    assert [problem["kind"] for problem in answers[0]["problems"]] == ["syntax"]


def test_workers_that_nobody_asked_are_ended(workers: Workers) -> None:
    workers.prepare(2)

    workers.close()

    with pytest.raises(ChildProcessError):  # nothing is left to wait for
        os.waitpid(-1, os.WNOHANG)
