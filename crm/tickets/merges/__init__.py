"""Merges of tickets about one matter, and their undoing (并单/拆单)."""
