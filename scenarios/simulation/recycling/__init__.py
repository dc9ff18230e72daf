"""Early exits invested again, in fresh deals of the same bucket."""
