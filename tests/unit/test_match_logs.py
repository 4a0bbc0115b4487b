"""What is looked up of the lines of each log format, and how a format is told."""

from __future__ import annotations

import pytest

from fusioncell.cli.logs import FORMATS, reader, told

ACCESS = '203.0.113.9 - frank [10/Oct/2026:13:55:36 +0000] "GET http://evil.example/x HTTP/1.1" 200 23 ' \
         '"https://ref.example/a" "Mozilla/5.0"'
COMMON = '203.0.113.9 - - [10/Oct/2026:13:55:36 +0000] "GET /index.html HTTP/1.0" 404 -'
EVE_DNS = '{"event_type":"dns","src_ip":"10.0.0.7","dest_ip":"10.0.0.1","dns":{"rrname":"evil.example",' \
          '"answers":[{"rdata":"198.51.100.7"}]}}'
EVE_HTTP = '{"event_type":"http","src_ip":"10.0.0.7","dest_ip":"198.51.100.7","http":{"hostname":"evil.example",' \
           '"url":"/a?b"},"alert":{"signature":"not.a.value"}}'
ZEEK = ["#separator \\x09", "#path\tdns", "#fields\tts\tid.orig_h\tid.resp_h\tquery\tanswers",
        "1.2\t10.0.0.7\t10.0.0.1\tevil.example\t198.51.100.7,198.51.100.8", "1.3\t10.0.0.7\t10.0.0.1\t-\t-"]
DNSMASQ = ["Oct 10 13:55:36 dnsmasq[812]: query[A] evil.example from 10.0.0.7",
           "Oct 10 13:55:36 dnsmasq[812]: reply evil.example is 198.51.100.7",
           "Oct 10 13:55:36 dnsmasq[812]: forwarded evil.example to 9.9.9.9"]
BIND = "10-Oct-2026 13:55:36.123 queries: info: client @0x7f8 10.0.0.7#53122 (evil.example): query: evil.example " \
       "IN A +E(0)K (10.0.0.1)"
UNBOUND = "[1728568536] unbound[812:0] info: 10.0.0.7 evil.example. A IN"


@pytest.mark.parametrize("format, lines, wanted", [
    ("access", [ACCESS], ["203.0.113.9", "http://evil.example/x", "https://ref.example/a"]),
    ("access", [COMMON], ["203.0.113.9"]),
    ("eve", [EVE_DNS], ["evil.example", "198.51.100.7"]),
    ("eve", [EVE_HTTP], ["10.0.0.7", "198.51.100.7", "http://evil.example/a?b", "evil.example"]),
    ("json", ['{"ts":1,"id.orig_h":"198.51.100.7","deep":{"query":"evil.example"},"note":"hello.there"}'],
     ["198.51.100.7", "evil.example"]),
    ("json", ['"evil.example"', '{"value":"a.example"}'], ["evil.example", "a.example"]),
    ("zeek", ZEEK, ["evil.example", "198.51.100.7", "198.51.100.8"]),
    ("dnsmasq", DNSMASQ, ["evil.example", "evil.example", "198.51.100.7"]),
    ("bind", [BIND], ["evil.example"]),
    ("unbound", [UNBOUND], ["evil.example"]),
    ("csv", ["type,value", "domain,evil.example", "", "domain,b.example"], ["evil.example", "b.example"]),
    ("list", ["# note", "evil.example", "", "1.2.3.4"], ["evil.example", "1.2.3.4"]),
    ("text", ["Oct 10 13:55:36 fw kernel: DROP to 198.51.100.7 host=evil.example, done"],
     ["198.51.100.7", "evil.example"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_values_of_a_line(format: str, lines: list[str], wanted: list[str]) -> None:
    read = reader(format)
    assert [value for line in lines for value in read(line) if value != "13:55:36"] == wanted
    assert told(lines) == format


@pytest.mark.parametrize("format", FORMATS[1:])
@pytest.mark.parametrize("line", [
    "", "\0", "[" * 5000, '{"a":' * 3000, "\t\t\t", '"', "#fields", "a" * 9000, "- - - [", "#separator \\x",
])  # fmt: skip
def test_no_line_stops_a_reader(format: str, line: str) -> None:
    read = reader(format)
    for each in (line, "#fields\thost\turi", line):
        list(read(each))
