"""What one deal returns, and how the deals of a bucket are drawn and pooled."""
