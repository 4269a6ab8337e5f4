"""pip's requirements (PEP 508): their normal form, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from envc.diagnostics import suggest
from envc.frozen import frozen
from envc.spec.address import embedded_credentials
from envc.spec.field import FieldError
from envc.spec.habit import TEMPLATE, TEMPLATE_ADVICE, VERSIONS_ONLY, VERSIONS_ONLY_ADVICE

__all__ = ["NAME", "PipRequirement", "normal_name", "normal_requirement", "parse_requirement"]

# https://packaging.python.org/specifications/dependency-specifiers/#environment-markers
_MARKER_VARIABLES = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)

# What most requirements look like: needs no parser. A strict part of PEP 508, see the tests.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
"""The pattern of a distribution's name (PEP 508)."""
_RELEASE = r"[0-9]+(?:\.[0-9]+)*"
_CLAUSE = rf"(?:(?:==|!=)[ \t]*{_RELEASE}(?:\.\*)?|(?:>=|<=|<|>)[ \t]*{_RELEASE})"
_PLAIN = re.compile(
    rf"[ \t]*(?P<name>{NAME})[ \t]*(?:\[[ \t]*(?P<extras>{NAME}(?:[ \t]*,[ \t]*{NAME})*)[ \t]*\])?"
    rf"[ \t]*(?P<clauses>{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*)?[ \t]*"
)
# packaging's names for what stands in a text.
_TOKENS = (
    ("LEFT_BRACKET", "`[`"),
    ("RIGHT_BRACKET", "`]`"),
    ("LEFT_PARENTHESIS", "`(`"),
    ("RIGHT_PARENTHESIS", "`)`"),
)
_REASONS = (
    (r"after name with no version specifier", "a version or the end should follow the name"),
    (r"after version specifier", "a comma, a marker or the end should follow the version"),
    (r"marker operator", "a comparison, such as `<`, should stand here in the marker"),
    (
        r"marker variable or quoted string",
        "a marker's variable, or a text in quotes, should stand here",
    ),
    (r"start of dependency specifier", "the name of a package should stand here"),
)
_NO_OPTIONS = "options of pip have no place here"
_OPTION = re.compile(r"\s*(--?[A-Za-z][A-Za-z-]*)")
_ADDRESS = re.compile(r"^\s*(?:git|hg|svn|bzr)\+|://")
# pip's own way to name what an address leads to (pip, "VCS Support").
_EGG = re.compile(rf"(?P<before>[#&])egg=(?P<name>{NAME}(?:\[[^\]]*\])?)(?P<after>&.*)?$")
_FILE_NAME = re.compile(
    r"/([A-Za-z0-9][A-Za-z0-9._]*(?:-[A-Za-z][A-Za-z0-9._]*)*)-[0-9][^/]*"
    r"\.(?:whl|tar\.gz|tar\.bz2|zip)(?:#|$)"
)
# Such a name may be one of PEP 508; what an index has under it, nobody means.
_FILE = re.compile(rf"{NAME}\.(whl|tar\.gz|txt)", re.IGNORECASE)
_FILES = {
    "whl": "name a wheel's file as a wheel, not as a package",
    "tar.gz": "unpack it beside the spec, and name its folder as a source",
    "txt": "list what stands in it; `envc import` makes a spec of a `requirements.txt`",
}
_VERSION = r"([0-9][A-Za-z0-9.*+!_-]*)\s*(?:;.*)?"
_SERIES = r"([0-9][0-9.]*)\.\*\s*(?:;.*)?"
_HABITS = tuple(
    (re.compile(habit), advice)
    for habit, advice in (
        (VERSIONS_ONLY, VERSIONS_ONLY_ADVICE),
        (rf"^({NAME}(?:\[[^\]]*\])?)\s*=([<>!])\s*([^\s;,]+)", r"write `\2=`, as in `\1 \2=\3`"),
        (
            rf"^({NAME}(?:\s*[<>=!~]=?[^\s;,]+)?)\s*;\s*({NAME}(?:\s*[<>=!~]=?[^\s;\"\']+)?)\s*;?$",
            "separate packages by a comma or write each on its own line; `;` begins a marker",
        ),
        (r";\s*$", "remove the `;`: packages are separated by line ends"),
        (r",\s*,", "remove one comma"),
        (r",\s*(?:;|$)", "remove the comma at the end of the versions"),
        (
            r"[<>=!~]\s*$",
            "write a version after it, such as `>=2`",
        ),
        (r"\s--hash\b", "remove `--hash`: the lock has the hash of every wheel"),
        (r"^[./]|\.(?:whl|zip|tar\.gz)$", "name a wheel's file as a wheel, not as a package"),
        (r"^[^;]*::", "channels are Conda's: move it to `conda`, or remove the channel"),
        (r"\s#", "remove the comment from the quoted text"),
        (
            rf"^({NAME}(?:\[[^\]]*\])?)\s*(?:=\s*|\s){_SERIES}$",
            r"write `\1 ==\2.*` or `\1 >=\2`",
        ),
        (
            rf"^({NAME}(?:\[[^\]]*\])?)\s*(?:=\s*|\s){_VERSION}$",
            r"write `\1 ==\2` or `\1 >=\2`",
        ),
        (
            r"~=\s*([0-9]+)\s*(?:$|[,;)])",
            r"`~=` needs two numbers at least: write `~=\1.0` or `==\1.*`",
        ),
        (
            r"([<>]=?|~=)\s*([0-9][0-9.]*)\.\*",
            r"`.*` goes with `==` and `!=` only: write `\1\2` or `==\2.*`",
        ),
        (
            r"^[^;]*[<>=!~]\s*[A-Za-z0-9.*]+\s+([<>=!~]=?[^\s;]+)",
            r"separate version clauses by a comma: `, \1`",
        ),
    )
)


