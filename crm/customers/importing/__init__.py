"""Customers from a spreadsheet: read in a process of its own, checked, then applied."""
