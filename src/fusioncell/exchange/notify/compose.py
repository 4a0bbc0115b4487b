"""The words of mails. AMBER, AMBER+STRICT and RED content never stands in one: it says that something waits.

Of what is GREEN or CLEAR the title is told, so that it cannot be followed; of anything stricter not even why it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fusioncell.exchange.notify.model import Notice
from fusioncell.kernel.marking import Tlp

Say = Callable[[str], str]
"""gettext of the reader's language."""
TITLES = 30
"""Titles in one mail; the rest is counted."""
LONGEST_TITLE = 120
OPEN = frozenset({Tlp.CLEAR, Tlp.GREEN})
_FOLLOWED = re.compile(r"(?<=[^\W_])\.(?=[^\W_])")


def tellable(notice: Notice) -> bool:
    """Tell whether its title may stand in a mail."""
    return notice.standing and notice.tlp in OPEN


def title_in_mail(title: str) -> str:
    """Return a title on one line that no mail program makes a link of."""
    line = " ".join(title.split())[:LONGEST_TITLE]
    return _FOLLOWED.sub("[.]", line.replace("://", "[:]//").replace("@", "[@]"))


def mail(notices: Sequence[Notice], address: str, say: Say, *, own: bool) -> tuple[str, str]:
    """Return (subject, text) of a digest, or (``own``) of the mail that goes at once.

    ``address``: of the hub, for the links, "" where it is not known.
    """
    _ = say
    open_ones = [notice for notice in notices if tellable(notice)]
    closed = len(notices) - len(open_ones)
    if own:
        subject = _("Fusion Cell: something about your networks is waiting")
        lines = [_("Something that concerns your organisation's networks has arrived.")]
    else:
        subject = _("Fusion Cell: what is waiting for you")
        lines = [_("This has arrived for you since you were last told.")]
    if open_ones:
        lines += ["", _("TLP:GREEN and TLP:CLEAR, by title:"), ""]
        lines += [f"* {notice.tlp.label if notice.tlp else ''}  {title_in_mail(notice.title)}"
                  for notice in open_ones[:TITLES]]  # fmt: skip
        if len(open_ones) > TITLES:
            lines.append("* " + _("and {count} more").format(count=len(open_ones) - TITLES))
    if closed:
        lines += ["", _("Marked more strictly, so that no mail may tell of it: {count}").format(count=closed)]
    lines += ["", _("Sign in to read it:"), f"{address}/notifications", "",
              _("How you are told is your choice:"), f"{address}/account/notifications"]  # fmt: skip
    return subject, "\n".join(lines) + "\n"
