"""The words of the board: dates, durations and names as a British reader says them."""
