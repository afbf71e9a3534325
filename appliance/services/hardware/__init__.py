"""Firmware, processor, memory layout and size of virtual machines."""
