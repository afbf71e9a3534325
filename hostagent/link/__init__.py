"""Enrolling once, then staying linked to the management service."""
