"""Which part of the variance of a multiple is macro, bucket and idiosyncratic."""
