"""A folder that an existing system's files come into."""
