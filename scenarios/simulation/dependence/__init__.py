"""How outcomes move together: shared factors, their loadings and the law of a score."""
