"""Which Python a spec lets expect: a guess that only costs time where it is wrong."""

from __future__ import annotations

import pytest

from envc.lock.model import BaseImage, Python
from envc.resolve.expected import expect_python
from envc.spec.load import load
from support.documents import Everything, document

BASE = BaseImage(image="x", digest="sha256:" + "a" * 64, python="3.11.2", glibc="2.36")


@pytest.mark.parametrize(
    ("data", "series"),
    [
        ({"conda": ["numpy"], "python": "3.12"}, "3.12"),
        ({"conda": ["numpy"], "python": "3.12.7"}, "3.12"),
        ({"conda": ["numpy", "python 3.10.*"]}, "3.10"),
        ({"conda": ["python ==3.13.2"]}, "3.13"),
        ({"conda": ["python=3.9"]}, "3.9"),
        ({"conda": ["python >=3.10,<3.13"]}, None),
        ({"conda": ["python"]}, None),
        ({"conda": ["python-dateutil 3.10"]}, None),
        ({"pip": ["rich"], "python": "3.12"}, None),
    ],
)
def test_conda_brings_the_python_that_the_spec_names(
    data: dict[str, object], series: str | None
) -> None:
    spec = load(document({"environment": "pets", **data}), vouched=Everything())

    expected = expect_python(spec, BASE, of_base=False)

    assert (expected.series if expected is not None else None) == series


def test_the_bases_python_is_no_guess() -> None:
    spec = load(document({"environment": "pets", "pip": ["rich"]}), vouched=Everything())

    expected = expect_python(spec, BASE, of_base=True)

    assert expected == Python(version="3.11.2", origin="base")
