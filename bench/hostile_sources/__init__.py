"""Hostile input over every way in of existing systems."""
