"""requirements.txt, with pip's options, as a spec's pip block."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from urllib.parse import unquote

from envc.errors import InputError
from envc.frozen import frozen
from envc.interop.address import split_address
from envc.interop.gathered import Gathered, Load
from envc.interop.import_repo2docker import remark_beside
from envc.source import Source, Span
from envc.spec.requirement import NAME, normal_name

__all__ = ["gather", "gather_line"]

_COMMENT = re.compile(r"(?:^|\s+)#.*")
_PER_REQUIREMENT = re.compile(r"\s--?(?:hash|config-settings?|global-option|install-option|C)\b")
_OPTION = re.compile(r"\s-")
_LISTED = re.compile(rf"({NAME})=([^=\s]+)=[^=\s]+")
"""A line of `conda list --export`: name, version and build."""
_NAMED = re.compile(rf"({NAME}(?:\s*\[[^\]]*\])?)\s*@\s*(\S+)")
_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)\+")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")
_SILENT = frozenset({"--prefer-binary", "--require-hashes", "--no-cache-dir"})
"""Options that ask for what envc does anyway."""
_LONG = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "--pypi-url": "--index-url",
    "-f": "--find-links",
}
_WITH_VALUE = frozenset(
    {
        *_LONG.values(),
        "--extra-index-url",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "--use-feature",
        "--allow-external",
        "--allow-unverified",
    }
)
_DEPTH_MAX = 20


@frozen
class _Context:
    """Where lines come from and go to.

    Attributes:
        folder: That of the file, relative to the imported one.
        block: The list of the pip block that requirements go to.
        above: The files that lead here, which must not be read again.
    """

    gathered: Gathered
    load: Load
    folder: str = "."
    block: str = "packages"
    above: tuple[str, ...] = ()


def gather(source: Source, load: Load, gathered: Gathered) -> None:
    """Take what a file asks for, and the files that it names."""
    own = posixpath.basename(source.name)
    _gather_file(source, _Context(gathered=gathered, load=load, above=(own,)))
    remark_beside(("runtime.txt", "apt.txt", "postBuild", "start"), load, gathered)


def gather_line(text: str, span: Span | None, load: Load, gathered: Gathered) -> None:
    """Take what one line asks for, as the pip section of an environment.yml has them.

    conda hands these lines to pip, for which what follows a `#` is a comment.
    """
    _gather_line(_COMMENT.sub("", text).strip(), span, _Context(gathered=gathered, load=load))


def _gather_file(source: Source, context: _Context) -> None:
    for text, span in _logical_lines(source):
        _gather_line(text, span, context)


def _logical_lines(source: Source) -> Iterator[tuple[str, Span]]:
    """Yield the lines that say something, without comments; a backslash joins two.

    https://pip.pypa.io/en/stable/reference/requirements-file-format/
    """
    parts: list[str] = []
    start = 0
    for number in range(1, source.line_count + 1):
        line = source.line(number)
        if not parts:
            start = source.line_span(number).start
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment and number < source.line_count:
            parts.append(line[:-1])
            continue
        text = _COMMENT.sub("", "".join([*parts, line])).strip()
        parts = []
        if text:
            yield text, source.span(start, source.line_span(number).end)


def _gather_line(text: str, span: Span | None, context: _Context) -> None:
    if text.startswith("-"):
        _gather_options(text, span, context)
    else:
        _gather_requirement(text, span, context)


def _gather_options(text: str, span: Span | None, context: _Context) -> None:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    while words:
        option, words = _expand(words)
        if not option.startswith("-"):
            context.gathered.leave_out(option, "it is no option of pip", span)
            continue
        value: str | None = None
        if option in _WITH_VALUE:
            if not words:
                context.gathered.leave_out(option, "it has no value", span)
                continue
            value, words = words[0], words[1:]
        _take_option(option, value, span, context)


def _expand(words: list[str]) -> tuple[str, list[str]]:
    """Return the first option under its long name, and the words after it, its value first."""
    first, rest = words[0], words[1:]
    name, sign, value = first.partition("=")
    if first.startswith("--") and sign:
        return _LONG.get(name, name), [value, *rest]
    if first[:2] in _LONG and not first.startswith("--") and len(first) > 2:
        return _LONG[first[:2]], [first[2:], *rest]
    return _LONG.get(first, first), rest


def _take_option(option: str, value: str | None, span: Span | None, context: _Context) -> None:
    gathered = context.gathered
    match option, value:
        case "--requirement", str():
            _gather_nested(value, "packages", span, context)
        case "--constraint", str():
            _gather_nested(value, "constraints", span, context)
        case "--editable", str():
            gathered.remark(f"`{value}` is installed as it is when it is built, not editable", span)
            _gather_requirement(value, span, context)
        case "--index-url", str():
            gathered.add_index(value, span)
        case "--extra-index-url", str():
            gathered.add_extra_index(value, span)
        case "--find-links", str():
            gathered.add_find_links(value, span)
        case ("--only-binary", ":all:") | ("--no-binary", ":none:"):
            return
        case _ if option in _SILENT:
            return
        case _:
            shown = option if value is None else f"{option} {value}"
            gathered.leave_out(shown, "a spec has no such option of pip", span)


def _gather_nested(path: str, block: str, span: Span | None, context: _Context) -> None:
    gathered = context.gathered
    if "://" in path:
        gathered.leave_out(path, "envc imports files beside this one only", span)
        return
    place = posixpath.normpath(posixpath.join(context.folder, path))
    if place in context.above or len(context.above) >= _DEPTH_MAX:
        gathered.leave_out(path, "the file leads back to itself", span)
        return
    try:
        source = context.load(place)
    except InputError as error:
        gathered.leave_out(path, error.diagnostics[0].message, span)
        return
    inner = _Context(
        gathered=gathered,
        load=context.load,
        folder=posixpath.dirname(place) or ".",
        block="constraints" if context.block == "constraints" else block,
        above=(*context.above, place),
    )
    _gather_file(source, inner)


def _gather_requirement(text: str, span: Span | None, context: _Context) -> None:
    found = _OPTION.search(text)
    asked, options = (text[: found.start()], text[found.start() :]) if found else (text, "")
    if options and not _PER_REQUIREMENT.match(options):
        context.gathered.leave_out(
            options.strip(), "for pip, too, it counts on a line of its own only", span
        )
    elif options and not re.fullmatch(r"(?:\s+--hash[=\s]\S+)+\s*", options):
        context.gathered.leave_out(options, "a spec has no options of a requirement", span)
    asked = asked.strip()
    named = _NAMED.match(asked)
    is_address = "://" in asked.partition("#")[0]
    if named is None and is_address:
        _gather_address(asked, span, context)
    elif named is None and _is_path(asked):
        _gather_path(asked, span, context)
    elif named is not None and named[2].startswith("file:///"):
        _leave_out_absolute(named[1], named[2], span, context)
    elif (listed := _LISTED.fullmatch(asked)) is not None:
        hint = f"`{listed[1]}=={listed[2]}` is pip's; `conda env export` writes a file for conda"
        context.gathered.leave_out(asked, "it is a line of `conda list`", span, hint)
    elif named is not None and named[2].startswith(("file:", ".")):
        _gather_path(named[2].removeprefix("file:"), span, context)
    else:
        context.gathered.add(("pip", context.block), asked, span, asked)


def _leave_out_absolute(name: str, address: str, span: Span | None, context: _Context) -> None:
    """Note that a file cannot be named: `pip freeze` says so where Conda installed a package."""
    hint = f"ask for `{name}` and its version, or put the file beside the spec and name it there"
    why = "the file is on the machine that wrote this"
    context.gathered.leave_out(f"{name} @ {address}", why, span, hint)


def _is_path(text: str) -> bool:
    bare = text.partition(";")[0].partition("[")[0].strip()
    return bare.startswith((".", "/", "~")) or "/" in bare or bare.endswith(_ARCHIVES)


def _gather_address(text: str, span: Span | None, context: _Context) -> None:
    """Take a bare address: its fragment or its file's name says what it leads to."""
    if text.startswith("file://"):
        _gather_path(text.removeprefix("file://"), span, context)
        return
    address, _, marker = text.partition(" ;") if " ;" in text else text.partition("; ")
    address = address.strip()
    name = _name_of(address)
    if name is None:
        context.gathered.leave_out(
            address, "its address does not say which distribution it leads to", span
        )
        return
    clean, _, fragment = address.partition("#")
    kept = "&".join(part for part in fragment.split("&") if part and not part.startswith("egg="))
    target = f"{clean}#{kept}" if kept else clean
    tail = f" ; {marker.strip()}" if marker.strip() else ""
    context.gathered.add(("pip", context.block), f"{name} @ {target}{tail}", span, text)


