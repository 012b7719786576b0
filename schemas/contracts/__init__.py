"""A domain as contracts that other programs read."""
