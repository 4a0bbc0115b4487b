"""``python -m fusioncell.cli`` is the command ``fusioncell``."""

from fusioncell.cli.main import main

main()
