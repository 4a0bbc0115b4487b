"""Independence of sources: who repeats whom, which names are one origin, and how reliable each has proved."""

from fusioncell.fusion.origins.copying import detect
from fusioncell.fusion.origins.families import families, marks
from fusioncell.fusion.origins.model import GRADED, JOINED, KINDS, PARTED, Copying, Grade, Join, Posterior, Said
from fusioncell.fusion.origins.reliability import posterior

__all__ = [
    "GRADED", "JOINED", "KINDS", "PARTED", "Copying", "Grade", "Join", "Posterior", "Said", "detect", "families",
    "marks", "posterior",
]  # fmt: skip
