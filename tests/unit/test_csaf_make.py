"""Every advisory that is taken makes a CSAF document that passes the mandatory tests: ours and the reference's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.edges import csaf_lists
from fusioncell.intake import Affected, ProductBody
from fusioncell.intake.csaf import Codes, check
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.marking import Tlp
from fusioncell.picture.csaf.make import make, path_of
from fusioncell.picture.products.affected import STATUSES, check_lines, read_lines, write_lines

reference = pytest.importorskip("csaf.csaf.v20")
CODES = Codes(csaf_lists.weaknesses, csaf_lists.languages, csaf_lists.wrong_form)
START = 1_767_225_600_000_000
WHICH = "3f2a9c1d-0000-4000-8000-000000000001"
VECTORS = ("", "", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:C/C:L/I:N/A:N",
           "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N/E:P/RL:W")  # fmt: skip
names = st.sampled_from(["Example", "example", "Acme & Söhne", "Router 9", "x", "日本"]) | st.text(
    st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)  # fmt: skip
versions = st.sampled_from(["", "1.0", "1.1", "before 2.3", "< 4", "all", "5.x", "versions 1 to 3"]) | names
lines = st.lists(
    st.builds(Affected, st.sampled_from(["CVE-2026-1234", "CVE-2025-99999"]), names, names, versions,
              st.sampled_from(STATUSES), st.sampled_from(["", "Switch it off."]) | names, st.sampled_from(VECTORS)),
    min_size=1, max_size=6,
)  # fmt: skip


@given(lines, st.sampled_from(list(Tlp)), st.integers(1, 4), st.text(min_size=1, max_size=30))
def test_what_is_taken_makes_a_valid_document(affected: list[Affected], tlp: Tlp, count: int, title: str) -> None:
    try:
        check_lines(affected)
    except FusionCellError:
        return
    body = ProductBody("advisory", title, "What [[observable:evil.example]] does.", begun=START,
                       affected=tuple(affected), changed="More.")  # fmt: skip
    publisher = {"category": "coordinator", "name": "Fusion Cell", "namespace": "https://cell.example"}
    revisions = [(START + number * DAY, "") for number in range(count)]
    document = make(body, WHICH, tlp, revisions, publisher, f"https://cell.example/csaf/{path_of(WHICH, START)}")
    assert check(document, CODES) == []
    assert [one.id for one in reference.validate(document).results if not one.passed and not one.skipped] == []


@given(lines)
def test_lines_are_read_as_they_are_written(affected: list[Affected]) -> None:
    try:
        check_lines(affected)
    except FusionCellError:
        return
    assert read_lines(write_lines(affected)) == tuple(affected)


@pytest.mark.parametrize("line", [
    "CVE-2026-1 | a | b | 1", "CVE-2026-1234 | a | b", "CVE-2026-1234 | | b | 1", "CVE-2026-1234 | a | b | 1 | maybe",
    "CVE-2026-1234 | a | b | 1 | fixed | | CVSS:3.1/AV:N",
    "CVE-2026-1234 | a | b | 1 | fixed\nCVE-2026-1234 | A | b | 1",
])  # fmt: skip
def test_what_no_document_can_be_made_of_is_refused(line: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_lines(read_lines(line))
    assert refused.value.place == "affected"
