"""The pages of the board, a function each from what was asked to what is shown."""
