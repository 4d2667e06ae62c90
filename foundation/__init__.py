"""Basics of every package: clock, ids, database, route table, problems."""
