"""Questions about lists: the filter language, order, cursors, and what of each item is wanted."""
