"""Planned shifts of agents."""
