"""What limits on risk and winners can be met at all, before any is asked for."""
