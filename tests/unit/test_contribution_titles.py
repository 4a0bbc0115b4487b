"""What a contribution is called on pages where its own title is none, or has the marks of Markdown."""

from __future__ import annotations

import pytest

from fusioncell.web.pages.views import contribution_title


@pytest.mark.parametrize(("title", "kind", "items", "shown"), [
    ("## Severity Levels", "text", 1, "Severity Levels"), ("| Report | Subject |", "text", 1, "Report | Subject"),
    ("***", "text", 1, "***"), ("#hashtag of a campaign", "misp.event", 1, "#hashtag of a campaign"),
    ("A bundle", "stix", 9, "A bundle (and 8 more)"), ("A bundle", "stix", 2, "A bundle"),
    ("", "csv.row", 3, "A list of 3 rows"), ("", "text", 1, "Text"), ("evil.example", "csv.row", 1, "evil[.]example"),
    ("evil.example", "csv.row", 3, "evil[.]example (and 2 more)"), ("spam: 192[.]0[.]2[.]1", "csv.row", 1,
                                                                    "spam: 192[.]0[.]2[.]1"),
    ("http://evil.example/" + "a" * 90, "csv.row", 2, "hxxp[:]//evil[.]example/" + "a" * 36 + "… (and 1 more)"),
])  # fmt: skip
def test_a_title_in_words(title: str, kind: str, items: int, shown: str) -> None:
    assert str(contribution_title(title, kind, items)) == shown
