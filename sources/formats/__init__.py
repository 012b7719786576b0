"""Files as batches: event files, and the rows of an existing system's files."""
