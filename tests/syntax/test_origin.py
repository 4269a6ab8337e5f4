"""Values that are not what their text says: where their characters stand, and whose problems come first."""

from __future__ import annotations

from envc.diagnostics import Diagnostic
from envc.source import Source, Span
from envc.syntax.document import Document
from envc.syntax.origin import Origin, Piece, Use


def filled(written: str, origin: Origin) -> Document:
    source = Source(name="spec.yaml", text=f'base: "{written}"\n')
    return Document(
        source=source,
        data={"base": origin.text},
        spans={("base",): source.span(6, 8 + len(written))},
        key_spans={("base",): source.span(0, 4)},
        origins={("base",): origin},
    )


def test_a_part_of_a_filled_value_is_the_part_that_was_written() -> None:
    written = "a:${{ tag }}@$${{x"
    use = Use(name="tag", value="1.2")
    document = filled(
        written,
        Origin(
            text="a:1.2@${{x",
            written=written,
            pieces=(
                Piece(start=0, end=2, written_start=0, written_end=2),
                Piece(start=2, end=5, written_start=2, written_end=12, use=use),
                Piece(start=5, end=6, written_start=12, written_end=13),
                Piece(start=6, end=9, written_start=13, written_end=17),
                Piece(start=9, end=10, written_start=17, written_end=18),
            ),
        ),
    )

    parts = [
        document.part(("base",), *part).text
        for part in ((0, 1), (1, 3), (3, 4), (4, 6), (6, 7), (9, 10), (0, 10))
    ]

    assert parts == ["a", ":${{ tag }}", "${{ tag }}", "${{ tag }}@", "$${{", "x", written]


def test_a_part_of_a_moved_path_is_the_part_that_its_own_file_says() -> None:
    document = filled("src/x.py", Origin(text="src/x.py", written="src/x.py"))

    assert document.part(("base",), 4, 8).text == "x.py"


def test_a_place_of_nothing_in_a_filled_value_is_its_end() -> None:
    use = Use(name="x", value="")
    piece = Piece(start=0, end=0, written_start=0, written_end=8, use=use)

    assert Origin(text="", written="${{ x }}", pieces=(piece,)).trace(0, 1) == (0, 8)


def test_problems_of_the_spec_come_before_those_of_other_files() -> None:
    main, first, second = (Source(name=name, text="abcdef") for name in ("z", "b", "a"))
    document = Document(
        source=main, data={}, spans={(): main.span(0, 6)}, key_spans={}, others=(first, second)
    )

    def problem(span: Span | None) -> Diagnostic:
        return Diagnostic.at(span, "E201", "wrong")

    nowhere, strange = problem(None), problem(Source(name="?", text="a").span(0, 1))
    ordered = [
        nowhere,
        problem(main.span(2, 3)),
        problem(main.span(4, 5)),
        problem(first.span(1, 2)),
        problem(second.span(0, 1)),
        strange,
    ]
    found = ordered[::-1]

    assert sorted(found, key=document.order) == ordered
