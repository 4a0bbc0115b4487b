"""Clusters: reports that share rare values are shown as one, each link with its evidence (DESIGN §4).

A report hangs at one earlier report that shares rare values with it, at most two steps from its cluster's head. What
it is depends on earlier reports alone, so that a new one moves nobody; the index maps a value to those that have it,
and pairs are never kept (ADR 0013).
"""

from fusioncell.fusion.clusters.common import Commons
from fusioncell.fusion.clusters.compare import Figures, measure
from fusioncell.fusion.clusters.derive import features_of, features_of_reference, features_of_report
from fusioncell.fusion.clusters.gather import Gathering
from fusioncell.fusion.clusters.model import Cluster, Decision, Feature, Kind, Link, Member, Related, Shared, Summary

__all__ = [
    "Cluster", "Commons", "Decision", "Feature", "Figures", "Gathering", "Kind", "Link", "Member", "Related", "Shared",
    "Summary", "features_of", "features_of_reference", "features_of_report", "measure",
]  # fmt: skip
