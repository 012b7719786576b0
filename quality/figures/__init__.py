"""Figures on the record, what changed in them, and where they come from."""
