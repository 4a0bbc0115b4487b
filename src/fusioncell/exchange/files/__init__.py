"""Files of posts: kept by the SHA-256 of their bytes, cleaned of what names their makers, given out inertly.

1. A file is cleaned first (``clean``): what names its makers and their places is taken out, where that can be done. Its
   digest is that of what is kept. Nothing is refused by its type: analysts share samples; what may harm is marked.
2. An organisation attaches only what it uploaded itself in the last day: a guessed digest opens nothing, and an upload
   tells nothing of what others have.
3. A file is reached only through a post that the viewer sees (``talk``), and its bytes go when no post refers to it.

What is *not* here: who sees a post; the disk that the bytes lie on (``edges.blobs``).
"""

from fusioncell.exchange.files.model import MAX_FILE, NOTICES, inert_headers, notice_of
from fusioncell.exchange.files.service import Files

__all__ = ["MAX_FILE", "NOTICES", "Files", "inert_headers", "notice_of"]
