"""Files as batches: event files, and the rows of CSV and XES."""
