"""Bad data of many kinds put into a clean population."""
