"""A spec in; the files that it extends and includes, and theirs, out, or why they cannot be had."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TypeAlias

from envc.compose import WORDS
from envc.compose.reference import OPENING
from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Span
from envc.syntax import form_of
from envc.syntax.document import Draft, Path

__all__ = ["DEPTH_LIMIT", "FILE_LIMIT", "File", "Files", "Link", "Load", "gather"]

FILE_LIMIT = 64
# Of Docker, of Azure Pipelines, and of GitHub's workflows.
_OTHER_WORDS = frozenset({"arg", "args", "parameter", "parameters", "strategy"})
_SURELY = 0.8
_EXAMPLES = {
    "extends": ('extends "team/base.envc"', "extends: team/base.envc"),
    "include": ('include "team/a.envc", "team/b.envc"', "include: [team/a.envc, team/b.envc]"),
}
DEPTH_LIMIT = 16

Load: TypeAlias = Callable[[str], Draft]
"""Reads a file by its path relative to the spec's folder; raises InputError where it cannot."""


@frozen
class Link:
    """A file that another one names.

    Attributes:
        path: As in Files.
        span: Where it is named.
        is_whole: Whether it is extended, and not included.
    """

    path: str
    span: Span
    is_whole: bool


_Chain: TypeAlias = "tuple[tuple[str, Link], ...]"  # who names, and what


@frozen
class File:
    """A file that was read, and the files that could be read of those that it names."""

    draft: Draft
    parent: Link | None = None
    includes: tuple[Link, ...] = ()


@frozen
class Files:
    """A spec with all that belongs to it.

    Attributes:
        by_path: By POSIX path relative to the spec's folder, in the order in which they were met;
            the first is the spec itself.
        problems: With the names of files and with what they may hold; not those of their syntax.
        is_partial: Whether a file, or a part of one, could not be read.
    """

    by_path: Mapping[str, File]
    problems: tuple[Diagnostic, ...]
    is_partial: bool


def gather(draft: Draft, load: Load) -> Files:
    """Return a spec's files: each is read once, and a file that leads back to itself is refused."""
    found = _Gathering(load)
    name = posixpath.basename(draft.document.source.name)
    found.visit(name, draft, ())
    # The spec is met first and known last, when all that it names has been read.
    by_path = {path: found.files[path] for path in found.met}
    return Files(by_path=by_path, problems=tuple(found.problems), is_partial=found.is_partial)


