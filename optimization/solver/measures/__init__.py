"""What an allocation does: risk, return, rates of return, in and out of sample."""
