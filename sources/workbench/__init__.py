"""From the data of an existing system to a first mapping of it."""
