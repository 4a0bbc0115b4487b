"""Mail saved as a file: its parts are decoded, its words and links read, and nothing that it holds breaks a thing."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.intake.extract import extract_entry
from fusioncell.intake.formats import split_body
from fusioncell.intake.mailtext import MAX_LINES, MAX_PARTS, is_mail, subject_of, without_recipients, words_of
from fusioncell.intake.model import Extract, Limits, Split
from fusioncell.intake.said import said_in
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp

HEAD = (b"Return-Path: <bob@sender.example>\r\nFrom: bob@sender.example\r\nTo: help@desk.example\r\n"
        b"Subject: =?utf-8?q?Your_parcel_=E2=80=93_pay?=\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        b"MIME-Version: 1.0\r\n")  # fmt: skip
HTML = b'<style>p{}</style><p>Pay <b>now</b> &amp; here: <a href="http://linked.example/a?b=1&amp;c=2">click</a></p>'
MAIL = HEAD + (
    b"Content-Type: multipart/mixed; boundary=XX\r\n\r\n--XX\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9: hxxp://evil[.]example/pa=\r\nrcel\r\n--XX\r\n"
    b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(HTML) + b"\r\n--XX--\r\n"
)


def read(body: bytes, media: str = "", filename: str = "a.eml") -> tuple[Split, Extract]:
    name, found = split_body(media, body, filename, Limits())
    assert name == "text"
    item = found.items[0]
    assert item.body == body, "its bytes are kept"
    payload = Payload("", item.subject, item.version, item.place, item.body, item.meta)
    return found, extract_entry(Entry(seq=1, commit_seq=1, at=0, org="o", kind=item.kind, audience=1, contribution="c",
                                      digest=b"", chain=b"", payload=payload))


@pytest.mark.parametrize(("media", "filename"), [("", "a.eml"), ("message/rfc822", ""), ("text/plain", "")])
def test_a_mail_is_read_as_its_words(media: str, filename: str) -> None:
    found, said = read(MAIL, media, filename)
    stances = {claim.observable.value: claim.stance for claim in said.claims}
    assert found.title == said.title == "Your parcel \N{EN DASH} pay"
    assert stances["http://evil.example/parcel"] is Stance.MALICIOUS, "defanged, over a soft break of its line"
    assert stances["http://linked.example/a?b=1&c=2"] is Stance.NONE, "a live link accuses nobody"
    assert stances["bob@sender.example"] is Stance.NONE
    assert "http://evil.example/pa" not in stances
    assert "Caf\xe9" in said.text and "Pay now & here" in said.text


def test_what_is_no_mime_mail_stays_a_text() -> None:
    pasted = b"From: bob@evil[.]example\nSubject: pay\n\nSee hxxp://evil[.]example/x=\ny\n"
    assert not is_mail(pasted)
    assert not is_mail(b"Content-Type: text/plain\n\nhello")
    assert not is_mail(b"Summary: x\n\nMIME-Version: 1.0\nFrom: a")
    assert not is_mail(HEAD + b"\n" * (MAX_LINES + 1)) and not is_mail(HEAD + b"\r\n" + b"boundary=" * (MAX_PARTS + 1))
    _, said = read(pasted)
    assert said.title == "From: bob@evil[.]example"


def test_a_marking_within_an_encoded_part_tightens() -> None:
    hidden = HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"TLP:RED for you alone") + b"\r\n"
    assert b"TLP:RED" not in hidden
    assert said_in("text", hidden) == [Tlp.RED]


@pytest.mark.parametrize("body", [
    HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" * 50_000,
    HEAD + b"Content-Type: text/plain; charset=nonsense\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    HEAD + b"Content-Type: multipart/mixed\r\n\r\nno boundary", HEAD + b"Content-Type: message/rfc822\r\n\r\n" + MAIL,
    HEAD + b"Content-Type: multipart/mixed; boundary=XX\r\n\r\n--XX\r\n", HEAD.replace(b"utf-8?q", b"utf-16?b"),
    HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 100_000 + b"<a href=" * 10_000, HEAD,
])  # fmt: skip
def test_odd_mail_is_read_as_far_as_it_goes(body: bytes) -> None:
    assert is_mail(body)
    assert isinstance(words_of(body), str) and isinstance(subject_of(body), str)
    read(body)


@given(tail=st.binary(max_size=200), cut=st.integers(0, len(MAIL)))
def test_no_bytes_break_it(tail: bytes, cut: int) -> None:
    for body in (MAIL[:cut] + tail + MAIL[cut:], HEAD + tail, MAIL[:cut] + tail):
        words_of(body), subject_of(body), is_mail(body), said_in("text", body)


def letter(*head: str, text: str = "Hello") -> bytes:
    return "\r\n".join(["From: a@evil.example", *head, "Subject: Pay", "", text]).encode()


@pytest.mark.parametrize("head", [
    "To: Ann <ann@works.example>", "Cc: bob@b.example,\r\n\tann@works.example", "delivered-to: ANN@works.example",
    "X-Original-To: ann@works.example", "Envelope-To: ann@works.example", "Bcc: ann@works.example",
])  # fmt: skip
def test_who_received_a_mail_is_left_out(head: str) -> None:
    link = "http://evil.example/?e=Ann@works.example&f=ann%40works.example"
    kept = without_recipients(letter("Received: from x by y for <ann@works.example>", head, text=f"Ann, see {link}"))
    assert b"ann@" not in kept.lower() and b"ann%40" not in kept.lower() and b"bob@" not in kept
    assert b"From: a@evil.example\r\n" in kept
    assert b"Subject: Pay\r\n\r\nAnn, see http://evil.example/?e=RECIPIENT&f=RECIPIENT" in kept
    assert without_recipients(kept) == kept


@pytest.mark.parametrize("body", [
    b"value,type\nann@works.example,email\n", b"To: ann@works.example", b"{}", b"", letter(),
    b"Note: To: x\n\nTo: a@b.example\n",
])  # fmt: skip
def test_what_names_no_recipient_stays_as_it_is(body: bytes) -> None:
    assert without_recipients(body) == body


def test_a_recipient_within_an_encoded_part_is_told_of() -> None:
    mail = letter("To: ann@works.example", "MIME-Version: 1.0", "Content-Transfer-Encoding: base64",
                  text=base64.b64encode(b"Dear ann@works.example, pay.").decode())  # fmt: skip
    with pytest.raises(BadInput, match="encoded"):
        without_recipients(mail)
    with pytest.raises(BadInput, match="more than"):
        without_recipients(letter("To: " + ", ".join(f"a{each}@b.example" for each in range(21))))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from((b"To: a@b.example\n", b"Cc:\n a@b.example\n", b"")))
def test_any_bytes_are_taken(rest: bytes, line: bytes) -> None:
    with suppress(BadInput):
        assert b"a@b.example" not in without_recipients(b"From: x\n" + line + b"\n" + rest) or not line
