"""The HTTP surface, derived from the operation registry: it knows no service."""
