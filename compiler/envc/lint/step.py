"""Rules about the steps: what fails for certain, what is lost, and what belongs elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.lint.finding import Finding, Fix, Replace, Rule
from envc.lint.shell import Command, Word
from envc.lint.subject import Script, Subject

__all__ = ["RULES"]

_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@|git\+")
_FETCHERS = frozenset({"aria2c", "curl", "wget"})
_SHELLS = frozenset({"ash", "bash", "dash", "python", "python3", "sh", "zsh"})
_APT = frozenset({"apt", "apt-get"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_YES = re.compile(r"-[A-Za-z]*y[A-Za-z]*|--yes|--assume-yes|-qq|-q=2")
_LOCAL_ONLY = frozenset({"--no-index", "--no-deps", "--offline"})
# Not with a sticky bit: what has one is meant for everybody.
_ANYBODY = re.compile(r"[0246]?[0-7]{2}[2367]|(?:a|[ug]*o[ug]*)\+[rxX]*w[rxX]*")
_OPEN = "everybody in a container may change this"
_CLOSED = "give it to the user: `owner 1000:1000` of a copy, or `chown`"
_LOST = frozenset({".", "alias", "cd", "export", "set", "source", "umask"})


def _without_network(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        needy = () if script.has_network else filter(_needs_network, script.commands)
        for command in needy:
            program = command.program
            yield _at(
                subject,
                script,
                (command.words[0].start, command.end),
                "W233",
                f"`{program}` has no network here, and needs one",
                "add `network` after the script (in YAML `run: {command: …, network: true}`)",
            )
            break  # the first one ends the step


def _needs_network(command: Command) -> bool:
    match command.program, command.arguments:
        case "apt-get" | "apt", arguments:
            return _verb(arguments) in {"update", "install"} and "--no-download" not in arguments
        case "apk", arguments:
            return _verb(arguments) in {"add", "update"}
        case "git", arguments:
            return _verb(arguments) == "clone" and any(map(_REMOTE.match, arguments))
        case "npm" | "yarn", arguments:
            return _verb(arguments) in {"ci", "install"} and not _LOCAL_ONLY & {*arguments}
        case program, arguments if program in _FETCHERS:
            return any(map(re.compile(r"https?://(?!localhost|127\.)").match, arguments))
    return _installs(command) and not _LOCAL_ONLY.intersection(command.arguments)


def _verb(arguments: tuple[str, ...]) -> str:
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def _installs(command: Command) -> bool:
    """Say whether a command is pip's or Conda's, and installs packages."""
    words = (command.program, *command.arguments)
    if re.fullmatch(r"python[0-9.]*", words[0]) and words[1:3] == ("-m", "pip"):
        words = words[2:]
    if words[:2] == ("uv", "pip"):
        words = words[1:]
    if re.fullmatch(r"pip[0-9.]*", words[0]):
        return "install" in words[1:2] or _verb(words[1:]) == "install"
    return words[0] in _CONDA and _verb(words[1:]) in {"create", "install", "update"}


def _installs_in_step(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        for command in script.commands:
            if not _installs(command) or _LOCAL_ONLY.intersection(command.arguments):
                continue
            block = "conda" if command.program in _CONDA else "pip"
            yield _at(
                subject,
                script,
                (command.words[0].start, command.end),
                "W234",
                "what this installs is in no lock: it is another thing on another day",
                f"list the packages in `{block}`",
            )


def _redirected_versions(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        for command in filter(_installs, script.commands):
            for redirection in command.redirections:
                word, sign = redirection.joined, redirection.sign
                if word is None or sign not in {">", "<", ">>"}:
                    continue
                if redirection.target is None:
                    continue
                end = redirection.target.end
                whole = script.text[word.start : end]
                is_file = "reads the file" if sign == "<" else "writes the file"
                yield _at(
                    subject,
                    script,
                    (word.start, end),
                    "W235",
                    f"`{whole}` {is_file} `{redirection.target.text}`: to the shell, `{sign}` is no "
                    "comparison",
                    f"put it in quotes: `'{whole}'`",
                    fix=_quote(script, word, end),
                )


def _quote(script: Script, word: Word, end: int) -> Fix | None:
    whole = script.text[word.start : end]
    if re.search(r"[\s'\"\\$`]", whole):
        return None
    return Replace(path=script.path, start=word.start, end=end, text=f"'{whole}'")


def _apt_asks(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        for command in script.commands:
            arguments = command.arguments
            if command.program not in _APT or _verb(arguments) != "install":
                continue
            if any(map(_YES.fullmatch, arguments)) or command.before == "|":
                continue
            install = next(word for word in command.words if word.text == "install")
            yield _at(
                subject,
                script,
                (install.start, install.end),
                "W236",
                f"`{command.program} install` asks whether to go on, and nobody answers",
                f"write `{command.program} install -y`",
                fix=Replace(path=script.path, start=install.end, end=install.end, text=" -y"),
            )


def _sudo(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        for command in script.commands:
            if (word := command.sudo) is None:
                continue
            after = command.words[0].start
            is_plain = not script.text[word.end : after].strip(" ")
            fix = Replace(path=script.path, start=word.start, end=after, text="")
            yield _at(
                subject,
                script,
                (word.start, word.end),
                "W237",
                "steps run as root already, and most bases have no `sudo`",
                "remove `sudo`",
                fix=fix if is_plain else None,
            )


def _piped_into_shell(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        for above, command in zip(script.commands, script.commands[1:], strict=False):
            if command.before not in {"|", "|&"} or above.program not in _FETCHERS:
                continue
            if command.program in _SHELLS:
                yield _at(
                    subject,
                    script,
                    (above.start, command.end),
                    "W238",
                    "whatever the network says on that day is run as root",
                    "download the script, compare it with a SHA-256 (`sha256sum -c`), then run it",
                )


def _lost(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        if script.commands and all(map(_leaves_nothing, script.commands)):
            yield Finding(
                warning=Diagnostic.at(
                    subject.document.span(script.path),
                    "W239",
                    "nothing of this step is left for the next one, which has a shell of its own",
                    hint="say it in the step that needs it, or use `workdir` and `variables`",
                )
            )


def _leaves_nothing(command: Command) -> bool:
    if command.redirections:
        return False
    if command.program == "conda":
        return _verb(command.arguments) == "activate"
    return not command.words or command.program in _LOST


def _apt_update_alone(subject: Subject) -> Iterator[Finding]:
    for script in subject.scripts:
        verbs = [_verb(c.arguments) for c in script.commands if c.program in _APT]
        if "update" in verbs and len(verbs) == len(script.commands) == 1:
            yield Finding(
                warning=Diagnostic.at(
                    subject.document.span(script.path),
                    "W241",
                    "a build that finds this step done installs from an old list, whose packages are "
                    "gone",
                    hint="make one step of both: `apt-get update && apt-get install -y …`",
                )
            )


def _copies_everything(subject: Subject) -> Iterator[Finding]:
    steps = subject.document.data_at(("steps",))
    for index in range(len(steps) if isinstance(steps, list) else 0):
        path = ("steps", index, "copy", "from")
        text = subject.text(path)
        if not text or posixpath.normpath(text) != ".":
            continue
        if subject.document.data_at((*path[:-1], "ignore")):
            continue
        yield Finding(
            warning=Diagnostic.at(
                subject.document.span(path),
                "W240",
                "everything beside the spec is copied: notes, results and secrets too, and each of "
                "them changes the image's id",
                hint="copy the folders that the image needs, such as `src/`",
            )
        )


def _open_to_all(subject: Subject) -> Iterator[Finding]:
    steps = subject.document.data_at(("steps",))
    for index in range(len(steps) if isinstance(steps, list) else 0):
        path = ("steps", index, "copy", "mode")
        mode = subject.text(path)
        if _ANYBODY.fullmatch(mode):
            span = subject.document.span(path)
            yield Finding(warning=Diagnostic.at(span, "W248", _OPEN, hint=_CLOSED))
    for script in subject.scripts:
        for command in script.commands:
            mode = _verb(command.arguments) if command.program == "chmod" else ""
            if _ANYBODY.fullmatch(mode):
                yield _at(subject, script, (command.start, command.end), "W248", _OPEN, _CLOSED)


RULES = (
    Rule(code="W233", name="without-network", find=_without_network, is_sure=True),
    Rule(code="W234", name="installs-in-step", find=_installs_in_step),
    Rule(code="W235", name="redirected-version", find=_redirected_versions, is_sure=True),
    Rule(code="W236", name="apt-asks", find=_apt_asks, is_sure=True),
    Rule(code="W237", name="sudo", find=_sudo),
    Rule(code="W238", name="piped-into-shell", find=_piped_into_shell),
    Rule(code="W239", name="lost", find=_lost, is_sure=True),
    Rule(code="W240", name="copies-everything", find=_copies_everything),
    Rule(code="W241", name="apt-update-alone", find=_apt_update_alone),
    Rule(code="W248", name="open-to-all", find=_open_to_all),
)


def _at(
    subject: Subject,
    script: Script,
    place: tuple[int, int],
    code: str,
    message: str,
    hint: str,
    *,
    fix: Fix | None = None,
) -> Finding:
    span = subject.part(script.path, *place)
    return Finding(warning=Diagnostic.at(span, code, message, hint=hint), fix=fix)
