"""Questions to a store: one SQL file each, and how a query is read."""
