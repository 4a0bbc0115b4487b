"""What a line of a bulk match asks for: bare values, JSON lines, CSV rows."""

from __future__ import annotations

import pytest

from fusioncell.exchange.match import Asked
from fusioncell.exchange.match.read import CsvRows, read_line


def values(rows: list[str]) -> list[str]:
    """Read CSV rows; return the values that they ask for."""
    read = CsvRows()
    return [value for row in rows if (value := read.value(row)) is not None]


@pytest.mark.parametrize("rows, asked", [
    (["value", "a.example"], ["a.example"]),
    (["type,value", "domain,a.example", "domain,b.example"], ["a.example", "b.example"]),
    (['"Type","Indicator","note"', "domain,a.example,x"], ["a.example"]),
    (["a.example,ioc", "b.example,ioc"], ["a.example", "b.example"]),
    (['"http://a.example/x,y",1'], ["http://a.example/x,y"]),
    (["# note", "", "value,type", ",domain", "a.example"], ["a.example"]),
    (["type,value", "domain"], []),
], ids=lambda value: str(value)[:30])
def test_a_csv_row_asks_for_the_column_that_holds_values(rows: list[str], asked: list[str]) -> None:
    assert values(rows) == asked


@pytest.mark.parametrize("line", ["a.example", '"a.example"', '{"value":"a.example"}', '{"value":"A[.]example"}',
                                  '{"indicator":"a.example","type":"hostname"}'])
def test_a_line_asks_for_a_name_in_any_form(line: str) -> None:
    asked = read_line(line)
    assert isinstance(asked, Asked) and asked.observable is not None
    assert (asked.observable.type.value, asked.observable.value) == ("domain-name", "a.example")


@pytest.mark.parametrize("line", ['{"value":5}', "{bad", "[]"])
def test_what_cannot_be_read_says_so(line: str) -> None:
    asked = read_line(line)
    assert asked is not None and asked.observable is None and asked.reason
