"""What a Conda worker is asked and answers: the JSON between envc and the processes that solve."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

from envc.frozen import frozen

__all__ = [
    "Answer",
    "Channel",
    "Finding",
    "Login",
    "Preferred",
    "Problem",
    "ProblemKind",
    "Question",
    "Virtual",
]


class Channel(TypedDict):
    """A channel: its canonical `name`, and the `address` it is fetched from."""

    name: str
    address: str


class Virtual(TypedDict):
    """A virtual package."""

    name: str
    version: str
    build: str


class Preferred(TypedDict):
    """A package to take where it is still there: `url` at the address that is asked."""

    name: str
    version: str
    build: str
    url: str
    sha256: str


class Login(TypedDict):
    """A host, and what it wants: `user:password`, `Bearer` and a token, or a token of Conda's own kind."""

    host: str
    credentials: str


class Question(TypedDict):
    """A Conda problem.

    Attributes:
        cache: A folder for what was fetched.
        channels: The highest priority first.
        subdir: The platform's; `noarch` is always searched too.
        other_subdirs: Where to look for packages that `subdir` does not have.
        requirements: MatchSpecs; answers refer to them by position.
        virtual_packages: All there are.
        program: A conda, mamba or micromamba, for the solver that drives one.
        channel_priority: `strict` or `disabled`.
        constraints: MatchSpecs for what is installed anyway. Answers refer to them by position too,
            counted on from the requirements.
        exclude_newer: Milliseconds since 1970 in UTC from which on records do not exist, or None.
        timeout_s: How long one answer of a channel may take as a whole.
        logins: Of the hosts of channels, or of their mirrors, each at most once.
        silence_s: How long a channel may take to begin an answer.
    """

    cache: str
    channels: list[Channel]
    subdir: str
    other_subdirs: list[str]
    requirements: list[str]
    virtual_packages: list[Virtual]
    program: str
    channel_priority: str
    constraints: list[str]
    exclude_newer: int | None
    preferred: list[Preferred]
    logins: list[Login]
    silence_s: float
    timeout_s: int


ProblemKind: TypeAlias = Literal[
    "channel", "checksum", "constraint", "field", "program", "syntax", "unknown", "unlisted"
]


@frozen
class Problem:
    """Why there is no answer.

    Attributes:
        kind: What is wrong: a channel cannot be read, a package has no checksum, the solver knows no
            constraints of what nobody asks for, a MatchSpec has a field the solver cannot honour, a
            program failed, a MatchSpec cannot be parsed, a package is unknown, a MatchSpec names a
            channel that is not searched.
        subject: The channel's canonical name, the archive, the field, the program, the solver or the
            package.
        requirement: The position of the requirement to blame, or None.
        detail: What the library or the program says.
        suggestion: The name that was probably meant, or for a field what to do; may be empty.
        elsewhere: Subdirs that have the unknown package.
    """

    kind: ProblemKind
    subject: str
    requirement: int | None = None
    detail: str = ""
    suggestion: str = ""
    elsewhere: tuple[str, ...] = ()


@frozen
class Finding:
    """A requirement that nothing fits, whatever the others say.

    Attributes:
        requirement: Its position.
        newest: The newest version its channel has, or the target has of a virtual package; empty for
            one that is missing.
        older: The newest version its channel has before what is asked for; empty where that is not
            to be said or has none.
        newer: The oldest version its channel has after the least that is asked for; likewise.
        channel: The canonical name of the channel that is searched for it; may be empty.
        shadowed: The canonical name of a later channel that has what fits; may be empty.
        is_too_new: Whether all that fits there is newer than the question allows.
        fitting: The newest version there that would fit, were it not for the build; empty where that
            is not what is wrong.
        builds: Those of that version, sorted.
    """

    requirement: int
    newest: str = ""
    older: str = ""
    newer: str = ""
    channel: str = ""
    shadowed: str = ""
    is_too_new: bool = False
    fitting: str = ""
    builds: tuple[str, ...] = ()


@frozen
class Answer:
    """The packages, or the conflict, or the problems.

    Attributes:
        packages: As the channels describe them: the fields of a CondaPackage, `url` at the address
            that was asked, `noarch` and `purls` where there are any. None where there is a conflict
            or a problem.
        explanation: The solver's words on a conflict.
        findings: What is known about it.
        core: The positions of the fewest requirements that conflict; empty where nobody knows.
    """

    packages: list[dict[str, Any]] | None = None
    explanation: str = ""
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    core: tuple[int, ...] = ()

    @staticmethod
    def from_json(data: dict[str, Any]) -> Answer:
        """Return the answer that `dataclasses.asdict` and JSON made `data` of."""
        problems = (
            Problem(**(problem | {"elsewhere": tuple(problem["elsewhere"])}))
            for problem in data["problems"]
        )
        findings = (
            Finding(**(finding | {"builds": tuple(finding["builds"])}))
            for finding in data["findings"]
        )
        return Answer(
            packages=data["packages"],
            explanation=data["explanation"],
            findings=tuple(findings),
            problems=tuple(problems),
            core=tuple(data["core"]),
        )