def normal_name(name: str) -> str:
    """Return a distribution's name in the one form that PEP 503 gives it.

    >>> normal_name("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


@frozen
class PipRequirement:
    """A requirement in normal form; two are equal where their texts differ only in how they are written.

    Attributes:
        name: Normalised (PEP 503).
        extras: Normalised, sorted, unique.
        clauses: Version clauses (PEP 440) without white space, sorted, unique.
        url: Where it is a direct reference, else empty.
        marker: As packaging writes it; may be empty.
    """

    name: str
    extras: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    url: str = ""
    marker: str = ""

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        source = f" @ {self.url}" if self.url else ",".join(self.clauses)
        space = " " if self.url else ""
        marker = f"{space}; {self.marker}" if self.marker else ""
        return f"{self.name}{extras}{source}{marker}"


def parse_requirement(text: str) -> PipRequirement | FieldError:
    """Return what a text asks for, or what is wrong with it.

    packaging is imported for texts only that have more than a name, extras and plain versions.
    """
    if file := _FILE.fullmatch(text.strip()):
        message = f"`{text.strip()}` is not a requirement: it is the name of a file"
        return FieldError("E231", message, hint=_FILES[file[1].lower()])
    if plain := _PLAIN.fullmatch(text):
        return PipRequirement(
            name=normal_name(plain["name"]),
            extras=_sort(map(normal_name, _split(plain["extras"]))),
            clauses=_sort(_split(plain["clauses"])),
        )
    if credentials := embedded_credentials(text):
        return credentials
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(text)
    except InvalidRequirement as error:
        start, end = getattr(error.__cause__, "span", (0, len(text)))
        reason = str(error).partition("\n")[0]
        return _explain(text, reason, (start, max(end, start + 1)))
    if not re.fullmatch(NAME, parsed.name):
        # packaging takes a `_` at the end of a name, PEP 508 does not.
        return _explain(text, "a name ends in a letter or a digit", (0, len(parsed.name)))
    return PipRequirement(
        name=normal_name(parsed.name),
        extras=_sort(map(normal_name, parsed.extras)),
        clauses=_sort(map(str, parsed.specifier)),
        url=parsed.url or "",
        marker=str(parsed.marker or ""),
    )


def normal_requirement(text: str) -> str:
    """Return the one form of all requirements that differ only in how they are written.

    What is no requirement gives its own text without white space around it.

    >>> normal_requirement("Typing_Extensions  <5, >= 4.1")
    'typing-extensions<5,>=4.1'
    >>> normal_requirement("tomli >=2; python_version<'3.11'")
    'tomli>=2; python_version < "3.11"'
    """
    parsed = parse_requirement(text)
    return text.strip(" \t") if isinstance(parsed, FieldError) else str(parsed)


def _split(text: str | None) -> list[str]:
    """Return the parts between commas, without any white space."""
    return re.sub(r"[ \t]", "", text).split(",") if text else []


def _sort(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(parts)))


def _explain(text: str, reason: str, part: tuple[int, int]) -> FieldError:
    """Return the error for a text that packaging refuses, with advice where a habit shows."""
    stripped = text.strip()
    if _ADDRESS.search(text) and not _OPTION.match(text):
        return FieldError(
            "E232",
            "an address alone does not say which distribution it leads to",
            hint=f"write its name before it: `{_name_address(stripped)}`",
        )
    if template := re.search(TEMPLATE, text):
        hint = template.expand(TEMPLATE_ADVICE)
        message = f"`{stripped}` is not a requirement: it is a template"
        return FieldError("E231", message, hint=hint, part=template.span())
    advice = _advise(stripped) or _advise_on_marker(text, part)
    message = f"`{stripped}` is not a requirement"
    if not advice:
        message += f": {_say(reason)}"
        advice = "write it as PEP 508 has it, such as `tomli >=2`"
    return FieldError("E231", message, hint=advice, part=part)


def _name_address(address: str) -> str:
    """Return an address as a direct reference, with the name that it shows or `NAME`.

    >>> _name_address("git+https://a.example/clip.git@main#egg=clip&subdirectory=py")
    'clip @ git+https://a.example/clip.git@main#subdirectory=py'
    >>> _name_address("https://a.example/en_core_web_sm-3.7.1.tar.gz")
    'en_core_web_sm @ https://a.example/en_core_web_sm-3.7.1.tar.gz'
    """
    if egg := _EGG.search(address):
        rest = f"{egg['before']}{egg['after'][1:]}" if egg["after"] else egg["before"][:-1]
        return f"{egg['name']} @ {address[: egg.start()]}{rest}"
    file = _FILE_NAME.search(address)
    return f"{file[1] if file else 'NAME'} @ {address}"


def _say(reason: str) -> str:
    """Return packaging's reason in our words."""
    for pattern, words in _REASONS:
        if re.search(pattern, reason):
            return words
    for token, char in _TOKENS:
        reason = reason.replace(token, char)
    return f"{reason[:1].lower()}{reason[1:].rstrip('.')}"


