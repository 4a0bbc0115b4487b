"""One error root. Each error says what happened, where, and what to do next.

The HTTP doors render it as problem+json (RFC 9457), the CLI as two lines and an exit code.
"""

from __future__ import annotations


class FusionCellError(Exception):
    """Root of all errors that a caller can do something about."""

    status = 500
    title = "Something went wrong"

    def __init__(self, detail: str, *, hint: str = "", place: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.place = place


class BadInput(FusionCellError):
    """What was sent cannot be understood; nothing was kept."""

    status = 400
    title = "The input cannot be understood"


class TooLarge(FusionCellError):
    """Over a stated bound (size, depth, rows); nothing was kept."""

    status = 413
    title = "The input is over a limit"


class UnsupportedMedia(FusionCellError):
    """The media type is not one that this door takes."""

    status = 415
    title = "This format is not supported here"


class NotSignedIn(FusionCellError):
    """No valid key or session."""

    status = 401
    title = "Sign in first"


class NotAllowed(FusionCellError):
    """Known, but this party may not do it."""

    status = 403
    title = "Not allowed"


class NotFound(FusionCellError):
    """Unknown, or hidden from this viewer: the two are never told apart (DESIGN rule 5)."""

    status = 404
    title = "Not found"


class Conflict(FusionCellError):
    """The thing is in a state in which this cannot be done."""

    status = 409
    title = "Not possible in this state"


class Gone(FusionCellError):
    """A cursor of another epoch: the client must start again from a snapshot ("resync")."""

    status = 410
    title = "Resync"


class Unavailable(FusionCellError):
    """The hub cannot do this now; try again."""

    status = 503
    title = "Not available now"


FAULTS_OF_CONTENT = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RecursionError,
    BadInput,
    TooLarge,
)
"""What our own code raises over an entry that it cannot read, each time anew. Drivers and a full disk raise others."""
