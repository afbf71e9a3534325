"""Images: received, fetched, checked, kept in a store, cached for machines."""
