"""Existing systems to events: event files, and tabular exports with a mapping."""
