"""Use cases of content (being built)."""

from __future__ import annotations

from fusioncell.exchange.misp.service import Misp
from fusioncell.exchange.mispcontent.check import Types


class Content:
    """The front door of the package."""

    def __init__(self, core: Misp, types: Types) -> None:
        self.core, self.types = core, types
