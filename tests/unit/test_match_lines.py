"""What a line of a bulk match asks for: bare values, JSON lines, CSV rows."""

from __future__ import annotations

import pytest

from fusioncell.exchange.match import Asked
from fusioncell.exchange.match.read import CsvRows, is_list, pieces, read_line
from fusioncell.kernel.errors import BadInput


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
    (["type;value;note", "domain;a.example;a, b"], ["a.example"]),
    (["value\ttype", "a.example\tdomain"], ["a.example"]),
    (["note|ioc", '"a|b"|a.example'], ["a.example"]),
    (["http://a.example/x;y=1|2", "b.example"], ["http://a.example/x;y=1|2", "b.example"]),
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


def asked_for(body: bytes, *, rows: bool = False) -> list[str]:
    """Cut a body as the door does; return the values that it asks for."""
    found = []
    for piece in pieces(body, rows=rows, array=not rows and is_list(body)):
        lines = (piece.beside.get(at) or piece.read(line)
                 for at, line in enumerate(piece.text.decode().removesuffix("\n").split("\n")))
        found += [asked.observable.value if asked.observable else asked.reason for asked in lines if asked is not None]
    return found


@pytest.mark.parametrize("body", [
    b'["a.example","b.example"]', b'{"values":["a.example","b.example"]}', b'{\n "values": [\n "a.example",\n {"value":'
    b' "b.example"}\n]}', b'{"indicators":[{"indicator":"a.example"},{"value":"b.example","type":"domain"}]}',
    b'{"value":"a.example"}\n{"value":"b.example"}', b"a.example\nb.example\n", b"a.example\r\nb.example",
])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_list_is_read_in_each_of_its_forms(body: bytes, mark: bytes) -> None:
    assert asked_for(mark + body) == ["a.example", "b.example"]


def test_a_table_with_a_byte_order_mark_keeps_its_heading() -> None:
    assert asked_for(b"\xef\xbb\xbfvalue;note\r\na.example;x\r\n", rows=True) == ["a.example"]


@pytest.mark.parametrize("body", [
    b'{"values":["a.example"],"by":"exact"}', b'{"values":[1]}', b'{"values":["a.example"',
])
def test_a_list_with_more_than_values_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="JSON list"):
        list(pieces(body, rows=False, array=True))
