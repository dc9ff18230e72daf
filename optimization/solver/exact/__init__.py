"""The highest expected multiple, found and proved by linear programs over the weights."""
