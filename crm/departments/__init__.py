"""Departments to which tickets are dispatched, as a tree."""
