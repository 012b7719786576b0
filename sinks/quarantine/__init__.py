"""Records that could not be accepted, kept whole."""