def _name_of(address: str) -> str | None:
    fragment = split_address(address.partition("+")[2] or address).fragment
    egg = re.search(r"(?:^|&)egg=([^&]+)", fragment)
    if egg is not None:
        return unquote(egg[1])
    file = posixpath.basename(unquote(split_address(address).path))
    if _VERSION_CONTROL.match(address):
        return normal_name(file.partition("@")[0].removesuffix(".git")) or None
    if not file.endswith(_ARCHIVES):
        return None
    wheel = re.match(rf"({NAME}?)-[0-9]", file)
    return wheel[1] if wheel is not None else None


def _gather_path(text: str, span: Span | None, context: _Context) -> None:
    gathered = context.gathered
    path, _, marker = text.partition(";")
    bare, _, extras = path.strip().partition("[")
    if marker.strip():
        gathered.remark(f"`{text}` loses its marker `{marker.strip()}`: a file has none", span)
    if extras:
        gathered.remark(f"`{text}` loses its extras `[{extras}`: name them as a package", span)
    own = gathered.beside(bare, below=context.folder)
    if context.block != "packages":
        gathered.leave_out(text, "a file is no constraint", span)
    elif bare.endswith(".whl"):
        gathered.add(("pip", "wheels"), own, span, text)
    elif bare.endswith(_ARCHIVES):
        gathered.leave_out(text, "a spec names wheels and folders beside it, no archives", span)
    else:
        gathered.add(("pip", "sources"), own, span, text)
