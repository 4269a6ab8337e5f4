"""Fail where a test that needs the engine was skipped: a green run must have built real images."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET


def main(report: str) -> int:
    """Compare a JUnit report with the tests that have the marker `engine`."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-m", "engine"],
        capture_output=True,
        text=True,
        check=True,
        env={name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"},
    ).stdout
    # -qq prints `path: count`: whole files, which is what a skip for a missing engine takes out.
    files = {line.rpartition(":")[0] for line in listed.splitlines() if ".py: " in line}
    modules = {name.removesuffix(".py").replace("/", ".") for name in files}
    if not modules:
        sys.stderr.write("ci: no test has the marker `engine`\n")
        return 1
    skipped = [
        f"{case.get('classname')}::{case.get('name')}: {skip.get('message')}"
        for case in ET.parse(report).iter("testcase")  # noqa: S314  # our own report
        for skip in case.iter("skipped")
        if case.get("classname") in modules
    ]
    for line in skipped:
        sys.stderr.write(f"ci: skipped {line}\n")
    return 1 if skipped else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
