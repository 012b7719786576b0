"""Object-centric event logs."""
