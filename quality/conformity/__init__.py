"""What an agency would send, judged before it does."""
