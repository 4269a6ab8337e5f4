"""Look for texts that envc cannot take: by hand, with coverage as the guide.

    pip install atheris
    python tests/fuzz/run.py dsl -max_total_time=600
    python tests/fuzz/run.py yaml -max_total_time=600

Further options are libFuzzer's (https://llvm.org/docs/LibFuzzer.html). Texts start from the committed
specs, the cases of tests/cases and tests/fuzz/corpus. A find is printed, with the file it is kept in:
put that into tests/fuzz/corpus/FORM, where the tests replay it, and mend what it breaks.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import atheris  # installed by hand, where somebody fuzzes

ROOT = Path(__file__).parents[2]
SUFFIXES = {"dsl": ".envc", "yaml": ".yaml"}

with atheris.instrument_imports(include=["envc", "fuzz"]):
    sys.path[:0] = [str(ROOT / "compiler"), str(ROOT / "tests")]
    import envc.compose
    import envc.lint
    import envc.spec
    import envc.syntax
    from envc.spec.manual import topics
    from envc.syntax.words import STATEMENTS
    from fuzz.target import Form, try_text

    # What is imported later is not instrumented, and gives no guidance.
    for package in (envc.compose, envc.lint, envc.spec, envc.syntax):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def main(form: Form, options: list[str]) -> None:
    """Fuzz one form of the language until libFuzzer's options say that it is enough."""
    with tempfile.TemporaryDirectory() as folder:
        seeds, work = Path(folder, "seeds"), Path(folder, "work")
        seeds.mkdir()
        work.mkdir()
        for number, seed in enumerate(_seeds(SUFFIXES[form])):
            (seeds / str(number)).write_bytes(seed.read_bytes())
        words = Path(folder, "words")
        words.write_text("\n".join(_dictionary()), encoding="utf-8")

        def run(data: bytes) -> None:
            try:
                text = data.decode()
            except UnicodeDecodeError:
                return
            try_text(text, form, work)

        known = ["-timeout=20", "-max_len=2000", f"-dict={words}", *options, str(seeds)]
        atheris.Setup([sys.argv[0], *known], run)
        atheris.Fuzz()


def _seeds(suffix: str) -> Iterator[Path]:
    yield from sorted((ROOT / "specs").glob(f"*/*{suffix}"))
    yield from sorted((ROOT / "tests" / "cases").rglob(f"*{suffix}"))
    form = next(form for form, own in SUFFIXES.items() if own == suffix)
    yield from sorted((ROOT / "tests" / "fuzz" / "corpus" / form).glob("*"))


def _dictionary() -> Iterator[str]:
    """Yield the language's words, in libFuzzer's form."""
    words = {word for topic in topics() for word in topic.name.split(".")} | set(STATEMENTS)
    marks = [
        "${{ ",
        " }}",
        "base.envc",
        "part.yaml",
        '\\"\\"\\"',
        "'''",
        "linux/amd64",
        " on ",
        " = ",
        "{}",
        "[]",
        "\\x0d\\x0a",
    ]
    for word in [*sorted(words), *marks]:
        yield f'"{word}"'


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in SUFFIXES:
        sys.exit(__doc__)
    main(cast("Form", sys.argv[1]), sys.argv[2:])
