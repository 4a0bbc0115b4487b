"""The terms of the partnership, as data: each version stays, for organisations accepted it by name.

A new version is added at the end. Organisations that accepted an earlier one stay members, and are asked to accept
the new one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms: its name, and its clauses, each with a heading."""

    version: str
    clauses: tuple[tuple[str, str], ...]


TERMS = (
    Terms("2026-11", (
        ("Keep to the markings", "Each contribution says who may read it (Traffic Light Protocol 2.0) and what may be"
         " done with it. You pass on nothing further than its marking allows, and you use it for defence only."),
        ("Share what you know", "You share what helps others to defend themselves as soon as you may. You share only"
         " what you have the right to share, and you mark it truthfully."),
        ("Answer for your people", "You name the people who use the hub for you, keep that list right, and remove those"
         " who leave. Each person has an account of their own and keeps its keys secret."),
        ("Tell us when something goes wrong", "If an account, a key or something shared with you may have come into the"
         " wrong hands, you tell the hub's administrators without delay, at the latest within a day."),
        ("Recalls", "If a contribution is withdrawn, you withdraw it from your systems where you can and say where you"
         " cannot."),
        ("Personal data", "You share personal data only where the defence needs it and the law allows it. The hub keeps"
         " an account of who did what; your organisation can read its own part of it."),
        ("No guarantee", "What is shared here can be wrong. You decide what you do with it."),
        ("Leaving", "You can leave at any time. The partnership can suspend a member that breaks these terms; its"
         " sponsor is told."),
    )),
)
"""All versions, the newest last."""
