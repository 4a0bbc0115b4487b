"""The doors of narrowing, widening, receipts and consent."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/contributions/{contribution:str}/receipts": each("/api/contributions/{contribution}/receipts"),
    "GET /api/consents": each("/api/consents"),
    "GET /contributions/{contribution:str}/receipts": each("/contributions/{contribution}/receipts"),
    "GET /contributions/{contribution:str}/readers": each("/contributions/{contribution}/readers"),
    "GET /contributions/{contribution:str}/readers/reach": each("/contributions/{contribution}/readers/reach?tlp=red"),
    "GET /contributions/{contribution:str}/consent": each("/contributions/{contribution}/consent"),
    "GET /consents": each("/consents"),
}
"""Receipts are asked by sessions and keys of every party; who is no originator gets what a stranger gets."""

CHANGES = re.compile(r"POST /(api/)?(contributions/.*/(narrow|widen|readers|consents?)|consents/.*)$")
"""Doors that change something; their answers stand in ``tests/flow/test_receipts.py``."""
