"""Carries mail to the next server by SMTP (RFC 5321, 3207, 8314).

1. One connection for a batch; encrypted before anything is said of a mail: a server that offers no STARTTLS, or whose
   certificate does not hold, gets nothing.
2. Headers are made by ``email.message``, whose policy refuses line ends in them.
3. What the server says of one letter is of that letter; a connection that breaks leaves the rest unreached.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import Carried, Letter

SECONDS = 20.0
TLS = ("starttls", "tls", "none")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class SmtpCarrier:
    """The port ``kernel.ports.MailCarrier``. ``tls``: ``starttls``, ``tls`` (from the first byte) or ``none``."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: str = "starttls"

    def __post_init__(self) -> None:
        if self.tls not in TLS:
            raise BadInput(f"smtp_tls is {self.tls[:20]!r}", hint=f"Use one of: {', '.join(TLS)}.")
        if "@" not in parseaddr(self.sender)[1]:
            raise BadInput(f"smtp_from is {self.sender[:80]!r}", hint="Write it as hub@cell.example.")

    def carry(self, letters: Sequence[Letter]) -> list[tuple[Carried, str]]:
        """Try each letter (see the port)."""
        came: list[tuple[Carried, str]] = []
        try:
            with self._connect() as server:
                for letter in letters:
                    came.append(self._one(server, letter))
        except (OSError, smtplib.SMTPException) as fault:
            # What was said before it broke stands; closing badly says nothing of letters that were taken.
            words = f"{type(fault).__name__}: {fault}"
            came += [(Carried.UNREACHED, words)] * (len(letters) - len(came))
        return came

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _one(self, server: smtplib.SMTP, letter: Letter) -> tuple[Carried, str]:
        """Send one letter. Raises what breaks the connection; a refusal is an answer."""
        try:
            server.send_message(self.message(letter), parseaddr(self.sender)[1], [letter.to])
        except smtplib.SMTPRecipientsRefused as fault:
            code, words = fault.recipients[letter.to]
            return (Carried.REFUSED if code >= 500 else Carried.LATER), f"{code} {_text(words)}"
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPResponseException as fault:
            how = Carried.NEVER if 500 <= fault.smtp_code < 600 else Carried.LATER
            return how, f"{fault.smtp_code} {_text(fault.smtp_error)}"
        except (smtplib.SMTPNotSupportedError, ValueError) as fault:
            return Carried.NEVER, f"{type(fault).__name__}: {fault}"
        return Carried.SENT, ""

    def message(self, letter: Letter) -> EmailMessage:
        """Make the message. ValueError where a header would hold a line end, or ``to`` is no address."""
        name, address = parseaddr(self.sender)
        local, _, domain = letter.to.rpartition("@")
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(name or "Fusion Cell", addr_spec=address)
        message["To"] = Address("", local, domain)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(_EPOCH + timedelta(microseconds=letter.at))
        message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
        message.set_content(letter.text)
        return message


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
