"""Operator commands: back up, restore, move a database, print system units."""
