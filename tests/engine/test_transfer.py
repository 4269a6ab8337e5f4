"""What an engine says while it pushes, and what its reasons mean."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from envc.engine.transfer import PushRefusedError, follow_push

DIGEST = "sha256:" + "4f" * 32


@pytest.mark.parametrize(
    "line",
    [
        {"status": f"1: digest: {DIGEST} size: 406"},
        {"progressDetail": {}, "aux": {"Tag": "1", "Digest": DIGEST, "Size": 406}},
    ],
)
def test_the_digest_is_what_the_engine_says_last(line: dict[str, Any]) -> None:
    parts: list[tuple[str, int, int]] = []
    lines: list[dict[str, Any]] = [
        {"status": "The push refers to repository [localhost:5000/pets]"},
        {"status": "Pushing", "progressDetail": {"current": 5, "total": 9}, "id": "df49fd2d55fc"},
        {"status": "Pushed", "progressDetail": {}, "id": "df49fd2d55fc"},
        line,
    ]

    assert follow_push(lines, lambda *part: parts.append(part)) == DIGEST
    assert parts == [("df49fd2d55fc", 5, 9)]


def test_an_engine_that_ends_without_a_word_has_told_no_digest() -> None:
    assert follow_push([{"status": "Preparing"}], lambda *_: None) is None


@pytest.mark.parametrize(
    ("reason", "is_refusal", "is_final"),
    [
        ("denied: requested access to the resource is denied", True, True),
        (
            "unknown: unexpected status from HEAD request to http://x/v2/: 401 Unauthorized",
            True,
            True,
        ),
        ("no basic auth credentials", True, True),
        ("unexpected status from PUT request to http://x: 404 Not Found", False, True),
        ("unexpected status from PUT request to http://x: 503 Service Unavailable", False, False),
        ("unexpected status from PUT request to http://x: 429 Too Many Requests", False, False),
        ("http: server gave HTTP response to HTTPS client", False, True),
        ("failed to do request: Put http://x: EOF", False, False),
        ("tag is immutable", False, True),
    ],
)
def test_a_reason_says_whether_to_push_again(reason: str, is_refusal: bool, is_final: bool) -> None:
    with pytest.raises(PushRefusedError) as caught:
        follow_push([{"errorDetail": {}, "error": reason}], lambda *_: None)

    assert (caught.value.is_refusal, caught.value.is_final) == (is_refusal, is_final)


def say_again(line: dict[str, Any], now: list[float], *, steps: int) -> Iterator[dict[str, Any]]:
    """Yield a line again and again, 10 s apart."""
    for _ in range(steps):
        yield line
        now[0] += 10


def test_a_registry_that_answers_nothing_at_all_is_given_up_after_a_minute() -> None:
    now = [0.0]
    first: dict[str, Any] = {"status": "The push refers to repository [localhost:5000/pets]"}
    line: dict[str, Any] = {"status": "Waiting", "progressDetail": {}, "id": "df49fd2d55fc"}

    with pytest.raises(PushRefusedError) as caught:
        follow_push(
            chain([first], say_again(line, now, steps=1000)), lambda *_: None, clock=lambda: now[0]
        )

    assert str(caught.value) == "the registry has let the engine wait for 60 s"
    assert (caught.value.is_final, now[0]) == (True, 70)


def test_a_registry_may_take_minutes_to_store_a_layer() -> None:
    now = [0.0]
    line = {"status": "Pushing", "progressDetail": {"current": 9, "total": 9}, "id": "df49fd2d55fc"}

    assert (
        follow_push(say_again(line, now, steps=50), lambda *_: None, clock=lambda: now[0]) is None
    )
    with pytest.raises(PushRefusedError):
        follow_push(say_again(line, now, steps=100), lambda *_: None, clock=lambda: now[0])


def test_a_layer_that_moves_is_waited_for_however_long_it_takes() -> None:
    moving = [
        {
            "status": "Pushing",
            "progressDetail": {"current": sent, "total": 99},
            "id": "df49fd2d55fc",
        }
        for sent in range(99)
    ]
    now = iter(range(0, 10**6, 500))

    assert follow_push(moving, lambda *_: None, clock=lambda: next(now)) is None
