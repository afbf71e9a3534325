"""Zones, clusters, hosts, and the machines that enrol to become hosts."""
