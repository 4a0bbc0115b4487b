"""The ATT&CK matrix: how often what the viewer may see names each technique, and a member's own layer beside it.

Techniques, tactics and their order come of the installed galaxies and of contributed ATT&CK objects, never of here.
Layers are those of the ATT&CK Navigator, version 4.5; one that a member hands in is compared and not kept.
"""

from fusioncell.picture.matrix.layer import MAX_LAYER, read_layer, write_layer
from fusioncell.picture.matrix.model import DOMAINS, Cell, Column, Coverage, Layer, View
from fusioncell.picture.matrix.service import Matrix

__all__ = ["DOMAINS", "MAX_LAYER", "Cell", "Column", "Coverage", "Layer", "Matrix", "View", "read_layer", "write_layer"]
