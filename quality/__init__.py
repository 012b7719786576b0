"""What must be true, and what becomes of records that are not."""
