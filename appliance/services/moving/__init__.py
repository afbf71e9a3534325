"""Volumes that move from one storage or host to another."""
