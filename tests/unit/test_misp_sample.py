"""Malware samples are locked as MISP locks them: zip tools open them with the password; and not too many at once."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.exchange.misp.content import pack
from fusioncell.exchange.misp.content.pack import check_samples, lock_sample
from fusioncell.kernel.errors import TooLarge


def noise(size: int) -> bytes:
    """Bytes that no compressor makes smaller."""
    return b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(size // 32 + 1))[:size]


def opened(value: str, data: str) -> tuple[bytes, bytes]:
    digest = value.partition("|")[2]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as zipped:
        zipped.setpassword(b"infected")
        return zipped.read(digest), zipped.read(f"{digest}.filename.txt")


@given(st.binary(max_size=4000))
def test_what_is_locked_opens_with_the_password(sample: bytes) -> None:
    locked = lock_sample("bad.exe", base64.b64encode(sample).decode())
    assert locked is not None and locked[0] == f"bad.exe|{hashlib.md5(sample).hexdigest()}"
    assert opened(*locked) == (sample, b"bad.exe")


@pytest.mark.parametrize("size", [1000, 1023, 1024, 1025, 2048, 100_000])
def test_long_samples_open_too(size: int) -> None:
    locked = lock_sample("bad.exe", base64.b64encode(noise(size)).decode())
    assert locked is not None and opened(*locked)[0] == noise(size)


def test_without_the_password_it_stays_shut() -> None:
    locked = lock_sample("bad.exe", base64.b64encode(noise(5000)).decode())
    assert locked is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(locked[1]))) as zipped, pytest.raises(RuntimeError):
        zipped.read(locked[0].partition("|")[2], pwd=b"harmless")


def test_a_request_brings_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "MAX_SAMPLES", 3000)
    one = {"type": "malware-sample", "value": "a", "data": "QUFB" * 400}
    check_samples({"Event": {"Attribute": [one, one]}})
    check_samples({"Event": {"Attribute": [one, {**one, "type": "attachment"}], "Object": [{"Attribute": [one]}]}})
    with pytest.raises(TooLarge):
        check_samples({"Event": {"Attribute": [one, one], "Object": [{"Attribute": [one]}]}})
    with pytest.raises(TooLarge):
        check_samples([{"Attribute": [one]}, one, one])
    check_samples(None)
    check_samples("text")
