"""Warnings: what is allowed and rarely meant is told, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from envc.spec.advice import warnings
from envc.spec.load import load
from support.documents import document


def found(**fields: Any) -> list[tuple[str, str, str, str]]:
    read = document({"environment": "pets", **fields})
    return [
        (warning.code, warning.labels[0].span.text, warning.message, warning.hint)
        for warning in warnings(read, load(read))
    ]


def test_what_is_rarely_meant_is_told_in_the_order_of_the_text() -> None:
    assert found(
        user="0:0", conda=["python 3.11", "pytorch =2.4 cuda*"], base={"image": "ubuntu"}
    ) == [
        (
            "W202",
            '"0:0"',
            "containers of this image run as root",
            "leave `user` out: steps run as root anyway, and containers as 1000:1000",
        ),
        (
            "W203",
            "3.11",
            "`python 3.11` means version 3.11 exactly, not the series 3.11.*",
            "write `python 3.11.*` for the series, or `==3.11` where one version is meant",
        ),
        (
            "W203",
            "=2.4",
            "`pytorch =2.4 cuda*` means version 2.4 exactly, not the series 2.4.*",
            "write `pytorch 2.4.* cuda*` for the series, or `==2.4` where one version is meant",
        ),
        (
            "W201",
            '"ubuntu"',
            "`ubuntu` is whatever `latest` is on the day of the lock",
            "name a version's tag or a digest",
        ),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"base": {"image": "ubuntu:24.04"}, "user": "1000"},
        {"base": {"image": "ubuntu@sha256:" + "ab" * 32}, "user": "rooted"},
        {
            "conda": [
                "a",
                "b=1.2",
                "c =1.2",
                "d ==1.2",
                "e 1.2.*",
                "f 1.2.3",
                "g=1.2=py*",
                "h >=1.2 py*",
            ]
        },
    ],
)
def test_what_is_meant_is_not_warned_about(fields: dict[str, Any]) -> None:
    assert found(**fields) == []
