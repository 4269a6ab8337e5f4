"""The files of a spec in; all of its variants out."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from envc.compose import WORDS, Choice, Composition
from envc.compose.file import Files, Load, gather
from envc.compose.merge import Merging
from envc.compose.param import Declarations, declare
from envc.compose.path import move_paths
from envc.compose.tree import Node, mapped, to_document, to_tree
from envc.compose.value import Values
from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.source import Source, Span
from envc.syntax.document import Draft

__all__ = ["compose_files"]


def compose_files(draft: Draft, load: Load, choice: Choice) -> Composition:
    """Return the documents that a spec stands for; as `envc.compose.compose`."""
    files = gather(draft, load)
    trees = {path: to_tree(file.draft.document) for path, file in files.by_path.items()}
    declarations = declare(files, trees)
    sources = {path: file.draft.document.source for path, file in files.by_path.items()}
    others = dict(list(sources.items())[1:])
    syntax = [problem for file in files.by_path.values() for problem in file.draft.problems]
    problems = (*syntax, *files.problems, *declarations.problems)
    if not problems:
        _check_choice(choice, declarations)
    base = Draft(
        document=draft.document,
        problems=problems,
        lost=tuple(span for file in files.by_path.values() for span in file.draft.lost),
        is_partial=files.is_partial,
    )
    contents = {path: _content(tree) for path, tree in trees.items()}
    variants: dict[str, Draft] = {}
    used: frozenset[str] = frozenset()
    for name in declarations.variants or ("",):
        values = Values(declarations, name, choice.sets)
        variants[name], names = _compose_variant(base, files, contents, values, others)
        used |= names
    return Composition(
        variants=_with_one_name(variants),
        files=others,
        spans={name: node.place for name, node in declarations.variants.items()},
        params={name: node.place for name, node in declarations.params.items()},
        used=used,
    )


def _content(tree: Node) -> Node:
    """Return what a file says of the environment."""
    fields = {key: node for key, node in tree.fields.items() if key not in WORDS}
    return replace(tree, value=fields)


def _compose_variant(
    base: Draft,
    files: Files,
    contents: Mapping[str, Node],
    values: Values,
    others: Mapping[str, Source],
) -> tuple[Draft, frozenset[str]]:
    """Return the draft of one variant, and the parameters that it uses."""
    values.find_all()
    names: list[str] = []
    lost: list[Span] = []

    def fill(node: Node) -> Node:
        filled = values.fill(node)
        names.extend(filled.names)
        if not filled.is_right:
            lost.append(node.span)
        return filled.node

    own = {
        path: move_paths(mapped(tree, fill), posixpath.dirname(path))
        for path, tree in contents.items()
    }
    merging = Merging()
    root = _merge(files, own, merging)
    # A file that two others include is added twice, and its problems are the same.
    found = dict.fromkeys([*values.problems, *merging.problems])
    document = to_document(root, base.document.source, others.values())
    draft = replace(
        base,
        document=document,
        problems=tuple(sorted((*base.problems, *found), key=document.order)),
        lost=(*base.lost, *lost),
    )
    return draft, values.closure(names)


def _merge(files: Files, own: Mapping[str, Node], merging: Merging) -> Node:
    """Return what all files say together: included ones are added, the extended one lies below."""
    done: dict[str, Node] = {}

    def whole(path: str) -> Node:
        if path not in done:
            file = files.by_path[path]
            result: Node | None = None
            for link in file.includes:
                tree = whole(link.path)
                result = tree if result is None else merging.add(result, tree)
            result = own[path] if result is None else merging.add(result, own[path])
            if file.parent is not None:
                result = merging.over(whole(file.parent.path), result)
            done[path] = result
        return done[path]

    return whole(next(iter(files.by_path)))


def _with_one_name(variants: Mapping[str, Draft]) -> dict[str, Draft]:
    """Return variants with a problem where their environments have different names (E139)."""
    documents = [draft.document for draft in variants.values()]
    first, *others = (document.data.get("environment") for document in documents)
    other = next((name for name in others if name != first), first)
    if first == other or not isinstance(first, str) or not isinstance(other, str):
        return dict(variants)
    problem = Diagnostic.at(
        documents[0].span(("environment",)),
        "E139",
        f"the environment is called `{first}` in one variant, and `{other}` in another",
        hint="give it one name: variants have names of their own, by which they are told apart",
    )
    return {
        name: replace(draft, problems=(*draft.problems, problem))
        for name, draft in variants.items()
    }


def _check_choice(choice: Choice, declarations: Declarations) -> None:
    """Refuse to set what is no parameter.

    Raises:
        UsageError: E006.
    """
    problems = []
    for name in choice.sets:
        if name in declarations.params:
            continue
        meant = suggest(name, declarations.params)
        known = ", ".join(f"`{param}`" for param in declarations.params)
        hint = f"the spec has {known}" if known else "remove it: the spec has no parameters"
        hint = f"did you mean `{meant}`?" if meant else hint
        problems.append(
            Diagnostic(code="E006", message=f"there is no parameter `{name}` to set", hint=hint)
        )
    if problems:
        raise UsageError(problems)
