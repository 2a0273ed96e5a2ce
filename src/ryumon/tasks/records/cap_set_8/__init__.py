"""Cap sets in 8 dimensions, verified in whole numbers."""
