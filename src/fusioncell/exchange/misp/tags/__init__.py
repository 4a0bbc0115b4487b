"""Tags at the MISP door: what a tag looks like, which there are, who may set it. The front door of the package.

A tag is a name; it exists as soon as someone defined it, an enabled taxonomy holds it, or it stands on content that
the caller may see. Definitions are the hub's, made by those whose role edits tags, and no secret; use is counted over
what the caller may see, and nothing else tells of it.
"""

from __future__ import annotations

from fusioncell.exchange.misp.tags.service import Tags

__all__ = ["Tags"]
