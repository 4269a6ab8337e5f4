"""What builds need of a base besides its Python and its C library, and what of it is in their way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Span

__all__ = ["FITNESS_PROBE", "Fitness", "check_fitness", "read_fitness"]

# Every option is tried as the build's own scripts use it: those of busybox know some of them only.
FITNESS_PROBE = r"""
for program in chmod chown grep id mkdir; do
  command -v $program >/dev/null 2>&1 || echo "lacks-$program=yes"
done
find /dev/null -maxdepth 0 -xdev \( -path /proc -o -path /sys \) -prune \
  -o -cnewer /dev/null -exec true {} + >/dev/null 2>&1 || echo "lacks-find=yes"
touch -c -h -d @946684800 /dev/envc-probe >/dev/null 2>&1 || echo "lacks-touch=yes"
case $(tar --version 2>/dev/null) in *GNU*) ;; *) echo "lacks-tar=yes" ;; esac
test ! -L /opt || echo "opt=link"
test ! -e /opt/env || echo "opt=taken"
while read -r _ place _; do
  case $place in /opt|/opt/env|/opt/env/*) echo "opt=volume" ;; esac
done </proc/mounts
test -z "$PYTHONHOME" || echo "sets-PYTHONHOME=yes"
test -z "$PYTHONPATH" || echo "sets-PYTHONPATH=yes"
"""

_LACKS, _SETS = "lacks-", "sets-"
_ONLY_FOR_COPIES = "tar"
_GNU = frozenset({"find", "tar", "touch"})
_IN_THE_WAY = {
    "link": "`/opt` is a link",
    "taken": "something is there already",
    "volume": "`/opt` is a volume, which each container would copy",
}


@frozen
class Fitness:
    """What is odd about a base; nothing is, where nobody could look.

    Attributes:
        lacks: The programs that are missing, or know less than GNU's; sorted.
        opt: What is wrong with `/opt`: it is a `link`, a `volume`, or its `env` is `taken`.
        sets: The variables of the base that every Python obeys; sorted.
        triggers: The instructions that building on the base sets off (ONBUILD).
    """

    lacks: tuple[str, ...] = ()
    opt: str | None = None
    sets: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()


def read_fitness(found: Mapping[str, str], triggers: tuple[str, ...]) -> Fitness:
    """Return what the probe printed, line by line as `key=value`."""
    return Fitness(
        lacks=tuple(sorted(key.removeprefix(_LACKS) for key in found if key.startswith(_LACKS))),
        opt=found.get("opt"),
        sets=tuple(sorted(key.removeprefix(_SETS) for key in found if key.startswith(_SETS))),
        triggers=triggers,
    )


def check_fitness(
    fitness: Fitness,
    name: str,
    span: Span | None,
    *,
    copies: bool,
    installs: bool,
    variables: Mapping[str, object],
) -> tuple[Diagnostic, ...]:
    """Return warnings about a base that will do.

    Args:
        name: The base, as the user knows it.
        span: Where the spec names it.
        copies: Whether files are to be copied into the image.
        installs: Whether there is an environment.
        variables: Those that the spec sets.

    Raises:
        InputError: It lacks programs (E377), its `/opt` is of no use (E378), or it sets off
            instructions that nobody has locked (E379).
    """
    problems = []
    lacks = [one for one in fitness.lacks if copies or one != _ONLY_FOR_COPIES]
    if lacks:
        problems.append(_explain_lacks(name, lacks, span))
    if installs and fitness.opt is not None:
        reason = _IN_THE_WAY[fitness.opt]
        message = f"no environment can lie in `/opt/env` of the base `{name}`: {reason}"
        hint = "take a base whose `/opt` is a plain folder without `env`"
        problems.append(Diagnostic.at(span, "E378", message, hint=hint))
    if fitness.triggers:
        problems.append(_explain_triggers(name, fitness.triggers, span))
    if problems:
        raise InputError(problems)
    obeyed = [one for one in fitness.sets if one not in variables] if installs else []
    return tuple(
        Diagnostic.at(
            span,
            "W371",
            f"the base `{name}` sets `{variable}`, which the environment's Python obeys",
            hint=f'set it in `variables`; to nothing, as in `{variable} = ""`, is as if it were not set',
        )
        for variable in obeyed
    )


def _explain_lacks(name: str, lacks: list[str], span: Span | None) -> Diagnostic:
    words = [f"GNU's `{one}`" if one in _GNU else f"`{one}`" for one in lacks]
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return Diagnostic.at(
        span,
        "E377",
        f"the base `{name}` lacks {listed}, which builds need",
        hint="take a base of Debian or Ubuntu, such as `debian:bookworm-slim`; or add GNU's "
        "coreutils, findutils, grep and tar to this one",
    )


def _explain_triggers(name: str, triggers: tuple[str, ...], span: Span | None) -> Diagnostic:
    diagnostic = Diagnostic.at(
        span,
        "E379",
        f"building on the base `{name}` sets off instructions of its own (ONBUILD)",
        hint="take the image that it is made from, and write what they do as steps",
    )
    return replace(diagnostic, notes=("\n".join(triggers),))
