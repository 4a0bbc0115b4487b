"""Talk: the conversation around contributions, observables, campaigns and questions.

A post is an entry of kind ``post``, a reaction one of kind ``reaction``: both come in through intake, so fusion,
search, stream and recall treat them like anything else that a member says. Here stand the threads: who may write what
to whom (``address``), what a thread looks like for a viewer (``arrange``), how a text is shown (``markdown``).

What is *not* here: what a person keeps beside it (``exchange.desk``), names of people and organisations, notification,
files.
"""

from fusioncell.exchange.talk.anchor import anchor_of, grounds_of, text_of
from fusioncell.exchange.talk.markdown import plain_chip, to_html
from fusioncell.exchange.talk.model import Filters, NewPost, Post, Posted, Thread, Threads
from fusioncell.exchange.talk.service import Talk

__all__ = [
    "Filters", "NewPost", "Post", "Posted", "Talk", "Thread", "Threads", "anchor_of", "grounds_of", "plain_chip",
    "text_of", "to_html",
]  # fmt: skip
