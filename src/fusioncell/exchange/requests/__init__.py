"""Requests for information: a question with a deadline, those who are asked, answers, and what the asker says of them.

A request is a thread of ``talk`` whose first post says so (``intake.post.Question``); its readers are those who are
asked. Answers are posts of it that say so. Its state is derived when it is read, from what the viewer sees and the
clock.
"""

from fusioncell.exchange.requests.derive import share_left
from fusioncell.exchange.requests.model import Asked, Board, Due, State
from fusioncell.exchange.requests.service import Requests

__all__ = ["Asked", "Board", "Due", "Requests", "State", "share_left"]
