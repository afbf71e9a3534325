"""Probes of the paths between hosts: frames with a network's tag and size, asked and answered."""
