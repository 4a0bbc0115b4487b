"""Mail to people: an outbox that keeps first and carries later.

1. ``send`` keeps a mail in the vault and returns; whatever called it hangs on no server.
2. ``deliver`` takes what is due to the mail server, over one connection, and notes what came of each.
3. What the server does not take now is tried again, with growing pauses; what it never takes is a dead letter, which
   operators see and can send again. An address that the server does not know is marked, and its owner's page says so.

The text of a mail that was sent is deleted: it may have held a sign-in link. What is *not* here: what mails say, and
SMTP itself (``edges/mail.py``).
"""

from fusioncell.exchange.mail.model import Bounce, Standing
from fusioncell.exchange.mail.service import Outbox

__all__ = ["Bounce", "Outbox", "Standing"]
