"""Keys of sectors: the Python twin of the database function ``normalize_sector``."""

LONGEST_SECTOR_LABEL = 80
LONGEST_SECTOR_KEY = 80
