"""Saved views of lists: filters under a name, own or shared."""
