"""What the image's metadata may say: labels, ports, volumes, the health check and the stop signal."""

from __future__ import annotations

import posixpath
import re

from envc.diagnostics import suggest
from envc.spec.field import CONTROL, FieldError, line

__all__ = [
    "DURATION",
    "LABEL",
    "LIBRARY",
    "OWN_LABELS",
    "PORT",
    "RETRIES",
    "SIGNAL",
    "TEXT_FOR_NONE",
    "duration",
    "duration_ms",
    "label_name",
    "label_value",
    "library",
    "no_healthcheck",
    "port",
    "port_key",
    "port_number",
    "port_text",
    "retries",
    "stop_signal",
    "volume",
    "volume_path",
]

# What https://docs.docker.com/engine/manage-resources/labels/ advises, and what people use besides.
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
OWN_LABELS = "dev.envc"
"""The head of the labels that envc itself gives to every image."""

_PORT_MAX = 65535
_PROTOCOL = "tcp"
PORT = re.compile(r"([1-9][0-9]{0,4})(?:/(tcp|udp|sctp))?")
# In the order of Go's own: https://pkg.go.dev/time#ParseDuration; six digits stay below its limit.
DURATION = re.compile(
    r"(?=.*[1-9])(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m(?!s))?(?:([0-9]{1,6})s)?(?:([0-9]{1,6})ms)?"
)
LIBRARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\.so(?:\.[A-Za-z0-9_.+-]+)?")
_UNITS_MS = (3_600_000, 60_000, 1_000, 1)
RETRIES = re.compile(r"[1-9][0-9]{0,5}")
TEXT_FOR_NONE = "none"
# By their numbers on Linux, from 1: signal(7).
_SIGNALS = (
    "HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|STOP"
    "|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|PWR|SYS"
)
_REAL_TIME = r"RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?"
SIGNAL = re.compile(rf"SIG(?:{_SIGNALS}|{_REAL_TIME})")


def label_name(text: str) -> str:
    """Refuse what is no name of a label, and the names that only envc itself may use."""
    if not LABEL.fullmatch(text):
        raise FieldError(
            "E240",
            f"`{text}` cannot be the name of a label" if text else "a label has no name",
            hint="a name has letters, digits, `.`, `-`, `_` and `/`, and starts and ends with a "
            "letter or a digit, such as `org.opencontainers.image.title`",
        )
    if f"{text.lower()}.".startswith(f"{OWN_LABELS}."):
        raise FieldError(
            "E241",
            f"`{text}` is one of envc's own labels",
            hint=f"choose a name that does not start with `{OWN_LABELS}`: by those labels envc "
            "finds an image again",
        )
    return text


def label_value(text: str) -> str:
    """Refuse line ends and NULs; an empty value is one."""
    if found := re.search(r"[\x00\r\n]", text):
        name = "NUL character" if found.group() == "\0" else "line end"
        raise FieldError(
            "E216",
            f"the value of a label cannot hold a {name}",
            hint="a Dockerfile's LABEL has no way to say it; write it on one line",
            part=found.span(),
        )
    return text


def port(text: str) -> str:
    """Refuse what is not a number of 1 to 65535, with or without a protocol."""
    found = PORT.fullmatch(text)
    if found is not None and int(found[1]) <= _PORT_MAX:
        return text
    hint = "write a number from 1 to 65535, or one with a protocol, such as `8080` or `9000/udp`"
    if better := re.fullmatch(r"(?:.*:)?([1-9][0-9]{0,4})((?:/.*)?)", text):
        meant = better[1] + better[2].lower()
        if PORT.fullmatch(meant) and int(better[1]) <= _PORT_MAX:
            hint = f"write `{meant}`"
    if re.fullmatch(r"(?:.*:)[0-9]+(?:/.*)?", text):
        hint += ": which port of the host it gets is chosen where a container is run"
    elif re.fullmatch(r"[0-9]+-[0-9]+(?:/.*)?", text):
        hint = "name each port by itself: a range is not a port"
    raise FieldError("E242", f"`{text}` is not a port", hint=hint)


def port_number(text: str) -> str:
    """Refuse what is not a number of 1 to 65535."""
    if "/" in port(text):
        raise FieldError(
            "E242",
            f"`{text}` is a port with a protocol, and a server speaks HTTP",
            hint=f"write `{text.partition('/')[0]}`",
        )
    return text


