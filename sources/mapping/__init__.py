"""How the rows of an existing system become events."""