def _advise(text: str) -> str:
    """Return advice where a requirement shows a habit from elsewhere; may be empty."""
    if option := _OPTION.match(text):
        return _advise_on_option(option[1])
    for habit, advice in _HABITS:
        if found := habit.search(text):
            return found.expand(advice)
    return ""


def _advise_on_option(option: str) -> str:
    match option:
        case "-r" | "--requirement":
            return f"{_NO_OPTIONS}: list the file's lines themselves"
        case "-c" | "--constraint":
            return (
                f'{_NO_OPTIONS}: list the file\'s lines as constraints: `constraint "numpy <2"` '
                "(in YAML under `constraints`)"
            )
        case "-i" | "--index-url" | "--extra-index-url":
            return (
                f'{_NO_OPTIONS}: list the address as an index: `index "https://…"` '
                "(in YAML `indexes: [{url: …}]`)"
            )
        case "-f" | "--find-links":
            return (
                f'{_NO_OPTIONS}: list the page or the folder: `find-links "https://…"` '
                "(in YAML `find-links: [{url: …}]`)"
            )
        case "--no-binary":
            return (
                f'{_NO_OPTIONS}: name what may be built: `sdist "NAME"` (in YAML `sdists: [NAME]`)'
            )
        case "--pre":
            return f"{_NO_OPTIONS}: ask for the pre-release itself, as in `pets >=2.0rc1`"
        case "-e" | "--editable":
            return "build a wheel and name its file, or copy the sources in a step"
    return f"{_NO_OPTIONS}: remove it"


def _advise_on_marker(text: str, part: tuple[int, int]) -> str:
    """Return advice where a marker's variable is misspelt."""
    if ";" not in text[: part[0]]:
        return ""
    word = re.match(r"[A-Za-z_.]+", text[part[0] :])
    meant = suggest(word.group(), _MARKER_VARIABLES) if word else ""
    return f"did you mean `{meant}`?" if meant else ""
