"""Execution of steps, one file for each group of kinds."""
