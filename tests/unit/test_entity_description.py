"""What a galaxy writes of an entity reads as words: no Markdown, no marks of citations."""

from __future__ import annotations

import pytest

from fusioncell.web.pages.entities import described


@pytest.mark.parametrize(("text", "shown"), [
    ("They exploit.(Citation: NVD CVE-2016-6662)(Citation: A (B) 2018) Then more.", "They exploit. Then more."),
    ("See [Valid Accounts](https://attack.mitre.org/techniques/T1078)).", "See Valid Accounts)."),
    ("Runs <code>net use</code> at night", "Runs net use at night"),
    ("An array a[0](x) and (a remark) stay", "An array a[0](x) and (a remark) stay"),
    ("", ""), ("(Citation: never closed", "(Citation: never closed"), ("[x](ftp://a)", "[x](ftp://a)"),
])  # fmt: skip
def test_a_description_is_words(text: str, shown: str) -> None:
    assert described(text) == shown
