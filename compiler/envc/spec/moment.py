"""What a point in time in a spec may be, and the one form of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from envc.spec.field import FieldError, line

__all__ = ["MOMENT", "moment", "moment_text"]

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
MOMENT = re.compile(rf"{_DATE}(?:[Tt]{_TIME})?")
_WITHOUT_ZONE = re.compile(rf"({_DATE})[Tt ]([0-9]{{2}}:[0-9]{{2}})(:[0-9]{{2}}(?:\.[0-9]+)?)?")
_SHORT = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")


def moment(text: str) -> str:
    """Refuse what is neither a date nor a time with its zone (RFC 3339)."""
    if MOMENT.fullmatch(line(text)):
        try:
            moment_text(text)
        except (ValueError, OverflowError):
            raise FieldError(
                "E254", f"there is no `{text}` in the calendar", hint="check the day and the time"
            ) from None
        return text
    raise FieldError(
        "E254",
        f"`{text}` is neither a date nor a time with its zone",
        hint=_advise(text)
        or "write a date, such as `2026-01-31`, or a time, such as `2026-01-31T12:00:00Z`",
    )


def moment_text(text: str) -> str:
    """Return the first instant that is later than what is meant, in UTC; a date means its whole day.

    >>> moment_text("2026-01-31"), moment_text("2026-02-01T01:00:00+01:00")
    ('2026-02-01T00:00:00Z', '2026-02-01T00:00:00Z')

    Raises:
        ValueError: It is no date and no time.
        OverflowError: It is outside the years 1 to 9999 in UTC.
    """
    if MOMENT.fullmatch(text) is None:
        raise ValueError(f"not a point in time: {text!r}")
    found = datetime.fromisoformat(text.upper())
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC) + timedelta(days=1)
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _advise(text: str) -> str:
    if found := _WITHOUT_ZONE.fullmatch(text):
        return f"add the zone: write `{found[1]}T{found[2]}{found[3] or ':00'}Z` for UTC"
    if (found := _SHORT.fullmatch(text)) and int(found[2]) <= 12:
        return f"write `{found[1]}-{int(found[2]):02}-{int(found[3]):02}`"
    return ""
