"""The join: accept, link, derive, rebuild, and the replay of files."""
