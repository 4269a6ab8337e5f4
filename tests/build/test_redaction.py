"""What steps print of secrets is hidden before anybody sees it."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envc.build.report.event import Progress, StepFailed, StepLog
from envc.build.report.redaction import NOTHING_HIDDEN, Redaction

LONG = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=4)


@given(LONG, st.text(max_size=5), st.text(max_size=5))
def test_no_text_shows_a_value(secret: str, before: str, after: str) -> None:
    shown = Redaction.of([secret, "other"]).hide(f"{before}{secret}{after}")

    assert secret not in shown.replace("***", "") or secret in "***"


def test_lines_of_a_value_and_its_password_are_hidden_and_short_words_are_not() -> None:
    redaction = Redaction.of(["//host/:_authToken=abcdef\nkeeper:pa55word\n", "yes", ""])

    assert redaction.hide("//host/:_authToken=abcdef") == "***"
    assert redaction.hide("pa55word of keeper: yes") == "*** of keeper: yes"
    assert NOTHING_HIDDEN.hide("pa55word") == "pa55word"


def test_a_step_that_prints_a_secret_shows_none() -> None:
    progress = Progress(None, Redaction.of(["pa55word"]))
    step = {
        "digest": "a",
        "name": "[1/1] RUN a",
        "inputs": ["b"],
        "started": "2026-01-01T00:00:00Z",
    }
    parts = [base64.b64encode(part).decode() for part in (b"it is pa55", b"word\n")]
    lines: list[dict[str, Any]] = [
        {"vertexes": [step]},
        *({"logs": [{"vertex": "a", "data": part}]} for part in parts),
        {"vertexes": [{**step, "completed": "2026-01-01T00:00:01Z", "error": "no pa55word"}]},
    ]

    events = [event for line in lines for event in progress.feed(json.dumps(line))]
    progress.feed("ERROR: pa55word")

    assert [one.text for one in events if isinstance(one, StepLog)] == ["it is ***"]
    assert [one.error for one in events if isinstance(one, StepFailed)] == ["no ***"]
    assert progress.failure is not None
    assert (progress.failure.output, progress.failure.error) == (("it is ***",), "no ***")
    assert progress.messages == ["ERROR: ***"]
