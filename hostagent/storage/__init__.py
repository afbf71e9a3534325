"""Directories and volumes of primary storage."""
