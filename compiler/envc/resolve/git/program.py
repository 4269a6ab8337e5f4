"""How `git` is called: with the user's own access to repositories, and never with a question to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.process import Completed, ProgramMissingError, run
from envc.source import Span

__all__ = ["Failed", "Git", "GitFailedError", "explain", "hide_passwords"]

Failed: TypeAlias = Literal["unreachable", "refused", "missing", "other"]
"""Why: nobody answers, nobody may, there is no such repository, or `git` says something else."""

_TIMEOUT_S = 900.0
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "credential.interactive=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    "maintenance.auto=false",
    "tar.umask=0022",
)
# `git rev-parse --local-env-vars`: a hook that runs envc has them set for its own repository.
_OTHERS = re.compile(
    r"GIT_(?:DIR|WORK_TREE|INDEX_FILE|INDEX_VERSION|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|PREFIX|"
    r"ALTERNATE_OBJECT_DIRECTORIES|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|CONFIG|"
    r"INTERNAL_SUPER_PREFIX|NO_REPLACE_OBJECTS|IMPLICIT_WORK_TREE|TRACE.*|CURL_VERBOSE|"
    r"QUARANTINE_PATH)|SSH_ASKPASS(?:_REQUIRE)?|LC_.*|LANG|LANGUAGE"
)
_SSH = "-o BatchMode=yes -o ConnectTimeout=15"
_REASONS: tuple[tuple[Failed, re.Pattern[str]], ...] = (
    (
        "unreachable",
        re.compile(
            r"could not resolve host|failed to connect|couldn't connect|connection (?:refused|reset|"
            r"timed out|closed)|operation (?:timed out|too slow)|network is unreachable|no route to "
            r"host|name or service not known|timed out|certificate|ssl|empty reply|could not resolve "
            r"proxy|returned error: 5\d\d|returned error: 429",
            re.IGNORECASE,
        ),
    ),
    (
        "refused",
        re.compile(
            r"could not read (?:username|password)|terminal prompts disabled|authentication failed|"
            r"returned error: (?:401|403|407)|permission denied|host key verification failed|"
            r"access denied|not authorized|invalid username or",
            re.IGNORECASE,
        ),
    ),
    (
        "missing",
        re.compile(
            r"repository '[^']*' not found|repository not found|returned error: (?:404|410)|"
            r"does not appear to be a git repository|update-server-info|no such file or directory|"
            r"project you were looking for could not be found|repository does not exist",
            re.IGNORECASE,
        ),
    ),
)
_TOLD = re.compile(
    r"^(?:fatal|error|remote|ssh|ERROR)\b.*|.*(?:denied|verification failed).*", re.M
)
_SHOWN = 4


class GitFailedError(Exception):
    """`git` ended with an error: why, and what it said, without any password."""

    def __init__(self, why: Failed, said: str) -> None:
        self.why, self.said = why, said
        super().__init__(said)


class Git:
    """Runs the user's `git`: their configuration, credential helpers, netrc and ssh agent count.

    It never asks anybody: what it would ask for is told as missing.

    Args:
        environment: The caller's variables.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        own = {name: text for name, text in environment.items() if not _OTHERS.fullmatch(name)}
        self._environment = {
            **own,
            "GCM_INTERACTIVE": "never",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    def __call__(
        self, *words: str, folder: Path | None = None, local: bool = False, remote: str = ""
    ) -> str:
        """Return what `git` writes.

        Args:
            folder: The repository that it runs in.
            local: Whether repositories of this machine's disk may be read.
            remote: The address that it talks to, if any.

        Raises:
            GitFailedError: It says no.
            ToolError: There is no `git` (E349).
        """
        protocols = "https:http:ssh:git" + (":file" if local else "")
        own = {**self._environment, "GIT_ALLOW_PROTOCOL": protocols}
        if remote and not remote.startswith(("http:", "https:", "file:", "/")):
            own |= self._open_ssh(folder)
        try:
            done = self._run(words, own, folder)
        except TimeoutError as error:
            raise GitFailedError("unreachable", "it takes too long") from error
        if done.returncode:
            raise _judge(done.stderr)
        return done.stdout

    def _open_ssh(self, folder: Path | None) -> dict[str, str]:
        """Return the variable that lets no `ssh` ask; which one is run stays the user's choice."""
        if "GIT_SSH" in self._environment and "GIT_SSH_COMMAND" not in self._environment:
            return {}
        configured = self._run(("config", "--get", "core.sshCommand"), self._environment, folder)
        program = self._environment.get("GIT_SSH_COMMAND") or configured.stdout.strip() or "ssh"
        return {"GIT_SSH_COMMAND": f"{program} {_SSH}"}

    def _run(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path | None
    ) -> Completed:
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        try:
            return run(
                ["git", *settings, *words],
                environment=environment,
                folder=folder,
                timeout_s=_TIMEOUT_S,
            )
        except ProgramMissingError as error:
            message = "there is no `git`, which gets what is in repositories"
            hint = "install Git, and have it on the `PATH`"
            raise ToolError([Diagnostic(code="E349", message=message, hint=hint)]) from error


def hide_passwords(text: str) -> str:
    """Return what `git` says without what stands before the host of an address.

    >>> hide_passwords("fatal: unable to access 'https://me:word@a.example/x.git/'")
    "fatal: unable to access 'https://a.example/x.git/'"
    """
    return re.sub(r"(https?://)[^/\s'\"]*@", r"\1", text)


def explain(error: GitFailedError, repository: str, span: Span | None) -> EnvcError:
    """Return what to raise where a repository cannot be read.

    Returns:
        ToolError: It cannot be reached (E350) or read by this user (E351), or `git` fails (E356).
        InputError: There is none (E352).
    """
    notes = (error.said,) if error.said else ()
    match error.why:
        case "unreachable":
            code, message = "E350", f"the repository `{repository}` cannot be reached"
            hint = "check the address, the network and the proxy, and try again"
        case "refused":
            code, message = "E351", f"`git` may not read the repository `{repository}`"
            hint = (
                f"have `git ls-remote {repository}` work without a question: by a credential helper, "
                "`~/.netrc` or an ssh agent; some hosts say the same of what is not there"
            )
        case "missing":
            code, message = "E352", f"there is no repository `{repository}`"
            hint = "check the address"
        case _:
            code, message = "E356", f"`git` cannot get the repository `{repository}`"
            hint = f"see what `git ls-remote {repository}` says"
    problem = replace(Diagnostic.at(span, code, message, hint=hint), notes=notes)
    return InputError([problem]) if code == "E352" else ToolError([problem])


def _judge(stderr: str) -> GitFailedError:
    text = hide_passwords(stderr)
    why: Failed = "other"
    for name, pattern in _REASONS:
        if pattern.search(text):
            why = name
            break
    told = [match[0].strip() for match in _TOLD.finditer(text)] or text.strip().splitlines()
    return GitFailedError(why, "\n".join(dict.fromkeys(told[:_SHOWN])))
