"""What a scenario law is made of: read, checked, rounded, named."""
