"""Fusion Cell: the open hub of a national cyber security partnership.

The folders are the river's own words, in order: a contribution enters by ``intake``, is kept in ``record``,
weighed in ``fusion``, seen in ``picture``, shared by ``exchange`` and put to work by ``shield``.
"""

__version__ = "0.1.0"
