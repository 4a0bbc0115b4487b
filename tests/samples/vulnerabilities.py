"""Samples of the pages of vulnerabilities."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell

ROW: Context = {
    "cve": "CVE-2024-3400", "href": "/vulnerabilities/CVE-2024-3400",
    "kev": {"name": "PAN-OS Command <Injection>", "vendor": "Palo Alto", "product": "PAN-OS", "added": "2024-04-12",
            "due": "2024-04-19", "action": "Mend it.", "ransomware": True, "overdue": True},
    "epss": {"score": 0.943, "percentile": 0.99},
    "rated": [{"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "score": 10.0, "severity": "Critical",
               "version": "3.1", "org": "Harbour Bank"}],
    "decision": {"outcome": "Immediate", "level": "malicious", "table": "Deployer", "version": "1.0.0", "inputs": [
        {"name": "System Exposure", "value": "Open", "key": "O", "ground": "assumed: nothing is known",
         "asked": "exposure", "choices": [{"key": "S", "name": "Small"}, {"key": "O", "name": "Open"}]},
        {"name": "Utility", "value": "Laborious", "key": "L", "ground": "set by you", "asked": "", "choices": []}]},
    "count": 7, "first": NOW - 30 * DAY, "last": NOW - HOUR,
    "sectors": [{"name": "energy", "count": 4}, {"name": "finance", "count": 3}],
}  # fmt: skip
BARE: Context = {**ROW, "kev": None, "epss": None, "rated": [], "decision": None, "count": 0, "first": None,
                 "last": None, "sectors": []}  # fmt: skip
TABLES = [{"name": "KEV", "version": "2026.11.18", "date": "2026-11-18", "rows": 1404, "at": NOW - DAY},
          {"name": "SSVC", "version": "ssvc:DT_DP:1.0.0", "date": "", "rows": 1, "at": NOW}]  # fmt: skip
PAGER: Context = {"first": 1, "last": 50, "total": 1000, "noun": "vulnerabilities", "previous": None,
                  "next": "/vulnerabilities?start=50"}  # fmt: skip
INDEX: Context = {"shell": shell(), "form": {"days": 30, "sector": ""}, "spans": (7, 30), "sectors": ["energy"],
                  "rows": [ROW, BARE], "tables": TABLES, "operates": True, "pager": PAGER}  # fmt: skip
ONE: Context = {
    "shell": shell(), "one": ROW, "tables": TABLES, "weeks": [0, 2, 1], "observable": "/observables/vulnerability/x",
    "entity": "/entities/CVE-2024-3400", "address": "/vulnerabilities/CVE-2024-3400",
    "reports": [{"title": "A post", "href": "/contributions/c", "org": "Harbour Bank", "tlp": "green", "at": NOW,
                 "how": ["by its id"]}],
}  # fmt: skip
PAGES = {
    "vulnerabilities": ("vulnerabilities/index.html", INDEX),
    "vulnerabilities-empty": ("vulnerabilities/index.html", {
        **INDEX, "rows": [], "tables": [], "operates": False, "sectors": [], "form": {"days": 11, "sector": ""},
        "pager": {**PAGER, "last": 0, "total": 0, "next": None}}),
    "vulnerability": ("vulnerabilities/one.html", ONE),
    "vulnerability-bare": ("vulnerabilities/one.html", {**ONE, "one": BARE, "tables": [], "reports": [],
                                                        "observable": None}),
}  # fmt: skip
