"""What the way in over HTTP carries, and what it keeps when it is killed."""
