"""What is hidden where counts of cases are small, and how it is proved that nobody can work it out."""
