"""Deconfliction: an officer, with a second, keeps a name from being blocked for some days, and says why to nobody else.

Police watch it, or researchers run it: a block would tell the actor, or blind the defenders. The approver learns only
whom to call. The public log counts holds, without their names; the reason is sealed, and opens to the officers alone.
"""
