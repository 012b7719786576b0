"""The page of one case: swim lanes, who knew what when, what is owed, and the same in sentences."""
