"""MISP's common knowledge: taxonomies, warninglists, noticelists, templates, types, decay models. The front door.

The same for all; switches (which lists are on) are the hub's. Galaxies stand in ``exchange.misp.galaxies``, tags in
``exchange.misp.tags``.
"""

from __future__ import annotations

from fusioncell.exchange.misp.library.decay import MODELS, DecayModel
from fusioncell.exchange.misp.library.forms import saved
from fusioncell.exchange.misp.library.model import MachineTag, Warned
from fusioncell.exchange.misp.library.pack import FORMAT, Arrays, Pack, cluster_tag, compile_pack
from fusioncell.exchange.misp.library.pattern import like, whole
from fusioncell.exchange.misp.library.service import Library, Remembered, Switches
from fusioncell.exchange.misp.library.standing import COMMUNITIES, FEEDS

__all__ = [
    "COMMUNITIES", "FEEDS", "FORMAT", "MODELS", "Arrays", "DecayModel", "Library", "MachineTag", "Pack", "Remembered",
    "Switches", "Warned", "cluster_tag", "compile_pack", "like", "saved", "whole",
]  # fmt: skip
