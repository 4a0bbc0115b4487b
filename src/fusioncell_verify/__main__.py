"""``python -m fusioncell_verify``."""

import sys

from fusioncell_verify.main import main

sys.exit(main())
