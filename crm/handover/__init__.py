"""Shift handover and recurring problems (交接班, H23)."""
