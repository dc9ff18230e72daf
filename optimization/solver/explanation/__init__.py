"""Why an allocation is what it is: what its limits cost, and what its buckets add."""
