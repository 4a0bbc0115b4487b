"""A refused member reads whose work it is: each permission has its words, and none shows its key."""

from __future__ import annotations

from fusioncell.members.model import PERMISSIONS
from fusioncell.web import refusals


def test_each_permission_has_words_of_its_own() -> None:
    told = {permission: refusals.refusal(permission)[0] for permission in PERMISSIONS}
    assert len(set(told.values())) == len(PERMISSIONS)
    assert {type(words) for words in told.values()} == {str}, "an answer in JSON holds plain text"
    assert not [permission for permission, words in told.items() if f"'{permission}'" in words or "_" in words]
