"""The domains: one folder each, with its tables, its operations and its service."""
