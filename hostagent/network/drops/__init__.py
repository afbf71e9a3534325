"""Dropped packets: read from the kernel, and kept until they are told."""
