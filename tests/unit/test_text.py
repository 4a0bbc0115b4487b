"""Observables in free text: what is found, what is left alone, and what counts as defanged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.intake.text import find_observables


def shown(text: str) -> list[str]:
    """Defanged values are marked with a star."""
    return [f"{found.observable.value}{'*' if found.defanged else ''}" for found in find_observables(text)]


FOUND = {
    "See hxxps[:]//evil[.]com/a[.]php, now": ["https://evil.com/a.php*"],
    "at hxxp://1[.]2[.]3[.]4:8080/x.exe.": ["http://1.2.3.4:8080/x.exe*"],
    "hxxp[://]evil[.]com)": ["http://evil.com/*"],
    "(see http://good.com/path_(x)).": ["http://good.com/path_(x)"],
    "[text](http://md.com/x)": ["http://md.com/x"],
    "http://a.com,http://b.com; http://c.com": ["http://a.com/", "http://b.com/", "http://c.com/"],
    "'http://q.com/a'": ["http://q.com/a"],
    "http://[2001:db8::1]/x": ["http://[2001:db8::1]/x"],
    "evil2[.]net and evil(.)org and evil [.] info": ["evil2.net*", "evil.org*", "evil.info*"],
    "evil[.com, evil\\.com": ["evil.com*", "evil.com*"],
    "docs[.]google[.]com/forms/abc": ["http://docs.google.com/forms/abc*"],
    "example.com.": ["example.com"],
    "domain:evil.com;ip=8.8.8.8": ["evil.com", "8.8.8.8"],
    "evil3[.]com:8080": ["evil3.com*"],
    "foo.zip[.]evil[.]com": ["foo.zip.evil.com*"],
    "badzip[.]zip": ["badzip.zip*"],
    "münchen.de p\u0430ypal[.]com": ["xn--mnchen-3ya.de", "xn--pypal-4ve.com*"],
    "10.0.0[.]1 and 8.8.8.8.": ["10.0.0.1*", "8.8.8.8"],
    "192.0.2.9/24, 192[.]0[.]2[.]9/24": ["192.0.2.0/24", "192.0.2.0/24*"],
    "2001:db8::1, 2001[:]db8[:]:2": ["2001:db8::1", "2001:db8::2*"],
    "CVE-2024-12345 cve-2023-1234": ["CVE-2024-12345", "CVE-2023-1234"],
    "AS64512, ASN 64513.": ["64512", "64513"],
    "md5 d41d8cd98f00b204e9800998ecf8427e": ["d41d8cd98f00b204e9800998ecf8427e"],
    "bad[at]evil(dot)org joe@example.com.": ["bad@evil.org*", "joe@example.com"],
    "version 1[.]2[.]3[.]4": ["1.2.3.4*"],
}


@pytest.mark.parametrize("text", FOUND)
def test_found(text: str) -> None:
    assert shown(text) == FOUND[text]


@pytest.mark.parametrize("text", [
    "open invoice.zip, run.py and readme.md", "report.pdf.zip", "Version 1.2.3.4 and v10.0.0.1", "oid 1.2.3.4.5",
    "/usr/lib/foo.so C:\\tools\\evil.com", "os.path.join(x) self.name(y)", "done.It was fine.Is it?",
    "std::vector a::b at 12:30:45", "e.g. U.S. i.e. Node.js", "0" * 32, "1" * 40, "a" * 32,
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "AS fast AS you can", "x@localhost", "file.exe setup.dll", "$2.50 3.14",
    "ASP.NET on System.Net", "Terminal.app",
])
def test_left_alone(text: str) -> None:
    assert shown(text) == []


def test_places_are_those_of_the_text() -> None:
    text = "a bad[.]example.com b"
    (found,) = find_observables(text)
    assert text[found.start:found.end] == "bad[.]example.com"


PIECES = st.lists(st.sampled_from([
    "evil", ".", "com", "[.]", "(dot)", " [.] ", "[", "]", "(", ")", "{.}", "hxxp", "http", "://", "[:]", "//", ":",
    "::", "@", "[at]", "/", "?", ",", ";", " ", "\n", "1", "255", "192.0.2.1", "/24", "v", "AS1", "CVE-2024-1234",
    "a" * 32, "%", "d41d8cd98f00b204e9800998ecf8427e", "ü", "\u0430", "-", "_", "*", "'", "\\", "\\.", "zip", "xn--",
    "\0", "\ud800",
]), max_size=30).map("".join)


@settings(max_examples=500, deadline=None)
@given(st.one_of(PIECES, st.text(max_size=80)))
def test_no_text_makes_it_raise_and_places_are_in_order(text: str) -> None:
    last = 0
    for found in find_observables(text):
        assert last <= found.start < found.end <= len(text)
        last = found.end


@pytest.mark.parametrize("unit", ["a.", "a@", "1.", ":", "[", "http://", "a-", " [.] ", "a[.]", "hxxp://a(", "AS", "f"])
def test_long_repeats_are_read_to_their_end(unit: str) -> None:
    text = unit * (60_000 // len(unit)) + " evil[.]com"
    assert find_observables(text)[-1].observable.value == "evil.com"
