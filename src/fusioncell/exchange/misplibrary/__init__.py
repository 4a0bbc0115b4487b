"""MISP's common knowledge: taxonomies, warninglists, noticelists, templates, types, decay models. The front door.

The same for all; switches (which lists are on) are the hub's. Galaxies stand in ``exchange.mispgalaxies``, tags in
``exchange.misptags``.
"""

from __future__ import annotations

from fusioncell.exchange.misplibrary.decay import MODELS, DecayModel
from fusioncell.exchange.misplibrary.forms import saved
from fusioncell.exchange.misplibrary.model import MachineTag, Warned
from fusioncell.exchange.misplibrary.pack import FORMAT, Arrays, Pack, cluster_tag, compile_pack
from fusioncell.exchange.misplibrary.pattern import like, whole
from fusioncell.exchange.misplibrary.service import Library, Remembered, Switches
from fusioncell.exchange.misplibrary.standing import COMMUNITIES, FEEDS

__all__ = [
    "COMMUNITIES", "FEEDS", "FORMAT", "MODELS", "Arrays", "DecayModel", "Library", "MachineTag", "Pack", "Remembered",
    "Switches", "Warned", "cluster_tag", "compile_pack", "like", "saved", "whole",
]  # fmt: skip
