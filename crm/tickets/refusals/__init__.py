"""Refusals of departments, and supervisors' rulings (退单, H6)."""
