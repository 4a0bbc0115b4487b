"""The ports: what a room may ask of the outside world. ``edges`` implements them, ``bootstrap`` joins the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness

__all__ = [
    "Blobs", "Carried", "Clock", "Connection", "Database", "Letter", "Mail", "MailCarrier", "Randomness",
    "WebAnswer", "WebReader", "WebService", "storable",
]  # fmt: skip

Row = tuple[Any, ...]


def storable(text: str) -> str:
    """Return a text as every database can hold it: PostgreSQL's has no NUL, which JSON's escapes and CSV can bring."""
    return text.replace("\0", "\ufffd")


class Connection(Protocol):
    """A transaction on one database. SQL is written with ``?`` marks and runs on SQLite and PostgreSQL alike."""

    dialect: str
    """``sqlite`` or ``postgresql``."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query and return all its rows. Bound it in the SQL (LIMIT, or a key)."""
        ...

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return the number of rows it touched."""
        ...

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        ...

    def among(self, values: Iterable[int | str | bytes]) -> tuple[str, Any]:
        """Return ``(sql, parameter)`` for "column IN sql" over many values of one type, with one parameter.

        >>> sql, value = connection.among(ids)
        >>> connection.rows(f"SELECT name FROM t WHERE id IN {sql}", (value,))
        """
        ...


class WebService(Protocol):
    """A web service that the operators have named, as an identity provider. Raises FusionCellError, nothing else."""

    def get(self, url: str) -> bytes:
        """Return what stands at an address."""
        ...

    def post(self, url: str, fields: Mapping[str, str], user: str, secret: str) -> bytes:
        """Send a form, with credentials where there is a secret, and return the answer's body."""
        ...


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What an address of the outside world answered: bytes as sent (an encoding not undone), headers in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class WebReader(Protocol):
    """Reads addresses of the public Internet, and those inside that the operators allow; never another one inside."""

    def is_inner(self, url: str) -> bool:
        """Tell whether the operators allow this address inside (it may then be asked without TLS)."""
        ...

    def get(self, url: str, headers: Mapping[str, str], limit: int, secret: Mapping[str, str] | None = None
            ) -> WebAnswer:
        """Get an address, at most ``limit`` bytes, following a few redirects. Answers of any status are returned.

        ``secret``: headers that are for this address's own origin alone. Blocks, for a bounded time. Raises BadInput,
        NotAllowed, TooLarge, Unavailable, nothing else.
        """
        ...

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], limit: int,
             secret: Mapping[str, str] | None = None) -> WebAnswer:  # fmt: skip
        """Send a body to an address, with the same guards; a redirect is not followed, it is the answer."""
        ...


class Database(Protocol):
    """One of the hub's databases: the record, the vault or the projections."""

    dialect: str

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read transaction: one consistent snapshot."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Open a write transaction: committed durably when the block ends, rolled back when it raises."""
        ...


class Blobs(Protocol):
    """Bytes that are kept by the SHA-256 of them (64 lower-case hex digits)."""

    def keep(self, digest: str, data: bytes) -> None:
        """Keep bytes durably; those that are kept already stay."""
        ...

    def read(self, digest: str) -> bytes | None:
        """Return the bytes, None where there are none."""
        ...

    def drop(self, digest: str) -> bool:
        """Let bytes go; tell whether there were any."""
        ...

    def held(self) -> Iterator[str]:
        """Give the digests of all that is kept."""
        ...


class Mail(Protocol):
    """E-mail to people. What is sent is kept first and carried later: a mail server that is down loses nothing."""

    def send(self, to: str, subject: str, text: str, *, about: str = "", once: str = "") -> None:
        """Keep a mail for sending, durably. Returns at once; a server that is down is no error here.

        ``to``: one plain address. ``text``: plain text; AMBER, AMBER+STRICT and RED content never stands in it, nor in
        ``subject``. ``about``: a word for operators of what kind it is (``sign-in``, ``digest``; no secret). ``once``:
        of all mails with the same key only the first is kept ("": no such key). Raises BadInput for no address.
        """
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be carried: ``id`` makes its Message-ID, ``at`` (µs) its date. ``to`` and ``subject`` hold one line."""

    id: str
    to: str
    subject: str
    text: str
    at: int


class Carried(StrEnum):
    """What came of trying to carry a letter (RFC 5321 §4.2.1)."""

    SENT = "sent"
    LATER = "later"
    """The server said: not now (4yz)."""
    REFUSED = "refused"
    """The server does not know the recipient, or takes nothing for it (5yz to RCPT)."""
    NEVER = "never"
    """The server does not take this mail (5yz to anything else)."""
    UNREACHED = "unreached"
    """No server could be spoken to; it says nothing of the letter."""


class MailCarrier(Protocol):
    """Carries mail to the next server."""

    def carry(self, letters: Sequence[Letter]) -> list[tuple[Carried, str]]:
        """Try each letter, over one connection; return, in order, what came of it and the server's words.

        Blocks, for as long as the network lets it; raises nothing.
        """
        ...
