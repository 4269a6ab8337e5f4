"""Long work reminds of itself, and short work does not."""

from __future__ import annotations

import threading

from envc.cli.reminder import reminding

ENOUGH_S = 10


def test_after_a_line_that_nothing_follows_it_is_told_that_work_goes_on() -> None:
    told: list[str] = []
    has_reminded = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        if len(told) == 4:
            has_reminded.set()

    with reminding(tell, first_s=0.01) as report:
        report("solving 3 requirements")
        assert has_reminded.wait(ENOUGH_S)

    again = "still at work: 0 s without news"
    assert told[:4] == ["solving 3 requirements", again, again, again]


def test_what_is_said_meanwhile_is_told_in_order_and_at_once() -> None:
    told: list[str] = []

    with reminding(told.append) as report:
        for number in range(100):
            report(str(number))

    assert told == [str(number) for number in range(100)]


def test_an_end_by_an_error_ends_the_reminders() -> None:
    before = threading.active_count()

    try:
        with reminding(lambda _: None, first_s=0.001) as report:
            report("solving")
            raise ValueError
    except ValueError:
        pass

    assert threading.active_count() == before
