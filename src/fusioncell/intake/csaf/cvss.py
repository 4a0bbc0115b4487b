"""CVSS version 2 and 3: the score that a vector means, and what its metrics are called (FIRST). Pure.

Version 2: the guide of 2007, §3.2. Version 3.0 and 3.1: the specification documents, §7 and §8 (3.1 rounds up on
integers, appendix A).
"""

from __future__ import annotations

import math

_V3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}, "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27}, "UI": {"N": 0.85, "R": 0.62}, "S": {"U": 0.0, "C": 1.0},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0}, "I": {"H": 0.56, "L": 0.22, "N": 0.0}, "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}  # fmt: skip
_PR_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_V2 = {
    "AV": {"N": 1.0, "A": 0.646, "L": 0.395}, "AC": {"L": 0.71, "M": 0.61, "H": 0.35},
    "Au": {"N": 0.704, "S": 0.56, "M": 0.45}, "C": {"N": 0.0, "P": 0.275, "C": 0.66},
    "I": {"N": 0.0, "P": 0.275, "C": 0.66}, "A": {"N": 0.0, "P": 0.275, "C": 0.66},
}  # fmt: skip
SEVERITIES = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.1, "LOW"), (0.0, "NONE"))
"""From which score on a severity is called what (CVSS 3.1 §5)."""
_CIA = {"N": "NONE", "L": "LOW", "H": "HIGH"}
_NOT = {"X": "NOT_DEFINED"}
_NEED = {**_NOT, "L": "LOW", "M": "MEDIUM", "H": "HIGH"}
_AV = {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL", "P": "PHYSICAL"}
_PR, _AC = {"N": "NONE", "L": "LOW", "H": "HIGH"}, {"L": "LOW", "H": "HIGH"}
_UI, _S = {"N": "NONE", "R": "REQUIRED"}, {"U": "UNCHANGED", "C": "CHANGED"}
NAMES_3 = {
    "AV": ("attackVector", _AV), "AC": ("attackComplexity", _AC), "PR": ("privilegesRequired", _PR),
    "UI": ("userInteraction", _UI), "S": ("scope", _S), "C": ("confidentialityImpact", _CIA),
    "I": ("integrityImpact", _CIA), "A": ("availabilityImpact", _CIA),
    "E": ("exploitCodeMaturity", {**_NOT, "U": "UNPROVEN", "P": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH"}),
    "RL": ("remediationLevel", {**_NOT, "O": "OFFICIAL_FIX", "T": "TEMPORARY_FIX", "W": "WORKAROUND",
                                "U": "UNAVAILABLE"}),
    "RC": ("reportConfidence", {**_NOT, "U": "UNKNOWN", "R": "REASONABLE", "C": "CONFIRMED"}),
    "CR": ("confidentialityRequirement", _NEED), "IR": ("integrityRequirement", _NEED),
    "AR": ("availabilityRequirement", _NEED), "MAV": ("modifiedAttackVector", _NOT | _AV),
    "MAC": ("modifiedAttackComplexity", _NOT | _AC), "MPR": ("modifiedPrivilegesRequired", _NOT | _PR),
    "MUI": ("modifiedUserInteraction", _NOT | _UI), "MS": ("modifiedScope", _NOT | _S),
    "MC": ("modifiedConfidentialityImpact", _NOT | _CIA), "MI": ("modifiedIntegrityImpact", _NOT | _CIA),
    "MA": ("modifiedAvailabilityImpact", _NOT | _CIA),
}  # fmt: skip
"""Metric of a version 3 vector → (its name in JSON, letter → value)."""
_CIA2 = {"N": "NONE", "P": "PARTIAL", "C": "COMPLETE"}
_ND = {"ND": "NOT_DEFINED"}
_NEED2 = {**_ND, "L": "LOW", "M": "MEDIUM", "H": "HIGH"}
NAMES_2 = {
    "AV": ("accessVector", {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL"}),
    "AC": ("accessComplexity", {"L": "LOW", "M": "MEDIUM", "H": "HIGH"}),
    "Au": ("authentication", {"N": "NONE", "S": "SINGLE", "M": "MULTIPLE"}),
    "C": ("confidentialityImpact", _CIA2), "I": ("integrityImpact", _CIA2), "A": ("availabilityImpact", _CIA2),
    "E": ("exploitability", {**_ND, "U": "UNPROVEN", "POC": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH"}),
    "RL": ("remediationLevel", {**_ND, "OF": "OFFICIAL_FIX", "TF": "TEMPORARY_FIX", "W": "WORKAROUND",
                                "U": "UNAVAILABLE"}),
    "RC": ("reportConfidence", {**_ND, "UC": "UNCONFIRMED", "UR": "UNCORROBORATED", "C": "CONFIRMED"}),
    "CDP": ("collateralDamagePotential", {**_ND, "N": "NONE", "L": "LOW", "LM": "LOW_MEDIUM", "MH": "MEDIUM_HIGH",
                                          "H": "HIGH"}),
    "TD": ("targetDistribution", {**_ND, "N": "NONE", "L": "LOW", "M": "MEDIUM", "H": "HIGH"}),
    "CR": ("confidentialityRequirement", _NEED2), "IR": ("integrityRequirement", _NEED2),
    "AR": ("availabilityRequirement", _NEED2),
}  # fmt: skip
"""The same of version 2."""


def metrics(vector: str) -> dict[str, str]:
    """Return the metrics of a vector by their short names, without the version that stands before them."""
    pairs = (part.partition(":") for part in vector.strip("()").split("/"))
    return {name: value for name, _, value in pairs if name != "CVSS" and value}


def version_of(vector: str) -> str:
    """Return the version that a vector says: ``3.0`` or ``3.1``, ``2.0`` where it says none."""
    return vector[5:8] if vector.startswith("CVSS:3.") else "2.0"


def is_vector(vector: str) -> bool:
    """Tell whether a text is a vector of version 3.0 or 3.1 with all base metrics, each metric once."""
    if version_of(vector) not in ("3.0", "3.1") or base_score(vector) is None:
        return False
    parts = [part.partition(":") for part in vector[9:].split("/")]
    known = all(name in NAMES_3 and value in NAMES_3[name][1] for name, _, value in parts)
    return known and len({name for name, _, _ in parts}) == len(parts)


def base_score(vector: str) -> float | None:
    """Return the base score of a vector, None where it has not all base metrics."""
    given, version = metrics(vector), version_of(vector)
    try:
        return _base2(given) if version == "2.0" else _base3(given, version)
    except KeyError:
        return None


def severity(score: float) -> str:
    """Return what CVSS 3 calls a score."""
    return next(word for least, word in SEVERITIES if score >= least)


def _base3(given: dict[str, str], version: str) -> float:
    weight = {name: values[given[name]] for name, values in _V3.items()}
    changed = given["S"] == "C"
    privileges = _PR_CHANGED[given["PR"]] if changed else weight["PR"]
    impact_base = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 6.42 * impact_base
    if changed:
        impact = 7.52 * (impact_base - 0.029) - 3.25 * (impact_base - 0.02) ** 15
    if impact <= 0:
        return 0.0
    total = impact + 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    total = min(1.08 * total if changed else total, 10)
    return _round_up(total) if version == "3.1" else math.ceil(total * 10) / 10


def _round_up(value: float) -> float:
    """Round up to one decimal as version 3.1 does (appendix A), on integers."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def _base2(given: dict[str, str]) -> float:
    weight = {name: values[given[name]] for name, values in _V2.items()}
    impact = 10.41 * (1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"]))
    exploit = 20 * weight["AV"] * weight["AC"] * weight["Au"]
    return round((0.6 * impact + 0.4 * exploit - 1.5) * (1.176 if impact else 0.0) + 1e-9, 1)
