"""The doors of publication by proxy: who is neither originator nor proxy learns nothing by them."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/contributions/{contribution:str}/publications": each("/api/contributions/{contribution}/publications"),
    "GET /contributions/{contribution:str}/publish": each("/contributions/{contribution}/publish"),
    "GET /contributions/{contribution:str}/proxy": each("/contributions/{contribution}/proxy"),
}

CHANGES = re.compile(r"POST /(api/)?contributions/.*/(publish|proxy)$")
"""Doors that change something; their answers stand in ``tests/flow/test_proxy.py``."""
