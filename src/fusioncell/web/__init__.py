"""Pages: they render what the rooms say and decide nothing."""
