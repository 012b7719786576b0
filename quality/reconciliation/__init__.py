"""What should be there and is not."""
