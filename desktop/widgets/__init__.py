"""Small widgets that the whole client shares."""
