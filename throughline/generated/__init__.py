"""Files that are made from the software and kept true by a test."""
