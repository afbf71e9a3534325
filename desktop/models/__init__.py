"""Table models that hold 100,000 rows without a hitch."""
