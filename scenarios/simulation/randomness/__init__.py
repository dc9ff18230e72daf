"""Random words, normals and low-discrepancy points, the same on every processor."""
