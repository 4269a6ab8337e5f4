"""The variants of a spec with a matrix: which are meant, and what goes wrong in some of them only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from envc.diagnostics import Diagnostic, suggest, tell_once
from envc.errors import EnvcError, InputError, ToolError, UsageError

__all__ = ["choose_variants", "in_variant", "merge_variants", "require_one", "tell_variants"]


def choose_variants(names: Collection[str], asked: Sequence[str]) -> tuple[str, ...]:
    """Return the variants that are asked for, in the spec's order; none asked for are all.

    Args:
        names: The spec's; of a spec without a matrix, the only name is the empty one.

    Raises:
        UsageError: The spec does not have one (E007), or has no matrix at all (E008).
    """
    if not asked:
        return tuple(names)
    if "" in names:
        message = f"there is no variant `{asked[0]}`: the spec has no matrix"
        hint = "leave `--variant` out, or give the spec a `matrix`"
        raise UsageError([Diagnostic(code="E008", message=message, hint=hint)])
    if unknown := [_explain_unknown(name, names) for name in asked if name not in names]:
        raise UsageError(unknown)
    return tuple(name for name in names if name in asked)


def require_one(chosen: Sequence[str], what: str) -> str:
    """Return the only variant that is chosen.

    Args:
        what: What can be done with one only, as a message says it: `a container is run from`.

    Raises:
        UsageError: There are several (E009).
    """
    if len(chosen) == 1:
        return chosen[0]
    message = f"{what} one variant, and there are {_list(chosen)}"
    hint = f"choose one, as in `--variant {chosen[0]}`"
    raise UsageError([Diagnostic(code="E009", message=message, hint=hint)])


def tell_variants(
    problems: Mapping[str, Sequence[Diagnostic]], count: int
) -> tuple[Diagnostic, ...]:
    """Return what variants have to say, each once; of `count`, those that do not all say it are named."""
    return tell_once(problems, count, _explain_where)


def merge_variants(failures: Mapping[str, EnvcError], count: int) -> EnvcError:
    """Return one error for all variants; what is wrong with the spec is told before failed tools."""
    kind = InputError if any(isinstance(e, InputError) for e in failures.values()) else ToolError
    problems = {
        name: failure.diagnostics for name, failure in failures.items() if isinstance(failure, kind)
    }
    return kind(tell_variants(problems, count))


@contextmanager
def in_variant(name: str) -> Iterator[None]:
    """Let what goes wrong say in which variant; in the only one of a spec without a matrix, nothing."""
    try:
        yield
    except EnvcError as error:
        if not name:
            raise
        note = f"in the variant `{name}`"
        raise type(error)(
            replace(problem, notes=(note, *problem.notes)) for problem in error.diagnostics
        ) from error


def _explain_unknown(name: str, names: Collection[str]) -> Diagnostic:
    meant = suggest(name, names)
    hint = f"did you mean `{meant}`?" if meant else f"there are {_list(names)}"
    message = f"the spec has no variant `{name}`"
    return Diagnostic(code="E007", message=message, hint=hint)


def _explain_where(names: Sequence[str]) -> str:
    return f"only in the {'variant' if len(names) == 1 else 'variants'} {_list(names)}"


def _list(names: Collection[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
