"""Conda requirements: their parts, their normal form, and what is wrong with one.

Only `complain` asks rattler, and that not of plain texts; the rest reads text, so that what a lock
vouches for, and most of what is written, costs no import.
"""

from __future__ import annotations

import re

from envc.frozen import frozen
from envc.spec.address import embedded_credentials
from envc.spec.field import FieldError
from envc.spec.habit import TEMPLATE, TEMPLATE_ADVICE, VERSIONS_ONLY, VERSIONS_ONLY_ADVICE

__all__ = [
    "PLAIN",
    "MatchSpecParts",
    "complain",
    "join_matchspec",
    "normal_matchspec",
    "split_matchspec",
]


@frozen
class MatchSpecParts:
    """A MatchSpec's parts as they are written, without white space around and inside them.

    Attributes:
        channel: What stands before `::`; may be empty.
        name: As it is written.
        version: Constraints with their operators, a first single `=` too; may be empty.
        build: The build string or a pattern for it; may be empty.
        bracket: The section in brackets, brackets included; may be empty.
    """

    channel: str
    name: str
    version: str
    build: str
    bracket: str


_NAME = r"[A-Za-z0-9_.-]+"
_HEAD = re.compile(
    rf"(?:(?P<channel>[^\s\[\]=<>!~,|;#'\"()*]+)[ \t]*::[ \t]*)?(?P<name>{_NAME})"
    r"(?P<rest>(?:[ \t=<>!~][^\[]*)?)(?P<bracket>(?:\[.*\])?)"
)
_OPERATOR = r"(?:==|!=|~=|>=|<=|=|<|>)"
_CONSTRAINT = rf"{_OPERATOR}?(?:[0-9]+!)?[A-Za-z0-9*_.+-]+"
_REST = re.compile(
    rf"(?P<version>{_CONSTRAINT}(?:[,|]{_CONSTRAINT})*)"
    r"(?:(?:[ \t]+|=)(?P<build>[A-Za-z0-9_.*+^$-]+))?"
)
_PACKAGE_AFTER = re.compile(
    r"\s*(?!(?:python|os|sys|platform|implementation)_)"
    rf"(?:{_NAME}(?:\s*[<>=!~]+\s*[^\s'\"]+)*)?\s*"
)
_AROUND_SEPARATOR = re.compile(r"[ \t]*([,|])[ \t]*")
_AFTER_OPERATOR = re.compile(rf"({_OPERATOR})[ \t]+(?=[A-Za-z0-9*_.])")
_SERIES = r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,4}"
PLAIN = re.compile(
    r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*"
    rf"(?: (?:={_SERIES}|{_SERIES}\.\*|(?:[<>=!]=|[<>]){_SERIES}(?:,(?:[<>!]=|[<>]){_SERIES}){{0,3}}))?"
)
"""What is a MatchSpec for certain: a name, and a series or a few bounds. A test asks rattler."""
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_COMPARISON = re.compile(r"(?:!=|~=|>=|<=|<|>)[^|]*")

