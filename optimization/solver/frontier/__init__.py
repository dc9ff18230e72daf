"""The highest expected multiple for each of a grid of limits on one risk."""
