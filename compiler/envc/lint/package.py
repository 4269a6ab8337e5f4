"""Rules about packages: their names, their versions, and where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envc.diagnostics import Diagnostic, Label
from envc.lint.finding import Finding, Fix, Replace, Rule
from envc.lint.name import (
    COMPILED,
    CONDA_NAMES,
    GPU_FROM_CONDA,
    ONE_MACHINE,
    OTHERWISE_NAMED,
    OUTDATED,
    PYPI_NAMES,
)
from envc.lint.subject import CondaPackage, PipPackage, Subject
from envc.spec.requirement import normal_name

__all__ = ["RULES"]

# A program of the same name, or another project: both sides can be meant.
_NAMESAKES = frozenset({"cmake", "graphviz", "ninja", "nodejs", "redis", "snappy", "tree"})
_FROM_CONDA = COMPILED.union(*OTHERWISE_NAMED.values())
_INSTALLERS = frozenset({"pip", "wheel"})
_GLOB = re.compile(r"(?P<sign>>=|<=|<|>)[ \t]*[0-9][0-9A-Za-z_.]*(?P<glob>\.\*)")


def _without_version(subject: Subject) -> Iterator[Finding]:
    for package in _packages(subject):
        match package:
            case CondaPackage():
                is_free = not package.has_version
            case PipPackage(requirement=requirement):
                is_free = not requirement.clauses and not requirement.url
        has_own_rule = package.name in {"python", *_INSTALLERS}
        if is_free and not has_own_rule and not _is_misnamed(package):
            yield _at_name(
                subject,
                package,
                "W210",
                f"any version of `{package.name}` will do, also one from years ago",
                "say from which version on your code works with it, as in `>=2` or `>=2,<3`",
            )


def _misnamed(subject: Subject) -> Iterator[Finding]:
    # An index of one's own may have anything under any name.
    packages = subject.conda if subject.document.data_at(("pip", "indexes")) else None
    for package in packages if packages is not None else _packages(subject):
        if not _is_misnamed(package):
            continue
        from_conda = isinstance(package, CondaPackage)
        meant = (CONDA_NAMES if from_conda else PYPI_NAMES)[package.name]
        who = "Conda's channels have" if from_conda else "PyPI has"
        yield _at_name(
            subject,
            package,
            "W211",
            f"{who} what is meant by `{package.name}` as `{meant}`",
            f"write `{meant}`",
            fix=_rename(package, meant),
        )


def _is_misnamed(package: CondaPackage | PipPackage) -> bool:
    match package:
        case CondaPackage():
            return package.name in CONDA_NAMES and not package.parts.channel
        case PipPackage():
            return package.name in PYPI_NAMES and not package.requirement.url


def _rename(package: CondaPackage | PipPackage, meant: str) -> Fix | None:
    """Return the fix, where there is no version: one would be the other package's."""
    if isinstance(package, PipPackage) and package.requirement.clauses:
        return None
    start, end = _name_place(package)
    return Replace(path=package.entry.path, start=start, end=end, text=meant)


def _outdated(subject: Subject) -> Iterator[Finding]:
    for package in _packages(subject):
        why, instead = OUTDATED.get(package.name, ("", ""))
        if not why:
            continue
        hint = f"ask for `{instead}`" if instead else "remove it"
        message = f"`{package.name}` {why}"
        yield _at_name(subject, package, "W212", message, hint)


def _wanted_from_both(subject: Subject) -> Iterator[Finding]:
    first = {normal_name(package.name): package for package in subject.conda}
    for package in subject.pip:
        names = (package.name, *OTHERWISE_NAMED.get(package.name, ()))
        other = next((first[name] for name in names if name in first), None)
        if other is None or package.name in _NAMESAKES or package.requirement.marker:
            continue
        if package.platform != other.platform and package.platform and other.platform:
            continue
        warning = Diagnostic(
            code="W213",
            message=f"`{package.name}` is wanted from pip, and Conda brings it",
            labels=(
                Label(span=subject.document.span(package.entry.path)),
                Label(span=subject.document.span(other.entry.path), text="Conda's is used"),
            ),
            hint="ask for it once, in `conda`, with all that must hold",
        )
        yield Finding(warning=warning)


def _compiled_from_pip(subject: Subject) -> Iterator[Finding]:
    known = subject.distributions
    if not known & _FROM_CONDA:
        return
    for package in subject.pip:
        names = {package.name, *OTHERWISE_NAMED.get(package.name, ())}
        if package.name in COMPILED and not names & known and not package.requirement.url:
            yield _at_name(
                subject,
                package,
                "W214",
                f"`{package.name}` from pip brings its own libraries beside those of Conda",
                "ask Conda for it: two copies of one library in a process can crash it",
            )


def _installers(subject: Subject) -> Iterator[Finding]:
    uses_pip = re.compile(r"\bpip\b")
    if any(uses_pip.search(script.text) for script in subject.scripts):
        return
    for package in _packages(subject):
        if package.name in _INSTALLERS:
            yield _at_name(
                subject,
                package,
                "W215",
                f"`{package.name}` is not needed: envc installs packages without it",
                "remove it, unless your own code runs it",
            )


