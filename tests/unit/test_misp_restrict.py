"""Which readers MISP's levels and ``tlp:`` tags mean: the strictest of all, and nobody more by a slip of the pen."""

from __future__ import annotations

import pytest

from fusioncell.exchange.misp.restrict import Level, audience_of, tlp_of
from fusioncell.kernel.marking import Tlp

COMMUNITY, ALL = Level(1), Level(3)


@pytest.mark.parametrize("tag", ["tlp:rde", "tlp:ambre", "TLP:amber+strickt", "tlp:", "tlp:white___test"])
def test_a_misspelt_label_is_the_strictest(tag: str) -> None:
    assert tlp_of([tag, "tlp:green"]) is Tlp.RED
    made = audience_of("own", [COMMUNITY], [tag])
    assert made.tlp is Tlp.RED and made.parties == {"org:own"}


@pytest.mark.parametrize("tags", [["tlp:unclear"], ["tlp:ex:chr"], ["TLP:UNCLEAR"], ["type:OSINT"], []])
def test_what_is_no_label_by_the_taxonomy_says_nothing(tags: list[str]) -> None:
    assert tlp_of(tags) is None
    assert audience_of("own", [COMMUNITY], tags).tlp is Tlp.GREEN


def test_a_stock_misp_takes_no_notice_of_unknown_labels() -> None:
    assert audience_of("own", [COMMUNITY], ["tlp:rde"], unknown=None).tlp is Tlp.GREEN
    assert audience_of("own", [ALL], ["tlp:rde", "tlp:clear"], unknown=None).tlp is Tlp.CLEAR
    assert audience_of("own", [ALL], ["tlp:rde", "tlp:clear"]).tlp is Tlp.RED
