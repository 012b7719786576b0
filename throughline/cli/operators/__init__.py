"""Commands of those who run it."""
