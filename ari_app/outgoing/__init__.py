"""Calls that agents make."""
