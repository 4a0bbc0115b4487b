"""An assessment, explained: every figure with the origins, weights and decay that made it (DESIGN rule 11). Pure."""

from __future__ import annotations

from typing import Any

from fusioncell.fusion.knowngood import Hit
from fusioncell.fusion.learned.model import TIERS
from fusioncell.fusion.model import Assessment, Evidence, Origin
from fusioncell.fusion.overrides import WORDS
from fusioncell.fusion.sway import LIKELY, Sway, sways
from fusioncell.fusion.weigh import probability
from fusioncell.kernel.clock import DAY, format_instant
from fusioncell.kernel.observable import defang, sco_id

WOULD_CHANGE = 5
"""Changes that an explanation tells, those that matter most."""


def verdict(assessment: Assessment) -> str:
    """Say the assessment in a word, for people and filters; the two figures stand beside it.

    An analyst's word goes before the machine's (:func:`machine_verdict`).
    """
    said = assessment.override
    return WORDS[said.verdict] if said is not None else machine_verdict(assessment)


def machine_verdict(assessment: Assessment) -> str:
    """Say in a word what the two figures alone come to."""
    benign = all(origin.voice.benign for origin in assessment.origins)
    return verdict_of(bool(assessment.origins), benign, assessment.malicious, assessment.active)


def verdict_of(counts: bool, benign: bool, malicious: float, active: float) -> str:
    """Say it of the two figures. ``counts``: something said of it counts; ``benign``: and all that speaks for it."""
    if not counts:
        return "mentioned"
    if malicious >= LIKELY:
        return "malicious" if active >= 0.5 else "malicious, not active lately"
    if malicious >= 0.4:
        return "suspicious"
    return "unlikely malicious" if benign else "unclear"


def _voice(evidence: Evidence) -> dict[str, Any]:
    return {
        "contributor": evidence.contributor,
        "source": evidence.creator or evidence.contributor,
        "claims": evidence.count,
        "first": format_instant(evidence.first),
        "last": format_instant(evidence.last),
    }


def _origin(origin: Origin) -> dict[str, Any]:
    sign = -1 if origin.voice.benign else 1
    return {
        **_voice(origin.voice),
        "stance": "benign" if origin.voice.benign else "malicious",
        "weight": round(sign * origin.weight, 4),
        "decayed": round(sign * origin.decayed, 4),
        "half_life_days": origin.half / DAY,
        "repeated_by": [_voice(repeat) for repeat in origin.repeats],
    }


def _change(sway: Sway) -> dict[str, Any]:
    """Say what one origin less, or one more, would make of the two figures."""
    voice = sway.origin.voice if sway.origin is not None else None
    return {
        "change": "one more independent origin" if voice is None else "without this origin",
        "source": (voice.creator or voice.contributor) if voice is not None else None,
        "stance": "benign" if sway.benign else "malicious",
        "malicious": round(sway.malicious, 4),
        "active": round(sway.active, 4),
        "crosses_threshold": sway.crosses,
    }


def _override(assessment: Assessment) -> dict[str, Any] | None:
    """Say what an analyst said over the machine; ``newer_evidence``: somebody spoke of the value since."""
    said = assessment.override
    return None if said is None else {
        "id": said.id, "verdict": said.verdict.value, "reason": said.reason, "by": said.author,
        "at": format_instant(said.at),
        "newer_evidence": assessment.last is not None and assessment.last > said.at,
    }  # fmt: skip


def _calibration(assessment: Assessment) -> dict[str, Any] | None:
    """Say how P(malicious) was made of the log-odds, None while there are too few verdicts to calibrate by."""
    line = assessment.line
    return None if not line.verdicts else {
        "shift": line.shift, "slope": line.slope, "verdicts": line.verdicts,
        "learned_from": TIERS[line.tier].tlp.value, "uncalibrated": round(probability(assessment.score), 4),
    }  # fmt: skip


def explain(assessment: Assessment, hits: tuple[Hit, ...] = ()) -> dict[str, Any]:
    """Return an assessment with its explanation as JSON values."""
    o = assessment.observable
    return {
        "type": o.type.value,
        "value": o.value,
        "defanged": defang(o.value),
        "stix_id": sco_id(o),
        "verdict": verdict(assessment),
        "machine_verdict": machine_verdict(assessment),
        "override": _override(assessment),
        "malicious": round(assessment.malicious, 4),
        "active": round(assessment.active, 4),
        "calibrated": assessment.line.verdicts > 0,
        "reported_again": {str(one.days): round(one.probability, 4) for one in assessment.again} or None,
        "first": format_instant(assessment.first) if assessment.first else None,
        "last": format_instant(assessment.last) if assessment.last else None,
        "fades_at": format_instant(assessment.fades_at) if assessment.fades_at else None,
        "mentions": assessment.mentions,
        "independent_origins": sum(not x.voice.benign for x in assessment.origins),
        "explanation": {
            "formula": "log-odds = prior + sum over independent origins of (malicious - benign)",
            "prior": assessment.prior,
            "log_odds": round(assessment.score, 4),
            "calibration": _calibration(assessment),
            "log_odds_decayed": round(assessment.decayed, 4),
            "half_life_days": assessment.half_life / DAY,
            "origins": [_origin(x) for x in assessment.origins],
            "would_change": [_change(x) for x in sways(assessment)[:WOULD_CHANGE]],
        },
        "known_good": [
            {"list": hit.title, "match": hit.kind.value, "value": hit.value, "category": hit.category.value,
             "class": hit.sort.value}
            for hit in hits
        ],
    }
