"""Security groups: what may come to machines, and what may leave them."""
