"""Reach: who would see something, told before it is sent: every organisation and person is asked by ``may_see`` itself.

What is *not* here: any rule of its own. A viewer is made by ``members.recognise``, as for a real request, and the
decision is ``kernel.marking.may_see``.
"""

from __future__ import annotations

from fusioncell.members.reach.service import Reach, Readers

__all__ = ["Reach", "Readers"]
