"""The matrix of businesses and channels, with its gaps (H21)."""
