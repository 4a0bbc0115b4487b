"""The picture: what the partnership knows now, as each viewer may see it: search, first page, contribution pages."""
