"""Sums of agents and flows by day, which late facts correct."""
