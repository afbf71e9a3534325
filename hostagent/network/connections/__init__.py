"""Open connections: read from the kernel, and ended when rules no longer allow them."""
