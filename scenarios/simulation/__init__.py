"""The scenario law in numpy: no Django, clock, cache, files or global random state."""
