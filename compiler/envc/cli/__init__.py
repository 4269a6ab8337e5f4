"""The command line: one module per verb parses arguments, calls the pipeline and prints."""

from __future__ import annotations


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    raise SystemExit(70)