class _Gathering:
    """Files under way.

    Attributes:
        met: All paths that could be read, in the order in which they were met.
        files: Those of them that are complete.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._failed: set[str] = set()
        self._has_too_many = False
        self.met: list[str] = []
        self.files: dict[str, File] = {}
        self.problems: list[Diagnostic] = []
        self.is_partial = False

    def visit(self, path: str, draft: Draft, chain: _Chain) -> None:
        """Take a file in, and all that it names."""
        self.met.append(path)
        self.is_partial = self.is_partial or _has_misspelt_word(draft)
        links: list[Link] = []
        for link in self._read_links(path, draft):
            if self._follow(path, link, chain):
                links.append(link)
            else:
                self.is_partial = True
        self.files[path] = File(
            draft=draft,
            parent=next((link for link in links if link.is_whole), None),
            includes=tuple(link for link in links if not link.is_whole),
        )

    def _follow(self, path: str, link: Link, chain: _Chain) -> bool:
        """Read what a link names, and say whether it can be used."""
        here = (*chain, (path, link))
        names = [name for name, _ in here]
        if link.path in names:
            self.problems.append(_refuse_cycle(here[names.index(link.path) :], link.path))
            return False
        if link.path not in self.met and not self._read(link, here):
            return False
        return link.is_whole or self._is_fragment(link)

    def _read(self, link: Link, chain: _Chain) -> bool:
        if link.path in self._failed or self._has_too_many:
            return False
        if len(self.met) >= FILE_LIMIT:
            self._has_too_many = True
            message = f"a spec is made of at most {FILE_LIMIT} files, and this is one more"
            self._refuse(link.span, "E116", message, "put what belongs together into one file")
            return False
        if len(chain) > DEPTH_LIMIT:
            message = f"files include each other more than {DEPTH_LIMIT} deep here"
            self._refuse(link.span, "E116", message, "include the file in the spec itself")
            return False
        try:
            draft = self._load(link.path)
        except InputError as error:
            self._failed.add(link.path)
            self.problems.extend(_place(problem, link) for problem in error.diagnostics)
            return False
        self.is_partial = self.is_partial or draft.is_partial
        self.visit(link.path, draft, chain)
        return True

    def _is_fragment(self, link: Link) -> bool:
        """Say whether a file can be included, or report why not (E117)."""
        document = self.files[link.path].draft.document
        for word, reason, hint in (
            (
                "environment",
                "is a whole spec, which has a name of its own",
                "start from it with `extends`, or take `environment` out of it",
            ),
            (
                "extends",
                "extends another file, as only a whole spec can",
                "include that other file instead, or extend it in the spec itself",
            ),
        ):
            if word in document.data:
                named = Label(span=document.key_span((word,)), text="here")
                self.problems.append(
                    Diagnostic(
                        code="E117",
                        message=f"`{link.path}` cannot be included: it {reason}",
                        labels=(Label(span=link.span), named),
                        hint=hint,
                    )
                )
                return False
        return True

    def _read_links(self, path: str, draft: Draft) -> Iterator[Link]:
        document, folder = draft.document, posixpath.dirname(path)
        for place, is_whole in self._names(draft):
            text, span = document.data_at(place), document.span(place)
            if not isinstance(text, str):
                self._refuse(span, "E114", "a file is named by a text", "write its path")
            elif problem := _complain(text, draft, place):
                self.problems.append(problem)
            else:
                named = posixpath.normpath(posixpath.join(folder, text))
                yield Link(path=named, span=span, is_whole=is_whole)
                continue
            self.is_partial = True

    def _names(self, draft: Draft) -> Iterator[tuple[Path, bool]]:
        """Yield the path of each name of a file, and whether that is extended."""
        data = draft.document.data
        if "extends" in data:
            if isinstance(data["extends"], list):
                self._expect(draft, "extends", "the path of one file")
            else:
                yield ("extends",), True
        include = data.get("include", [])
        if isinstance(include, list):
            yield from ((("include", number), False) for number in range(len(include)))
        else:
            self._expect(draft, "include", "a list of files")

    def _expect(self, draft: Draft, word: str, wanted: str) -> None:
        self.is_partial = True
        span = draft.document.span((word,))
        example = _EXAMPLES[word][form_of(span.source.name) == "yaml"]
        self._refuse(span, "E114", f"`{word}` must be {wanted}", f"write it as `{example}`")

    def _refuse(self, span: Span, code: str, message: str, hint: str) -> None:
        self.problems.append(Diagnostic.at(span, code, message, hint=hint))


def _has_misspelt_word(draft: Draft) -> bool:
    """Say whether a key was surely meant to be one of composing, so that what it says is missing."""
    keys = draft.document.data.keys() - set(WORDS)
    return any(
        key.casefold() in _OTHER_WORDS
        or get_close_matches(key.casefold(), WORDS, n=1, cutoff=_SURELY)
        for key in keys
    )


def _complain(text: str, draft: Draft, place: Path) -> Diagnostic | None:
    """Return why a text cannot name a file, or None."""
    document = draft.document

    def refuse(code: str, message: str, hint: str) -> Diagnostic:
        return Diagnostic.at(document.span(place), code, message, hint=hint)

    if OPENING in text:
        start = text.index(OPENING)
        end = text.find("}}", start) + 2
        return Diagnostic.at(
            document.part(place, start, end if end > 1 else len(text)),
            "E118",
            "a parameter cannot choose a file",
            hint="name the file itself; parameters may stand in what it holds",
        )
    if not text.strip():
        return refuse("E114", "the name of the file is empty", "write its path, or remove it")
    if "://" in text:
        hint = "download the file, and name it by its path"
        return refuse("E114", f"`{text}` is an address, not a file", hint)
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", text):
        hint = "write a path relative to this file, which everybody has"
        return refuse("E114", f"`{text}` is a path of one machine only", hint)
    if "\\" in text:
        return refuse("E114", f"`{text}` has a backslash in it", "separate folders by `/`")
    if re.search(r"[\x00-\x1f\x7f]", text):
        return refuse("E114", "a path has no control characters", "write it on one line")
    if text.endswith("/") or posixpath.basename(text) in {".", ".."}:
        return refuse("E114", f"`{text}` is a folder, not a file", "name the file in it")
    return None


def _refuse_cycle(links: _Chain, last: str) -> Diagnostic:
    """Return E115 with each link of the chain at its place, the one that closes it first."""
    names = [*(name for name, _ in links), last]
    labels = [
        Label(span=link.span, text=f"`{name}` {_verb(link)} `{following}`")
        for (name, link), following in zip(links, names[1:], strict=True)
    ]
    message = f"the files lead back to `{last}`: {' -> '.join(names)}"
    if len(links) == 1:
        message = f"`{last}` {_verb(links[0][1])} itself"
    return Diagnostic(
        code="E115",
        message=message,
        labels=(labels[-1], *labels[:-1]),
        hint="remove one of these lines; what both need goes into a third file"
        if labels[1:]
        else "remove this line",
    )


def _verb(link: Link) -> str:
    return "extends" if link.is_whole else "includes"


def _place(problem: Diagnostic, link: Link) -> Diagnostic:
    """Return a problem with a file with the place that names it."""
    text = "named here" if problem.labels else ""
    return replace(problem, labels=(*problem.labels, Label(span=link.span, text=text)))
