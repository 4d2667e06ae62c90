"""Customers from a spreadsheet: read in a process of its own, checked whole, then applied whole or not at all."""
