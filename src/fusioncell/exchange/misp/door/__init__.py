"""The MISP door's entrance: one path under which every MISP controller answers. The front door of the package."""
