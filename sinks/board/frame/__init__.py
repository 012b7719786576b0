"""The frame of every page: what was asked, what a page says, and the look around it."""
