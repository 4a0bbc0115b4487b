"""What an import reads of packed files: members locked with the field's password too; each other one with its place."""

from __future__ import annotations

from pathlib import Path

from fusioncell.cli.sources import Source, Unreadable, sources
from fusioncell.exchange.misp.content.pack import locked_zip


def test_a_zip_locked_with_infected_is_read_and_another_password_said(tmp_path: Path) -> None:
    locked = locked_zip([("a.csv", b"value,type\nevil.com,domain\n"), ("b.csv", b"value,type\n")])
    (tmp_path / "locked.zip").write_bytes(locked)
    # The header's last byte is how a zip knows its password: one flipped in the second member stands for another one.
    at = locked.index(b"b.csv") + len(b"b.csv") + 11
    (tmp_path / "other.zip").write_bytes(locked[:at] + bytes([locked[at] ^ 1]) + locked[at + 1 :])
    found = list(sources([str(tmp_path / "locked.zip")], 1 << 20, print))
    assert [(one.filename, one.body[-7:]) for one in found if isinstance(one, Source)] == [
        ("a.csv", b"domain\n"), ("b.csv", b"e,type\n")]  # fmt: skip
    first, second = sources([str(tmp_path / "other.zip")], 1 << 20, print)
    assert isinstance(first, Source) and isinstance(second, Unreadable)
    assert second.name.endswith("other.zip:b.csv") and "unpack it first" in second.reason
