"""The MISP door's search: ``restSearch``, its return formats, old export paths, the feed. The package's front door.

Parameters are read into a frozen ``Query`` (``read``), the rows come from the read model of ``exchange.misp``, cut to
what the caller may see in the query itself, and a format (``formats``) makes bytes of them.
"""
