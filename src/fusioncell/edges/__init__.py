"""Edges: the only drivers. Databases, DNS sockets, files, the wall clock. Imported by ``bootstrap`` alone."""
