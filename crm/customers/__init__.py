"""Customers and their telephones."""
