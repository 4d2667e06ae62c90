"""Putting right what was entered of a ticket."""
