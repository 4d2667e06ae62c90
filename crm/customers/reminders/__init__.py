"""Reminders of arrears, and what customers said to them (H5)."""
