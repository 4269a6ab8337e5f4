"""Rules about the image and its containers: checks, the user, the health check, the variables."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.lint.finding import Finding, Rule
from envc.lint.shell import Command, commands
from envc.lint.subject import Subject
from envc.source import Span
from envc.spec.defaults import layer_budget
from envc.spec.entry import texts
from envc.syntax.document import Path

__all__ = ["RULES"]

# With what brings them.
_FETCHERS = {"curl": "curl", "nc": "nc|ncat|netcat", "wget": "wget"}
_SMALL_BASES = frozenset({"library/debian", "library/ubuntu"})
_MIGHTY = frozenset({"ALL", "CAP_SYS_ADMIN", "SYS_ADMIN"})
_HOST = frozenset({"/", "/run/docker.sock", "/var/run/docker.sock"})
_MOST_LAYERS = 100
_FOLDERS = frozenset({"/bin", "/usr/bin"})


def _no_check(subject: Subject) -> Iterator[Finding]:
    check, spec = subject.spec.check, subject.spec
    has_packages = bool(subject.conda or subject.pip or spec.pip.wheels or spec.pip.sources)
    if has_packages and not check.imports and not check.run:
        yield Finding(
            warning=Diagnostic.at(
                subject.document.key_span(("environment",)),
                "W228",
                "nothing is checked: an image whose packages do not import gets its name too",
                hint="add `check { import … }` (in YAML `check: {import: […]}`) with the modules that "
                "you use",
            )
        )


def _user_by_name(subject: Subject) -> Iterator[Finding]:
    user = subject.text(("user",)).partition(":")[0]
    if user and user != "root" and not user.isdigit():
        yield Finding(
            warning=Diagnostic.at(
                subject.document.span(("user",)),
                "W229",
                f"nobody can tell from outside who `{user}` is: Kubernetes does not start it as "
                "non-root",
                hint="write the number of the user, such as `1000`",
            )
        )


def _healthcheck_without_its_program(subject: Subject) -> Iterator[Finding]:
    if not _is_small(subject):
        return
    for path, command in _healthcheck_commands(subject):
        name = command.program
        if name in _FETCHERS and not re.search(rf"\b(?:{_FETCHERS[name]})\b", subject.provided):
            start, end = command.words[0].start, command.words[0].end
            yield Finding(
                warning=Diagnostic.at(
                    subject.part(path, start, end),
                    "W230",
                    f"the base has no `{name}`, and nothing brings it: the check can only fail",
                    hint='ask with Python, as in `["python", "-c", "import urllib.request; …"]`',
                )
            )


def _is_small(subject: Subject) -> bool:
    base = subject.base
    if base is None:
        return False
    return base.repository in _SMALL_BASES or "slim" in (base.tag or "")


def _healthcheck_commands(subject: Subject) -> Iterator[tuple[Path, Command]]:
    path: Path = ("healthcheck", "run")
    run = subject.document.data_at(path)
    if isinstance(run, list):
        path, run = (*path, 0), run[0]
    if isinstance(run, str):
        yield from ((path, command) for command in commands(run) if command.words)


def _harmful_variables(subject: Subject) -> Iterator[Finding]:
    for path, name, value in _variables(subject):
        problem = _harm(subject, name, value)
        if problem is not None:
            message, hint = problem
            span = subject.document.key_span(path)
            yield Finding(warning=Diagnostic.at(span, "W231", message, hint=hint))


def _harm(subject: Subject, name: str, value: str) -> tuple[str, str] | None:
    """Return what is wrong with setting a variable, and what to do; None where nothing is."""
    match name:
        case "PATH" if not _FOLDERS.intersection(folder.rstrip("/") for folder in value.split(":")):
            return (
                "`PATH` replaces the base's, and has none of its folders with programs",
                "add `/usr/local/bin:/usr/bin:/bin` to it",
            )
        case "PYTHONHOME":
            return (
                "`PYTHONHOME` hides the environment from its own Python",
                "remove it; `PYTHONPATH` adds folders to import from",
            )
        case "CONDA_PREFIX" | "VIRTUAL_ENV":
            return f"`{name}` is what envc sets to the environment's folder", "remove it"
        case "LD_LIBRARY_PATH" if subject.conda:
            return (
                "`LD_LIBRARY_PATH` puts other libraries before those that Conda's packages need",
                "remove it, or set it for the one program that needs it",
            )
    return None


def _idle_variables(subject: Subject) -> Iterator[Finding]:
    installers = {"PIP_": "pip", "UV_": "uv", "CONDA_": "conda", "MAMBA_": "mamba"}
    text = "\n".join(script.text for script in subject.scripts)
    for path, name, _ in _variables(subject):
        prefix = next((prefix for prefix in installers if name.startswith(prefix)), None)
        if prefix is None or name == "CONDA_PREFIX" or installers[prefix] in text:
            continue
        yield Finding(
            warning=Diagnostic.at(
                subject.document.key_span(path),
                "W232",
                f"`{name}` changes nothing: envc does not install with {installers[prefix]}'s "
                "own settings",
                hint="remove it; indexes, channels and secrets are named in the spec",
            )
        )


def _all_powerful(subject: Subject) -> Iterator[Finding]:
    arguments = texts(subject.document, ("runtime", "arguments"))
    for entry in arguments:
        name, _, value = entry.text.partition("=")
        is_mighty = name == "--cap-add" and value.upper() in _MIGHTY
        if name == "--privileged" or is_mighty:
            yield _told(
                subject.document.span(entry.path),
                "W246",
                f"`{entry.text}` lets whatever runs in a container take over the host",
                "name the one device or capability that is needed, as in `--device=/dev/fuse`",
            )
    mounts = subject.document.data_at(("runtime", "mounts"))
    for index in range(len(mounts) if isinstance(mounts, list) else 0):
        path: Path = ("runtime", "mounts", index, "from")
        source = posixpath.normpath(subject.text(path))
        if source in _HOST:
            yield _told(
                subject.document.span(path),
                "W246",
                f"`{source}` lets whatever runs in a container take over the host",
                "mount the folder that is needed",
            )


def _many_layers(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    budget, steps = layer_budget(spec), len(spec.before_packages) + len(spec.steps)
    if spec.layers is not None and budget + steps > _MOST_LAYERS:
        beside = f" and {steps} step{'s' if steps > 1 else ''}" if steps else ""
        yield Finding(
            warning=Diagnostic.at(
                subject.document.span(("layers",)),
                "W272",
                f"{budget} layers{beside} leave the base few of the 125 that overlay2 takes",
                hint="say fewer: from about 20 on, more layers save next to nothing",
            )
        )


RULES = (
    Rule(code="W228", name="no-check", find=_no_check),
    Rule(code="W229", name="user-by-name", find=_user_by_name),
    Rule(
        code="W230",
        name="healthcheck-without-its-program",
        find=_healthcheck_without_its_program,
        is_sure=True,
    ),
    Rule(code="W231", name="harmful-variable", find=_harmful_variables, is_sure=True),
    Rule(code="W232", name="idle-variable", find=_idle_variables),
    Rule(code="W246", name="all-powerful", find=_all_powerful),
    Rule(code="W272", name="many-layers", find=_many_layers),
)


def _variables(subject: Subject) -> Iterator[tuple[Path, str, str]]:
    """Yield the path, the name and every value of the image's variables."""
    for path, value in subject.texts_below(("variables",)):
        yield path[:2], str(path[1]), value


def _told(span: Span, code: str, message: str, hint: str) -> Finding:
    return Finding(warning=Diagnostic.at(span, code, message, hint=hint))
