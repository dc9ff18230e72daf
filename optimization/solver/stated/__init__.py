"""The problem as it is stated and checked: buckets, multiples, limits."""
