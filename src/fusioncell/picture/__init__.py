"""The picture: what the partnership knows now, as each viewer may see it: search, first page, contribution pages."""

from fusioncell.picture.words import tokens

__all__ = ["tokens"]
