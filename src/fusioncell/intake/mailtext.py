"""Mail saved as a file (RFC 5322, MIME): its headers as they are, and its parts decoded to words.

Rules kept here:

1. Only what says by its headers that it is MIME is decoded; any other text stays as it came. The numbers that letters
   have (Message-ID and those that name them) are not read: they look like addresses.
2. Of HTML the words and the links are read. Links are live, so by themselves they accuse nobody (``freetext``).
3. Who received a mail can be left out, before it is kept: reporting it is no reason to name its victim.
4. Bounded: what is too long, or of too many parts, is read as it came. Never raises for what a mail holds.

What is not here: what is attached, and who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from html import unescape

from fusioncell.kernel.errors import FAULTS_OF_CONTENT, BadInput

MAX_BYTES = 2 << 20
MAX_LINES = 50_000
MAX_PARTS = 16
MAX_HEADERS = 20_000
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:")
_MIME = re.compile(rb"^(?:MIME-Version|Content-Type|Content-Transfer-Encoding):", re.IGNORECASE | re.MULTILINE)
_LETTER = re.compile(rb"^(?:From|Date|Message-ID|Received|Return-Path|Subject):", re.IGNORECASE | re.MULTILINE)
_NUMBERS = re.compile(r"^(?:Message-ID|In-Reply-To|References|Content-ID):.*\n(?:[ \t].*\n){0,50}",
                      re.IGNORECASE | re.MULTILINE)
_RECIPIENTS = re.compile(
    rb"^(?:(?:Resent-|Apparently-|Original-|X-)?(?:To|Cc|Bcc)|(?:X-)?(?:Original|Envelope|Delivered|Forwarded)-To|"
    rb"X-RCPT-TO|X-MS-Exchange-Organization-OriginalEnvelopeRecipients):.*\n(?:[ \t].*\n){0,200}",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(rb"[A-Za-z0-9._%+'=-]{1,64}@[A-Za-z0-9.-]{1,255}")
MAX_RECIPIENTS = 20
_LINK = re.compile(r"(?:href|src|action)\s{0,5}=\s{0,5}[\"']?((?:https?|ftp)://[^\s\"'<>]{1,2000})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,4000}>")
_CHARSET = re.compile(r"us-ascii|utf-?8|iso-8859-\d{1,2}|(?:windows-|cp)125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|"
                      r"shift_jis|iso-2022-jp|euc-(?:jp|kr)")
"""Charsets that mail is decoded from. Python has others, some of which take very long over long input."""


def is_mail(body: bytes) -> bool:
    """Tell whether a text is a mail with MIME's headers, within the bounds in which it is decoded."""
    if not _HEADER.match(body) or len(body) > MAX_BYTES:
        return False
    head = _head(body)
    return bool(_MIME.search(head) and _LETTER.search(head) and body.count(b"\n") <= MAX_LINES
                and body.lower().count(b"boundary=") <= MAX_PARTS)


def _head(body: bytes) -> bytes:
    """The header block: up to the first blank line."""
    return body[:MAX_HEADERS].replace(b"\r\n", b"\n").partition(b"\n\n")[0]


def subject_of(body: bytes) -> str:
    """Return the subject in words, "" where there is none."""
    try:
        message = BytesParser(policy=compat32).parsebytes(_head(body) + b"\n\n", headersonly=True)
        return " ".join(str(make_header(decode_header(str(message.get("Subject", ""))))).split())
    except (*FAULTS_OF_CONTENT, MessageError):
        return ""


def without_recipients(body: bytes) -> bytes:
    """Return a mail without the header lines that say who received it, and with ``RECIPIENT`` in place of their
    addresses wherever else they stand, in links too. What is no mail is returned as it is.

    Raises BadInput where an address stands in what only decoding shows, or where there are too many.
    """
    if not _HEADER.match(body) or len(body) > MAX_BYTES or not _LETTER.search(_head(body)):
        return body
    head, gap, rest = re.split(rb"(\r?\n\r?\n|\Z)", body, maxsplit=1)
    head += b"\n"
    lines = _RECIPIENTS.findall(head)
    addresses = {each.lower() for line in lines for each in _ADDRESS.findall(line)}
    if not lines:
        return body
    if len(addresses) > MAX_RECIPIENTS:
        raise BadInput(f"this mail went to more than {MAX_RECIPIENTS} addresses", hint="Remove them from it first.")
    kept = _RECIPIENTS.sub(b"", head)[:-1] + gap + rest
    if not addresses:
        return kept
    longest = [re.escape(each).replace(b"@", b"(?:@|%40|=40)") for each in sorted(addresses, key=len, reverse=True)]
    said = re.compile(rb"(?i)" + b"|".join(longest))
    kept = said.sub(b"RECIPIENT", kept)
    if said.search(words_of(kept).encode()):
        raise BadInput("an encoded part of this mail names who received it",
                       hint="Paste its text instead, without the address, or keep who received it.")  # fmt: skip
    return kept


def _said_in_head(body: bytes) -> str:
    """The header lines, less the numbers of letters, which look like addresses."""
    return _NUMBERS.sub("", _head(body).decode("utf-8", "replace") + "\n")


def words_of(body: bytes) -> str:
    """Return a mail as words: subject, headers, each text part decoded; what cannot be decoded as it came."""
    try:
        message = BytesParser(policy=compat32).parsebytes(body)
        parts = list(_parts(message))
    except (*FAULTS_OF_CONTENT, MessageError, RecursionError):
        return body.decode("utf-8", "replace")
    return "\n\n".join([subject_of(body), _said_in_head(body), *parts]).strip()


def _parts(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        raw = part.get_payload(decode=True)
        if not isinstance(raw, bytes):
            continue
        charset = part.get_content_charset("utf-8")
        text = raw.decode(charset if _CHARSET.fullmatch(charset) else "utf-8", "replace")
        yield _of_html(text) if part.get_content_subtype() == "html" else text


def _of_html(text: str) -> str:
    links = dict.fromkeys(unescape(link) for link in _LINK.findall(text))
    return "\n".join([" ".join(unescape(_TAG.sub(" ", text)).split()), *links])
