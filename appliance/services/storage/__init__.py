"""Image stores, primary storages and volumes."""
