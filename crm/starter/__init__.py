"""Starter set: departments and causes to begin with."""
