"""Free text: an advisory, a mail, a paste. It is one item; defanged values in it are the attacker's.

Who defangs a value says that it is dangerous; the other values of a text are only mentioned (a victim's site, a
vendor's page, the reporter's own mail address). Hashes cannot be defanged: in a text that defangs values they are
indicators, too, in any other they are mentioned. A mail saved as a file is read as its decoded words (``mailtext``).
"""

from __future__ import annotations

from fusioncell.intake.lines import checked_text, digest_of
from fusioncell.intake.mailtext import is_mail, subject_of, words_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.intake.text import find_observables
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.kernel.observable import Observable, ObservableType

MAX_TEXT = 20_000
_FRAME = " \t#=*_-~|/!;\u2500\u2550"
MAX_CLAIMS = 10_000
"""Observables that are read of one text."""
_DIGESTS = frozenset((ObservableType.MD5, ObservableType.SHA1, ObservableType.SHA256, ObservableType.SHA512))
MAIL: dict[str, object] = {"format": "mail"}


def split(body: bytes, *, limits: Limits) -> Split:
    """Take a text as one item. Raises BadInput where it is no text or empty, TooLarge over a limit."""
    body = checked_text(body, limits)
    if len(body) > limits.max_item:
        raise TooLarge(f"the text has {len(body):,} bytes; {limits.max_item:,} are taken",
                       hint="Send a list of indicators as text/csv, a long report in parts.")
    faults: list[Fault] = []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        faults.append(Fault(f"line {line}", f"byte {error.start} is not UTF-8; it was replaced"))
        text = body.decode("utf-8", "replace")
    if not text.strip():
        raise BadInput("the text is empty", hint="Send the text in the body.")
    if is_mail(body):
        item = Item("text", digest_of(body), 0, "text", body, None, MAIL)
        return Split((item,), tuple(faults), subject_of(body)[:200] or _title(text))
    item = Item("text", digest_of(body), 0, "text", body)
    return Split((item,), tuple(faults), _title(text))


def _title(text: str) -> str:
    """The first line that says something, without what frames it."""
    lines = (line.strip(_FRAME) for line in text[:MAX_TEXT].splitlines())
    return next((line for line in lines if line), text.strip().partition("\n")[0].strip())[:200]


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read a text: a claim for each observable in it, the attacker's if it is defanged anywhere."""
    mail = meta.get("format") == MAIL["format"]
    text = words_of(body) if mail else body.decode("utf-8", "replace")
    defanged: dict[Observable, bool] = {}
    for found in find_observables(text):
        defanged[found.observable] = defanged.get(found.observable, False) or found.defanged
    indicators = any(defanged.values()) and not mail
    claims = [Claim(observable, Role.ATTACKER, Stance.MALICIOUS, keys=(subject,))
              if bad or (indicators and observable.type in _DIGESTS) else
              Claim(observable, Role.CONTEXT, Stance.NONE, keys=(subject,))
              for observable, bad in list(defanged.items())[:MAX_CLAIMS]]
    faults: tuple[Fault, ...] = ()
    if len(defanged) > MAX_CLAIMS:
        faults = (Fault("", f"only the first {MAX_CLAIMS:,} of {len(defanged):,} values are read"),)
    return Extract(tuple(claims), _title(text), text[:MAX_TEXT], (), faults)