_PLATFORM = re.compile(
    r"(?<=\s)((?:linux|osx|win|windows|darwin)(?:/[A-Za-z0-9_]+|-(?:32|64|aarch64)))(?!\S)"
)
_UNSEPARATED = re.compile(r"[<>=!~]=?\s*[0-9][A-Za-z0-9.*_+]*(?=(?:[<>]|!=|~=))")
_HEAD_WORD = re.compile(r"(?!on\b)[A-Za-z0-9_.-]+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_BRACKET_KEY = re.compile(r"[\[,\s]\s*([a-z_0-9]+)\s*=")
# Those of rattler's keys that every later stage honours.
_UNSUPPORTED_KEYS = frozenset(
    {"condition", "extras", "features", "flags", "fn", "namespace", "optional", "target"}
    | {"track_features", "url", "when"}
)


def split_matchspec(text: str) -> MatchSpecParts | None:
    """Return the parts of a MatchSpec in one of the common forms; None for any other text.

    It need not be valid: that is for rattler to say.
    """
    head = _HEAD.fullmatch(text.strip(" \t"))
    if head is None:
        return None
    rest = _AROUND_SEPARATOR.sub(r"\1", head["rest"].strip(" \t"))
    rest = _AFTER_OPERATOR.sub(r"\1", rest)
    body = _REST.fullmatch(rest)
    if rest and body is None:
        return None
    return MatchSpecParts(
        channel=head["channel"] or "",
        name=head["name"],
        version=body["version"] if body else "",
        build=(body["build"] or "") if body else "",
        bracket=head["bracket"],
    )


def normal_matchspec(text: str) -> str:
    """Return a text that equals another's exactly where this module knows that both mean the same.

    White space, the case of the name, the order of comparisons that must all hold, and the ways to
    write one version or one series make no difference. The result is a MatchSpec that means the
    same; what is in brackets, and what has a form of its own, stays as it is.

    >>> normal_matchspec("NumPy=1.26")
    'numpy 1.26.*'
    >>> normal_matchspec("numpy <2, >=1.26")
    'numpy <2,>=1.26'
    >>> normal_matchspec("pytorch =2.4 cuda*")
    'pytorch ==2.4 cuda*'
    """
    parts = split_matchspec(text)
    return text.strip(" \t") if parts is None else join_matchspec(parts)


def join_matchspec(parts: MatchSpecParts) -> str:
    """Return the normal form of a MatchSpec with these parts."""
    channel = f"{parts.channel}::" if parts.channel else ""
    version = _normal_version(parts.version, has_build=bool(parts.build))
    words = (parts.name.lower(), version, parts.build)
    return channel + " ".join(word for word in words if word) + parts.bracket


def complain(text: str) -> FieldError | None:
    """Return what is wrong with a MatchSpec, or None.

    Imports rattler, which takes some 100 ms, where the text is more than a name and versions.
    """
    problem = embedded_credentials(text) or _complain_on_form(text)
    if problem is not None or PLAIN.fullmatch(text):
        return problem
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        MatchSpec(text)
    except InvalidMatchSpecError as error:
        return _explain(text, str(error).partition("\n")[0])
    return None


def _normal_version(version: str, *, has_build: bool) -> str:
    """Return a version constraint's normal form.

    Alone, `=1.2` is the series and `1.2` the one version; beside a build string, all of `=1.2`,
    `==1.2` and `1.2` are the one version (rattler's and conda's rule).
    """
    number = version.lstrip("=")
    equals = len(version) - len(number)
    if _NUMBERS.fullmatch(number) and equals <= 2:
        return f"{number}.*" if equals == 1 and not has_build else f"=={number}"
    constraints = version.split(",")
    if all(_COMPARISON.fullmatch(constraint) for constraint in constraints):
        return ",".join(sorted(constraints))
    return version


def _complain_on_form(text: str) -> FieldError | None:
    """Return what is wrong with a text that rattler would take, or refuse with less help."""
    return next(filter(None, (rule(text) for rule in _FORM_RULES)), None)


def _refuse_template(text: str) -> FieldError | None:
    if found := re.search(TEMPLATE, text):
        return _wrong(text, "it is a template", found.expand(TEMPLATE_ADVICE), found.span())
    return None


def _refuse_versions(text: str) -> FieldError | None:
    if re.match(VERSIONS_ONLY, text.strip()):
        return _wrong(text, "it has no name", VERSIONS_ONLY_ADVICE, None)
    return None


def _refuse_file(text: str) -> FieldError | None:
    stripped = text.strip()
    is_address = "://" in stripped and "::" not in stripped
    if not is_address and not stripped.endswith((".conda", ".tar.bz2")):
        return None
    return FieldError(
        "E236",
        "a Conda package cannot be named by its file yet",
        hint="name the package, its version and its build, and list its channel",
    )


def _refuse_tail(text: str) -> FieldError | None:
    for separator, reason in (
        (";", "Conda packages have no markers"),
        ("#", "a comment cannot stand inside a quoted text"),
    ):
        if (place := _QUOTED.sub(_blank, text).find(separator)) >= 0:
            if separator == ";" and _PACKAGE_AFTER.fullmatch(text, place + 1):
                hint = "separate packages by a comma, or write each on its own line"
                return _wrong(text, "`;` separates nothing", hint, (place, place + 1))
            return _wrong(text, reason, f"remove all from `{separator}` on", (place, len(text)))
    return None


def _refuse_keys(text: str) -> FieldError | None:
    head, bracket, keys = text.partition("[")
    for key in _BRACKET_KEY.finditer(_QUOTED.sub(_blank, bracket + keys)):
        if key[1] in _UNSUPPORTED_KEYS:
            start, end = key.span(1)
            return FieldError(
                "E236",
                f"`{key[1]}` is not supported yet in a MatchSpec",
                hint="choose the package by its version, build, channel or subdir",
                part=(len(head) + start, len(head) + end),
            )
    return None


def _refuse_extras(text: str) -> FieldError | None:
    if extras := re.search(r"\[[A-Za-z0-9_., -]+\]", text):
        hint = f"remove `{extras.group()}`, or ask pip for it"
        return _wrong(text, "Conda packages have no extras", hint, extras.span())
    return None


def _refuse_platform(text: str) -> FieldError | None:
    """Refuse a platform among the words, which would silently be a build string."""
    if found := _PLATFORM.search(text.partition("[")[0]):
        name = _HEAD_WORD.match(text.strip())
        about = name.group() if name else "numpy"
        hint = f"write `{about} on linux/amd64`; in YAML `{{package: {about}, on: linux/amd64}}`"
        return _wrong(text, f"`{found[1]}` is no build string", hint, found.span(1))
    return None


def _refuse_colon(text: str) -> FieldError | None:
    """Refuse a single `:`, which rattler takes for a namespace and then ignores."""
    if found := re.match(r"\s*([A-Za-z0-9_.-]+)(:)(?=[A-Za-z0-9])(?!.*::)", text):
        hint = f"write two colons between a channel and a package: `{found[1]}::`"
        return _wrong(text, "a single `:` means nothing", hint, found.span(2))
    return None


def _refuse_separator(text: str) -> FieldError | None:
    """Refuse constraints that nothing separates, and brackets that do not match."""
    version = text.partition("[")[0]
    if found := _UNSEPARATED.search(version):
        reason = f"nothing separates `{found.group()}` from the next constraint"
        separated = _UNSEPARATED.sub(r"\g<0>,", version.strip())
        hint = f"separate constraints by a comma: `{separated}`"
        return _wrong(text, reason, hint, found.span())
    for bracket, other in (("(", ")"), (")", "(")):
        if version.count(bracket) > version.count(other):
            place = version.rfind(bracket)
            return _wrong(
                text,
                f"`{bracket}` has no `{other}`",
                f"remove it, or write its `{other}`",
                (place, place + 1),
            )
    return None


def _refuse_open_end(text: str) -> FieldError | None:
    if operator := re.search(r"[=<>!~]+[ \t]*$", text.partition("[")[0]):
        sign = operator.group().rstrip()
        reason = f"there is no version after `{sign}`"
        hint = "write one, such as `>=1.26`"
        return _wrong(text, reason, hint, (operator.start(), operator.start() + len(sign)))
    return None


def _refuse_words(text: str) -> FieldError | None:
    """Refuse a second constraint, or a fourth word, that would silently be the build string."""
    head = text.partition("[")[0]
    words = _AFTER_OPERATOR.sub(r"\1", _AROUND_SEPARATOR.sub(r"\1", head)).split()
    second = re.search(r"[^\s,|=<>!~]\s+([=<>!~].*)$", head.strip().partition(" ")[2])
    if len(words) > 2 and second and words[2][0] in "=<>!~":
        start = text.rfind(second[1])
        reason = f"a build string cannot start with `{second[1][0]}`"
        hint = f"separate constraints by a comma: `{words[0]} {','.join(words[1:])}`"
        return _wrong(text, reason, hint, (start, start + len(second[1])))
    if len(words) > 3:
        return _wrong(
            text,
            "it has more than a name, a version and a build",
            "write one package an entry, and no blanks inside of a build string",
            (head.rfind(words[3]), len(head.rstrip())),
        )
    return None


_FORM_RULES = (
    _refuse_template,
    _refuse_versions,
    _refuse_file,
    _refuse_tail,
    _refuse_keys,
    _refuse_extras,
    _refuse_platform,
    _refuse_colon,
    _refuse_separator,
    _refuse_open_end,
    _refuse_words,
)


def _wrong(text: str, reason: str, hint: str, part: tuple[int, int] | None) -> FieldError:
    message = f"`{text.strip()}` is not a MatchSpec: {reason}"
    return FieldError("E230", message, hint=hint, part=part)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _explain(text: str, reason: str) -> FieldError:
    """Return rattler's refusal with the place of the words that it cites, and with advice."""
    if reason.startswith("invalid package name"):
        reason = "a name has letters without accents, digits, `-`, `_` and `.` only"
    if constraint := re.fullmatch(r"unable to parse version spec: (.+)", reason):
        reason = f"`{constraint[1]}` is no version constraint"
    cited = [reason.rpartition(": ")[2], *re.findall(r"['\"`]([^'\"`]+)['\"`]", reason)]
    found = [word for word in cited if word and word != text and word in text]
    part = None
    if found:
        start = text.find(found[0])
        part = (start, start + len(found[0]))
    return _wrong(text, reason, _advise(text), part)


def _advise(text: str) -> str:
    name = text.strip().partition("[")[0].split(" ")[0]
    if turned := re.search(r"\s*=([<>])", text):
        right = f"{text[: turned.start()].strip()} {turned[1]}={text[turned.end() :].strip()}"
        return f"write `{turned[1]}=`: `{right}`"
    if "===" in text:
        return "write `==` for one version"
    if " @ " in text:
        return "name the package and its version; files by address are not supported yet"
    return (
        f"write a name, a version and a build, such as `{name} >=1.26,<2`"
        if re.fullmatch(_NAME, name)
        else "write a name, a version and a build, such as `numpy >=1.26,<2`"
    )
