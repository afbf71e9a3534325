"""Machines that move from one host to another."""
