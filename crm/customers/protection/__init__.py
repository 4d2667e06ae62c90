"""Customers who come first for a time: hospitals, exam sites, events (H25)."""
