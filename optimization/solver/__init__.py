"""The allocation problem and its solution: numpy, PuLP and HiGHS, nothing of Django."""
