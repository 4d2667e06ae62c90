"""Simulation: a recorded day against other rules, in virtual time."""
