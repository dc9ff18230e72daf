"""Greedy allocations and an independent check of every limit."""
