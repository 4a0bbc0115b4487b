"""Run the mandatory tests of CSAF 2.0 (§6.1) over a document. Pure.

1. The schema comes first, where one is given: what breaks it is listed, and no test is run (§6: tests assume a valid
   form). Without a schema all tests run, and pass over what has another form than they expect.
2. Each test yields its failures; they are listed in the order of the tests, at most so many of one document.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from fusioncell.intake.csaf import identify, profile, scores, tracking, wording
from fusioncell.intake.csaf.model import MAX_FAILED, NO_CODES, Codes, Failed, Found, Json

TESTS: dict[str, Callable[[Json], Found] | Callable[[Json, Codes], Found]] = {
    "6.1.1": identify.missing_product, "6.1.2": identify.twice_product, "6.1.3": identify.circular_product,
    "6.1.4": identify.missing_group, "6.1.5": identify.twice_group, "6.1.6": identify.contradiction,
    "6.1.7": scores.twice_scored, "6.1.8": scores.no_score, "6.1.9": scores.wrong_score,
    "6.1.10": scores.other_metrics, "6.1.11": wording.weakness, "6.1.12": wording.language, "6.1.13": identify.purl,
    "6.1.14": tracking.unsorted, "6.1.15": wording.translator, "6.1.16": tracking.not_latest,
    "6.1.17": tracking.not_draft, "6.1.18": tracking.unreleased, "6.1.19": tracking.pre_release,
    "6.1.20": tracking.released_pre, "6.1.21": tracking.gap, "6.1.22": tracking.twice_revised,
    "6.1.23": profile.twice_cve, "6.1.24": profile.twice_involved, "6.1.25": identify.twice_hashed,
    "6.1.26": wording.category, **profile.PROFILE_TESTS, "6.1.28": wording.translation,
    "6.1.29": profile.remedy_of_nothing, "6.1.30": tracking.mixed, "6.1.31": identify.version_range,
    "6.1.32": profile.flag_of_nothing, "6.1.33": profile.twice_justified,
}  # fmt: skip
"""The mandatory tests by their number."""
_WITH_CODES = frozenset({"6.1.11", "6.1.12"})


def check(document: Json, codes: Codes = NO_CODES) -> list[Failed]:
    """Return what a document fails, at most :data:`MAX_FAILED`; empty for a valid one."""
    if codes.schema is not None:
        wrong = [Failed("schema", path, why) for path, why in islice(codes.schema(document), MAX_FAILED)]
        if wrong:
            return wrong
    failed: list[Failed] = []
    for number, test in TESTS.items():
        found: Found = test(document, codes) if number in _WITH_CODES else test(document)  # type: ignore[call-arg]
        failed += [Failed(number, path, why) for path, why in islice(found, MAX_FAILED - len(failed))]
    return failed
