"""What is shared with others, and how a sink takes it."""
