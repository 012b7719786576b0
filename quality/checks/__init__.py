"""What must be true of what was accepted."""
