"""Merging of two entries of one person, and its undoing."""