def _graphical_opencv(subject: Subject) -> Iterator[Finding]:
    if re.search(r"libgl1|libgl\b|mesa", subject.provided):
        return
    for package in subject.pip:
        if package.name in {"opencv-python", "opencv-contrib-python"}:
            better = f"{package.name}-headless"
            yield _at_name(
                subject,
                package,
                "W216",
                f"`{package.name}` has windows in it, and needs libraries that images lack",
                f"ask for `{better}`, unless you open windows",
            )


def _cpu_or_gpu(subject: Subject) -> Iterator[Finding]:
    cuda = subject.text(("cuda",))
    if cuda not in ("", "none"):
        for package in _packages(subject):
            if _is_for_cpu(package) and package.platform != "linux/arm64":
                yield _at(
                    subject,
                    package,
                    f"`{package.entry.text.strip()}` cannot use a GPU, and the spec has CUDA {cuda}",
                    "ask for a build with CUDA, or write `cuda none`",
                )
    elif subject.text(("runtime", "gpus")) and cuda != "none":
        for package in subject.conda:
            if package.name in GPU_FROM_CONDA and not package.parts.build:
                yield _at(
                    subject,
                    package,
                    f"Conda chooses a `{package.name}` without a GPU, and containers get GPUs",
                    "say which CUDA your machines have, such as `cuda 12.4` (in YAML `cuda: 12.4`)",
                )


def _is_for_cpu(package: CondaPackage | PipPackage) -> bool:
    if isinstance(package, CondaPackage):
        is_cpu = re.match(r"\*?cpu", package.parts.build) is not None
        return is_cpu or package.name.endswith("-cpu") or package.name == "cpuonly"
    return package.name.endswith("-cpu") or any("+cpu" in c for c in package.requirement.clauses)


def _one_machine_only(subject: Subject) -> Iterator[Finding]:
    if "linux/arm64" not in subject.spec.platforms:
        return
    for package in _packages(subject):
        has_marker = isinstance(package, PipPackage) and package.requirement.marker
        if normal_name(package.name) in ONE_MACHINE and not package.platform and not has_marker:
            yield _at_name(
                subject,
                package,
                "W218",
                f"`{package.name}` exists for linux/amd64 only, and the spec is for linux/arm64 too",
                "add `on linux/amd64` (in YAML `{package: …, on: linux/amd64}`)",
            )


def _superfluous_globs(subject: Subject) -> Iterator[Finding]:
    for package in subject.conda:
        text = package.entry.text
        for found in _GLOB.finditer(text):
            start, end = found.span("glob")
            # rattler reads `>1.2.*` as `>=1.2`, and conda as `>1.2`: what is meant, who knows.
            is_plain = found["sign"] in {">=", "<"}
            constraint = found.group()
            plain = constraint.removesuffix(".*")
            fix = Replace(path=package.entry.path, start=start, end=end, text="")
            hint = f"write `{plain}`" if is_plain else "write the first version that will not do"
            warning = Diagnostic.at(
                subject.part(package.entry.path, *found.span()),
                "W219",
                f"`.*` says nothing in `{constraint}`"
                if is_plain
                else f"`{constraint}` means one thing to conda and another to its solvers",
                hint=hint,
            )
            yield Finding(warning=warning, fix=fix if is_plain else None)


RULES = (
    Rule(code="W210", name="without-version", find=_without_version),
    Rule(code="W211", name="misnamed", find=_misnamed, is_sure=True),
    Rule(code="W212", name="outdated", find=_outdated),
    Rule(code="W213", name="wanted-from-both", find=_wanted_from_both),
    Rule(code="W214", name="compiled-from-pip", find=_compiled_from_pip),
    Rule(code="W215", name="installer", find=_installers),
    Rule(code="W216", name="graphical-opencv", find=_graphical_opencv),
    Rule(code="W217", name="cpu-or-gpu", find=_cpu_or_gpu),
    Rule(code="W218", name="one-machine-only", find=_one_machine_only),
    Rule(code="W219", name="superfluous-glob", find=_superfluous_globs),
)


def _packages(subject: Subject) -> tuple[CondaPackage | PipPackage, ...]:
    return (*subject.conda, *subject.pip)


def _name_place(package: CondaPackage | PipPackage) -> tuple[int, int]:
    """Return where the name stands in the text of an entry."""
    text = package.entry.text
    match package:
        case CondaPackage(parts=parts):
            start = text.find(parts.name, text.find("::") + 2 if "::" in text else 0)
            return start, start + len(parts.name)
        case PipPackage():
            found = re.match(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", text)
            return found.span(1) if found else (0, len(text))


def _at_name(
    subject: Subject,
    package: CondaPackage | PipPackage,
    code: str,
    message: str,
    hint: str,
    *,
    fix: Fix | None = None,
) -> Finding:
    span = subject.part(package.entry.path, *_name_place(package))
    return Finding(warning=Diagnostic.at(span, code, message, hint=hint), fix=fix)


def _at(subject: Subject, package: CondaPackage | PipPackage, message: str, hint: str) -> Finding:
    span = subject.document.span(package.entry.path)
    return Finding(warning=Diagnostic.at(span, "W217", message, hint=hint))
