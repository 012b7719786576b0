"""What is agreed of a domain's data, as a data contract."""
