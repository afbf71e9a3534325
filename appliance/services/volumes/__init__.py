"""Data disks, and what one can do with any disk."""