def port_key(text: str) -> tuple[int, str]:
    """Return the number and the protocol of a port.

    >>> port_key("8080"), port_key("9000/udp")
    ((8080, 'tcp'), (9000, 'udp'))

    Raises:
        ValueError: It is no port.
    """
    if (found := PORT.fullmatch(text)) is None:
        raise ValueError(f"not a port: {text!r}")
    return int(found[1]), found[2] or _PROTOCOL


def port_text(number: int, protocol: str) -> str:
    """Return the shortest text of a port.

    >>> port_text(8080, "tcp"), port_text(9000, "udp")
    ('8080', '9000/udp')
    """
    return str(number) if protocol == _PROTOCOL else f"{number}/{protocol}"


def volume(text: str) -> str:
    """Refuse what is not the absolute path of a folder that a volume can take the place of."""
    if CONTROL.search(text) is None and ":" in text:
        raise FieldError(
            "E243",
            f"`{text}` has a colon in it, and a volume is a folder of the image only",
            hint="write the path in the image: what is mounted there is chosen where a container "
            "is run",
        )
    if not line(text).startswith("/"):
        better = text.removeprefix("./").lstrip("~/").strip()
        raise FieldError(
            "E243", f"`{text}` is not an absolute path", hint=f"write `/{better or 'data'}`"
        )
    if text != text.strip():
        raise FieldError("E243", f"`{text}` ends with a blank", hint=f"write `{text.strip()}`")
    if volume_path(text) == "/":
        raise FieldError(
            "E243", "the whole image cannot be a volume", hint="name a folder, such as `/data`"
        )
    return text


def volume_path(text: str) -> str:
    """Return a volume's path without `.`, `..` and what follows from nothing.

    >>> volume_path("//data/./pets/")
    '/data/pets'
    """
    return "/" + posixpath.normpath(text).lstrip("/")


def duration(text: str) -> str:
    """Refuse what is not a time above zero with its unit."""
    if DURATION.fullmatch(text):
        return text
    if re.fullmatch(r"[1-9][0-9]*", text):
        hint = f"write its unit, such as `{text}s`"
    elif re.fullmatch(r"(?:0+[a-z]*)+", text):
        hint = "write a time above zero, or leave it out"
    else:
        hint = "write a number with `h`, `m`, `s` or `ms`, such as `30s` or `1m30s`"
    raise FieldError("E244", f"`{text}` is not a duration", hint=hint)


def duration_ms(text: str) -> int:
    """Return a duration in ms.

    >>> duration_ms("1m30s"), duration_ms("500ms")
    (90000, 500)

    Raises:
        ValueError: It is no duration.
    """
    if (found := DURATION.fullmatch(text)) is None:
        raise ValueError(f"not a duration: {text!r}")
    return sum(
        int(number) * unit for number, unit in zip(found.groups(), _UNITS_MS, strict=True) if number
    )


def library(text: str) -> str:
    """Refuse what is not the file name of a shared library."""
    if LIBRARY.fullmatch(text):
        return text
    name = text.rpartition("/")[2]
    hint = "write its name as `ldd` shows it, such as `libGL.so.1`"
    if name != text and LIBRARY.fullmatch(name):
        hint = f"write `{name}`: the folder does not matter"
    raise FieldError("E249", f"`{text}` is not the name of a shared library", hint=hint)


def no_healthcheck(text: str) -> str:
    """Refuse every text but `none`."""
    if text != TEXT_FOR_NONE:
        raise FieldError(
            "E245",
            f"`{text}` is not a health check",
            hint="write `none` for none, or a block with `run`, such as "
            '`healthcheck { run "curl -f http://localhost/" }` '
            "(in YAML `healthcheck: {run: curl -f http://localhost/}`)",
        )
    return text


def retries(text: str) -> str:
    """Refuse what is not a number from 1."""
    if not RETRIES.fullmatch(text):
        raise FieldError(
            "E246",
            f"`{text}` is not a number of retries",
            hint="write a number from 1, such as `3`",
        )
    return text


def stop_signal(text: str) -> str:
    """Refuse what is not the name of a signal that Linux has."""
    if SIGNAL.fullmatch(text):
        return text
    known = [f"SIG{name}" for name in _SIGNALS.split("|")]
    name = f"SIG{text.upper().removeprefix('SIG')}"
    if text.isdecimal() and 1 <= int(text) <= len(known):
        meant = known[int(text) - 1]
    else:
        meant = name if SIGNAL.fullmatch(name) else suggest(name, known)
    raise FieldError(
        "E247",
        f"`{text}` is not a signal",
        hint=f"write `{meant}`" if meant else "write a signal's name, such as `SIGINT`",
    )
